import { describe, expect, test } from "bun:test";
import { answerLive, answerReady } from "./health.ts";
import { answerPhase, createLifecycle } from "./lifecycle.ts";

describe("answerPhase", () => {
  test.each([
    [{ name: "starting" }, "starting"],
    [{ name: "migrating", done: 2, total: 7 }, "migrating 3 of 7"],
    [{ name: "migrating", done: 7, total: 7 }, "migrating 7 of 7"],
    [{ name: "database_down" }, "the database is restarting"],
    [{ name: "stopping" }, "stopping"],
  ] as const)("answers 503 with what goes on: %o", async (phase, detail) => {
    const response = answerPhase(phase);
    expect(response?.status).toBe(503);
    expect(response?.headers.get("retry-after")).toBe("2");
    expect(await response?.json()).toEqual({ detail });
  });
  test("stands aside while we serve", () => {
    expect(answerPhase({ name: "serving" })).toBeNull();
  });
});

describe("createLifecycle", () => {
  test("never leaves stopping, though the database may come back meanwhile", () => {
    const lifecycle = createLifecycle();
    lifecycle.enter({ name: "stopping" });
    lifecycle.enter({ name: "serving" });
    expect(lifecycle.phase.name).toBe("stopping");
  });
});

describe("health", () => {
  test("is live whatever happens", () => {
    expect(answerLive().status).toBe(200);
  });
  test("is not ready before we serve", async () => {
    const response = await answerReady(createLifecycle(), []);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: "not_ready", phase: { name: "starting" } });
  });
  test("names the part that fails", async () => {
    const lifecycle = createLifecycle();
    lifecycle.enter({ name: "serving" });
    const good = { name: "kv", check: async () => "PONG" };
    const bad = { name: "database", check: () => Promise.reject(new RangeError("gone")) };
    expect((await answerReady(lifecycle, [good])).status).toBe(200);
    const response = await answerReady(lifecycle, [good, bad]);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: "not_ready",
      failing: [{ name: "database", message: "gone" }],
    });
  });
});
