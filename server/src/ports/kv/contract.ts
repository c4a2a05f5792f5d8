import { afterAll, beforeAll, describe, expect, setSystemTime, test } from "bun:test";
import { AssertionError } from "../../base/assert.ts";
import { afterShortTtl, codeOf, freshKey, type GetKv, type KvFixture, SHORT_TTL_MS } from "./contract-kit.ts";
import { describeLocks, describeLoss, describeMessages, describeSets } from "./contract-sharing.ts";
import { KV_BATCH_MAX, KV_KEY_BYTES_MAX, KV_VALUE_BYTES_MAX } from "./limits.ts";

/** Holds a driver against every promise of the kv port. */
export function runKvContract(name: string, createFixture: () => Promise<KvFixture>): void {
  describe(`kv on ${name}`, () => {
    let fixture: KvFixture;
    beforeAll(async () => {
      fixture = await createFixture();
    });
    afterAll(() => fixture?.dispose());
    const kv = () => fixture.first;
    const other = () => fixture.second;
    describeText(kv, other);
    describeLife(kv);
    describeTake(kv, other);
    describeCounters(kv, other);
    describeSets(kv, other);
    describeLocks(kv, other);
    describeMessages(kv, other);
    describeRefusals(kv);
    describeLoss(createFixture);
  });
}

function describeText(kv: GetKv, other: GetKv): void {
  describe("text", () => {
    test.each([
      ["nothing", ""],
      ["JSON whose keys and spaces matter", '{"b":1, "a":2,"b":3,"n":1.0,"u":"\\u00e9 é 😀"}'],
      ["line ends and control characters", "a\r\n\t\u0001\u001f\u007f\u2028b"],
      ["a byte order mark and unusual planes", "\uFEFF𝄞 \u{10FFFF} \uFFFD"],
      ["quotes and escapes", "'; drop table x; -- \\ \" $1 %s {a,b}"],
      ["the longest value", "é".repeat(KV_VALUE_BYTES_MAX / 2)],
    ])("comes back as it was set: %s", async (_name, value) => {
      const key = freshKey();
      expect(await kv().set(key, value, { ttlMs: 60_000 })).toBe(true);
      expect((await other().get(key)) === value).toBe(true);
      expect((await kv().take(key)) === value).toBe(true);
    });

    test("is found under the longest key and a key full of punctuation", async () => {
      for (const key of ["k".repeat(KV_KEY_BYTES_MAX), `${freshKey()} é:*?[x]%_'"\\`]) {
        await kv().set(key, "v", { ttlMs: 60_000 });
        expect(await other().get(key)).toBe("v");
        expect(await kv().remove([key])).toBe(1);
      }
    });

    test("is null when it was never set", async () => {
      expect(await kv().get(freshKey())).toBeNull();
      expect(await kv().take(freshKey())).toBeNull();
    });

    test("is replaced together with its life", async () => {
      const key = freshKey();
      await kv().set(key, "short", { ttlMs: SHORT_TTL_MS });
      await kv().set(key, "forever");
      await afterShortTtl();
      expect(await kv().get(key)).toBe("forever");
    });

    test("is written only when absent", async () => {
      const key = freshKey();
      expect(await kv().set(key, "1", { when: "present" })).toBe(false);
      expect(await kv().get(key)).toBeNull();
      expect(await kv().set(key, "2", { when: "absent", ttlMs: SHORT_TTL_MS })).toBe(true);
      expect(await other().set(key, "3", { when: "absent" })).toBe(false);
      expect(await other().set(key, "4", { when: "present", ttlMs: SHORT_TTL_MS })).toBe(true);
      expect(await kv().get(key)).toBe("4");
      await afterShortTtl();
      expect(await kv().set(key, "5", { when: "present" })).toBe(false);
      expect(await kv().set(key, "6", { when: "absent" })).toBe(true);
      expect(await kv().get(key)).toBe("6");
    });

    test("is written by exactly one of many when absent", async () => {
      const key = freshKey();
      const wins = await Promise.all(
        Array.from({ length: 60 }, async (_, index) =>
          (await (index % 2 ? kv() : other()).set(key, String(index), { when: "absent" })) ? index : null,
        ),
      );
      const winners = wins.filter((win) => win !== null);
      expect(winners).toHaveLength(1);
      expect(await kv().get(key)).toBe(String(winners[0]));
    });

    test("is removed, counting what was there", async () => {
      const [first, second, expired, set] = [freshKey(), freshKey(), freshKey(), freshKey("set")];
      await kv().set(first, "1");
      await kv().set(second, "2");
      await kv().set(expired, "3", { ttlMs: 1 });
      await kv().addMembers(set, ["a", "b"]);
      await Bun.sleep(30);
      expect(await kv().remove([second, freshKey(), expired, first, set])).toBe(3);
      expect(await kv().remove([first, second])).toBe(0);
      expect(await kv().remove([])).toBe(0);
      expect(await kv().members(set)).toEqual([]);
    });

    test("is removed in opposite orders at once without blocking", async () => {
      const keys = Array.from({ length: 50 }, () => freshKey());
      for (let round = 0; round < 3; round += 1) {
        await Promise.all(keys.map((key) => kv().set(key, "v")));
        const counts = await Promise.all([kv().remove(keys), other().remove(keys.toReversed())]);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(keys.length);
      }
    });
  });
}

function describeLife(kv: GetKv): void {
  describe("life", () => {
    test("ends at its time and not before", async () => {
      const [short, long] = [freshKey(), freshKey()];
      await kv().set(short, "v", { ttlMs: 400 });
      await kv().set(long, "v", { ttlMs: 60_000 });
      expect(await kv().get(short)).toBe("v");
      await Bun.sleep(440);
      expect(await kv().get(short)).toBeNull();
      expect(await kv().get(long)).toBe("v");
    });

    test("is lengthened, shortened and not given to what is gone", async () => {
      const [lengthened, shortened, gone] = [freshKey(), freshKey(), freshKey()];
      await kv().set(lengthened, "v", { ttlMs: SHORT_TTL_MS });
      await kv().set(shortened, "v");
      await kv().set(gone, "v", { ttlMs: 1 });
      expect(await kv().expire(lengthened, 60_000)).toBe(true);
      expect(await kv().expire(shortened, 1)).toBe(true);
      await afterShortTtl();
      expect(await kv().get(lengthened)).toBe("v");
      expect(await kv().get(shortened)).toBeNull();
      expect(await kv().expire(gone, 60_000)).toBe(false);
      expect(await kv().expire(freshKey(), 60_000)).toBe(false);
      expect(await kv().get(gone)).toBeNull();
    });

    test("follows the store's clock when ours is wrong", async () => {
      const [short, long] = [freshKey(), freshKey()];
      try {
        setSystemTime(new Date("1999-01-01T00:00:00Z"));
        await kv().set(short, "v", { ttlMs: SHORT_TTL_MS });
        setSystemTime(new Date("2099-01-01T00:00:00Z"));
        await kv().set(long, "v", { ttlMs: 60_000 });
        await kv().increment(`${long}:count`, { ttlMs: SHORT_TTL_MS });
        setSystemTime(new Date("1999-01-01T00:00:00Z"));
        await afterShortTtl();
        expect(await kv().get(short)).toBeNull();
        expect(await kv().get(`${long}:count`)).toBeNull();
        expect(await kv().get(long)).toBe("v");
      } finally {
        setSystemTime();
      }
    });
  });
}

function describeTake(kv: GetKv, other: GetKv): void {
  describe("take", () => {
    test("gives the text to exactly one of a hundred", async () => {
      const key = freshKey();
      await kv().set(key, "token", { ttlMs: 60_000 });
      const taken = await Promise.all(
        Array.from({ length: 100 }, (_, index) => (index % 2 ? kv() : other()).take(key)),
      );
      expect(taken.filter((text) => text !== null)).toEqual(["token"]);
      expect(await kv().get(key)).toBeNull();
    });

    test("gives nothing once expired", async () => {
      const key = freshKey();
      await kv().set(key, "token", { ttlMs: 1 });
      await Bun.sleep(30);
      expect(await kv().take(key)).toBeNull();
    });
  });
}

function describeCounters(kv: GetKv, other: GetKv): void {
  describe("increment", () => {
    test("counts every one of many hits", async () => {
      const key = freshKey();
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          (index % 2 ? kv() : other()).increment(key, { ttlMs: 60_000, by: 3 }),
        ),
      );
      const values = results.map((result) => result.value).sort((a, b) => a - b);
      expect(values).toEqual(Array.from({ length: 100 }, (_, index) => (index + 1) * 3));
      expect(await kv().get(key)).toBe("300");
    });

    test("keeps the window of the first hit", async () => {
      const key = freshKey();
      expect(await kv().increment(key, { ttlMs: 250 })).toEqual({ value: 1, ttlMs: expect.any(Number) });
      await Bun.sleep(60);
      const second = await kv().increment(key, { ttlMs: 250 });
      expect(second.value).toBe(2);
      expect(second.ttlMs).toBeWithin(1, 200);
      expect(Number.isInteger(second.ttlMs)).toBe(true);
      await Bun.sleep(second.ttlMs + 30);
      expect((await kv().increment(key, { ttlMs: 250 })).value).toBe(1);
    });

    test("starts the window anew when sliding", async () => {
      const key = freshKey();
      await kv().increment(key, { ttlMs: 5_000, sliding: true });
      const second = await kv().increment(key, { ttlMs: 10_000, sliding: true });
      expect(second.ttlMs).toBeWithin(5_001, 10_001);
    });

    test("gives a window to a number that had none, and counts down", async () => {
      const key = freshKey();
      await kv().set(key, "10");
      expect(await kv().increment(key, { ttlMs: 5_000, by: -4 })).toEqual({ value: 6, ttlMs: 5_000 });
    });

    test("refuses text that is no number", async () => {
      const key = freshKey();
      await kv().set(key, "ten");
      expect(await codeOf(kv().increment(key, { ttlMs: 1_000 }))).toBe(AssertionError.name);
      expect(await kv().get(key)).toBe("ten");
    });
  });
}

function describeRefusals(kv: GetKv): void {
  describe("refuses", () => {
    const tooLong = "k".repeat(KV_KEY_BYTES_MAX + 1);
    test.each<[string, () => Promise<unknown>, string]>([
      ["a zero character in a key", () => kv().get("a\u0000b"), "KV_TEXT_INVALID"],
      ["a zero character in a value", () => kv().set("a", "a\u0000b"), "KV_TEXT_INVALID"],
      ["a zero character in a member", () => kv().addMembers("a", ["\u0000"]), "KV_TEXT_INVALID"],
      ["a zero character in a message", () => kv().publish("a", "\u0000"), "KV_TEXT_INVALID"],
      ["a key that is too long", () => kv().take(tooLong), "KV_TOO_LARGE"],
      ["a key that is too long only in UTF-8", () => kv().get("é".repeat(KV_KEY_BYTES_MAX)), "KV_TOO_LARGE"],
      ["a channel that is too long", () => kv().subscribe(tooLong, () => undefined), "KV_TOO_LARGE"],
      ["a member that is too long", () => kv().removeMembers("a", [tooLong]), "KV_TOO_LARGE"],
      ["a value that is too long", () => kv().set("a", "v".repeat(KV_VALUE_BYTES_MAX + 1)), "KV_TOO_LARGE"],
      [
        "a message that is too long",
        () => kv().publish("a", "v".repeat(KV_VALUE_BYTES_MAX + 1)),
        "KV_TOO_LARGE",
      ],
      ["too many keys", () => kv().remove(Array(KV_BATCH_MAX + 1).fill("a")), "KV_TOO_LARGE"],
      ["a life of nothing", () => kv().expire("a", 0), "AssertionError"],
      ["a broken life", () => kv().set("a", "v", { ttlMs: 1.5 }), "AssertionError"],
      ["a broken step", () => kv().increment("a", { ttlMs: 1, by: 0.5 }), "AssertionError"],
      ["a lock without a life", () => kv().lock("a", { ttlMs: Number.NaN }), "AssertionError"],
    ])("%s", async (_name, run, code) => {
      expect(await codeOf(run())).toBe(code);
    });
  });
}
