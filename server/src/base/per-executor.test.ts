import { describe, expect, test } from "bun:test";
import type { Executor } from "@multitap/db";
import { perExecutor } from "./per-executor.ts";

/** Only its identity matters here. */
const someExecutor = () => ({}) as Executor;

describe("perExecutor", () => {
  test("makes once for each executor and gives the same again", () => {
    let made = 0;
    const statements = perExecutor(() => ({ number: ++made }));
    const [pool, transaction] = [someExecutor(), someExecutor()];
    expect([statements(pool), statements(transaction), statements(pool)]).toEqual([
      { number: 1 },
      { number: 2 },
      { number: 1 },
    ]);
  });

  test("hands the executor to what it makes", () => {
    const pool = someExecutor();
    expect(perExecutor((db) => ({ db }))(pool).db).toBe(pool);
  });
});
