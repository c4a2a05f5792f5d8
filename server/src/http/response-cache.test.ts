import { describe, expect, test } from "bun:test";
import { type CachedAnswer, createResponseCache } from "./response-cache.ts";

const answerOf = (text: string, status = 200): CachedAnswer => ({
  body: new TextEncoder().encode(text),
  status,
});
const textOf = (answer: CachedAnswer) => new TextDecoder().decode(answer.body);

function createMaker() {
  const make = async () => {
    maker.calls += 1;
    return answerOf(`made ${maker.calls}`);
  };
  const maker = { calls: 0, make };
  return maker;
}

describe("createResponseCache", () => {
  test("makes an answer once until something is written", async () => {
    const cache = createResponseCache({ bytesMax: 10_000, ageMaxMs: 60_000 });
    const maker = createMaker();
    expect(textOf(await cache.answer("a", maker.make))).toBe("made 1");
    expect(textOf(await cache.answer("a", maker.make))).toBe("made 1");
    cache.invalidate();
    expect(textOf(await cache.answer("a", maker.make))).toBe("made 2");
  });

  test("lets callers at the same time share one making", async () => {
    const cache = createResponseCache({ bytesMax: 10_000, ageMaxMs: 60_000 });
    const maker = createMaker();
    await Promise.all([1, 2, 3].map(() => cache.answer("a", maker.make)));
    expect(maker.calls).toBe(1);
  });

  test("keeps no answer that was begun before a write", async () => {
    const cache = createResponseCache({ bytesMax: 10_000, ageMaxMs: 60_000 });
    const gate = Promise.withResolvers<CachedAnswer>();
    const slow = cache.answer("a", () => gate.promise);
    cache.invalidate();
    // A reader after the write must not join the making from before it either.
    expect(textOf(await cache.answer("a", async () => answerOf("fresh")))).toBe("fresh");
    gate.resolve(answerOf("stale"));
    expect(textOf(await slow)).toBe("stale");
    expect(textOf(await cache.answer("a", async () => answerOf("again")))).toBe("fresh");
  });

  test("keeps no failure", async () => {
    const cache = createResponseCache({ bytesMax: 10_000, ageMaxMs: 60_000 });
    await cache.answer("a", async () => answerOf("down", 503));
    expect(textOf(await cache.answer("a", async () => answerOf("up")))).toBe("up");
    const failure = await cache
      .answer("b", () => Promise.reject(new RangeError("no")))
      .catch((error) => error);
    expect(failure).toBeInstanceOf(RangeError);
    expect(textOf(await cache.answer("b", async () => answerOf("yes")))).toBe("yes");
  });

  test("stays below its bytes, dropping what was not used for longest", async () => {
    const cache = createResponseCache({ bytesMax: 3_000, ageMaxMs: 60_000 });
    const big = "x".repeat(900);
    for (const key of ["a", "b"]) await cache.answer(key, async () => answerOf(big));
    await cache.answer("a", async () => answerOf("not made"));
    await cache.answer("c", async () => answerOf(big));
    const maker = createMaker();
    expect(textOf(await cache.answer("a", maker.make))).toBe(big);
    expect(textOf(await cache.answer("b", maker.make))).toBe("made 1");
  });

  test("forgets an answer that is too old", async () => {
    const cache = createResponseCache({ bytesMax: 10_000, ageMaxMs: -1 });
    const maker = createMaker();
    await cache.answer("a", maker.make);
    expect(textOf(await cache.answer("a", maker.make))).toBe("made 2");
  });

  test("counts the keys too, which callers choose", async () => {
    const cache = createResponseCache({ bytesMax: 10_000, ageMaxMs: 60_000 });
    const longKey = `/api/roms?${"x".repeat(4_000)}`;
    await cache.answer("a", async () => answerOf("kept"));
    await cache.answer(longKey, async () => answerOf("small"));
    expect(textOf(await cache.answer("a", async () => answerOf("made again")))).toBe("kept");
    await cache.answer(`${longKey}y`, async () => answerOf("small"));
    expect(textOf(await cache.answer(longKey, async () => answerOf("made again")))).toBe("made again");
  });
});
