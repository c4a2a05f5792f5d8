import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as v from "valibot";
import { openScene, type TestScene } from "../auth/scene.testing.ts";
import type { Context } from "./context.ts";
import { AppError, isAppError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { createUuid } from "./ids.ts";
import { callOperation, operation } from "./operation.ts";
import { FULL_SCOPES } from "./scopes.ts";

let scene: TestScene;
beforeAll(async () => {
  scene = await openScene();
}, 30_000);
afterAll(() => scene?.close());

const ANA: Identity = {
  kind: "user",
  userId: 7,
  username: "ana",
  isAdmin: false,
  scopes: new Set(FULL_SCOPES),
  proof: "access_token",
  deviceId: null,
  sessionId: null,
};

const Input = v.strictObject({ name: v.string() });

/** An operation that counts how often it really ran. */
function createCounting(work: (run: number) => Promise<unknown> = (run) => Promise.resolve({ run })) {
  let runs = 0;
  const definition = { type: "mutation", scope: "me.write", input: Input, output: v.unknown() } as const;
  const run = () => {
    runs += 1;
    return work(runs);
  };
  return {
    op: operation(definition, run),
    secret: operation({ ...definition, storesNoAnswer: true }, run),
    runs: () => runs,
  };
}

/** A context whose call carries a key. */
function marked(key: string, change: Partial<Context> = {}): Context {
  const idempotency = { key, target: "POST /trpc/things.make" };
  return { ...scene.context({ identity: ANA }), idempotency, ...change };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return isAppError(error) ? error.code : String(error);
}

const input = () => ({ name: "a" });

describe("a call with an idempotency key", () => {
  test("that is repeated gets its first answer and does not run again", async () => {
    const { op, runs } = createCounting();
    const ctx = marked(createUuid());
    const first = await callOperation(op, ctx, input);
    expect(await callOperation(op, ctx, input)).toEqual(first);
    expect(runs()).toBe(1);
  });

  test("that is repeated in another process gets its first answer", async () => {
    const { op, runs } = createCounting();
    const key = createUuid();
    const first = await callOperation(op, marked(key), input);
    const ports = scene.openOtherProcess();
    expect(await callOperation(op, marked(key, { ports }), input)).toEqual(first);
    expect(runs()).toBe(1);
  });

  test("that has no answer to tell is repeated without one", async () => {
    const { op, runs } = createCounting(() => Promise.resolve(undefined));
    const ctx = marked(createUuid());
    await callOperation(op, ctx, input);
    expect(await callOperation(op, ctx, input)).toBeUndefined();
    expect(runs()).toBe(1);
  });

  test("that is sent many times at once runs once, and the others are told to ask again", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { op, runs } = createCounting(async (run) => {
      await released;
      return { run };
    });
    const key = createUuid();
    const calls = Array.from({ length: 12 }, () => codeOf(callOperation(op, marked(key), input)));
    // Whichever of them runs, the other eleven end while it does.
    const ended: string[] = [];
    for (const call of calls) void call.then((code) => ended.push(code));
    while (ended.length < 11) await Bun.sleep(5);
    expect(ended).toEqual(Array.from({ length: 11 }, () => "IDEMPOTENCY_CALL_RUNNING"));
    release();
    await Promise.all(calls);
    expect(runs()).toBe(1);
  });

  test("cannot be another call with that key", async () => {
    const { op, runs } = createCounting();
    const key = createUuid();
    await callOperation(op, marked(key), input);
    expect(await codeOf(callOperation(op, marked(key), () => ({ name: "b" })))).toBe(
      "IDEMPOTENCY_KEY_REUSED",
    );
    const elsewhere = marked(key, { idempotency: { key, target: "POST /trpc/things.burn" } });
    expect(await codeOf(callOperation(op, elsewhere, input))).toBe("IDEMPOTENCY_KEY_REUSED");
    expect(runs()).toBe(1);
  });

  test("runs again after it was refused", async () => {
    const { op, runs } = createCounting((run) =>
      run === 1
        ? Promise.reject(new AppError("not_found", "USER_NOT_FOUND", { message: "User not found" }))
        : Promise.resolve({ run }),
    );
    const ctx = marked(createUuid());
    expect(await codeOf(callOperation(op, ctx, input))).toBe("USER_NOT_FOUND");
    expect(await callOperation(op, ctx, input)).toEqual({ run: 2 });
    expect(runs()).toBe(2);
  });

  test("is told from another user's call with the same key", async () => {
    const { op, runs } = createCounting();
    const key = createUuid();
    await callOperation(op, marked(key), input);
    await callOperation(op, marked(key, { identity: { ...ANA, userId: 8 } }), input);
    expect(runs()).toBe(2);
  });

  test("whose answer holds a secret leaves nothing behind and runs each time", async () => {
    const { secret, runs } = createCounting();
    const ctx = marked(createUuid());
    await callOperation(secret, ctx, input);
    await callOperation(secret, ctx, input);
    expect(runs()).toBe(2);
    expect(await scene.ports.kv.get(`idempotency:7:${ctx.idempotency?.key}`)).toBeNull();
  });

  test("whose answer is too long to keep runs each time", async () => {
    const { op, runs } = createCounting(() => Promise.resolve("x".repeat(300_000)));
    const ctx = marked(createUuid());
    await callOperation(op, ctx, input);
    await callOperation(op, ctx, input);
    expect(runs()).toBe(2);
  });

  test.each([[""], ["has space"], ["x".repeat(129)], ["line\nbreak"]])("refuses the key %j", async (key) => {
    const { op, runs } = createCounting();
    expect(await codeOf(callOperation(op, marked(key), input))).toBe("IDEMPOTENCY_KEY_INVALID");
    expect(runs()).toBe(0);
  });
});

test("a call without a key runs each time", async () => {
  const { op, runs } = createCounting();
  const ctx = scene.context({ identity: ANA });
  await callOperation(op, ctx, input);
  await callOperation(op, ctx, input);
  expect(runs()).toBe(2);
});
