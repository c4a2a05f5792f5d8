import { describe, expect, test } from "bun:test";
import type { Rpc } from "../rpc/rpc.ts";
import { createLogs } from "./logs.ts";
import { createSetup } from "./setup.ts";
import { createTasks } from "./tasks.ts";

/** What one call sent to the server. */
async function sent(call: (rpc: Rpc) => Promise<unknown>): Promise<readonly unknown[]> {
  const calls: unknown[] = [];
  const note =
    (kind: string) =>
    async <T>(operation: string, input: unknown): Promise<T> => {
      calls.push(kind, operation, input);
      return null as T;
    };
  await call({ query: note("query"), mutate: note("mutate") });
  return calls;
}

describe("tasks, logs and setup", () => {
  const table: [string, (rpc: Rpc) => Promise<unknown>, readonly unknown[]][] = [
    ["tasks.list", (rpc) => createTasks(rpc).list(), ["query", "tasks.list", {}]],
    ["tasks.run", (rpc) => createTasks(rpc).run("a"), ["mutate", "tasks.run", { name: "a" }]],
    [
      "tasks.run with input",
      (rpc) => createTasks(rpc).run("a", { platformId: 3 }),
      ["mutate", "tasks.run", { name: "a", input: { platformId: 3 } }],
    ],
    ["tasks.listRuns", (rpc) => createTasks(rpc).listRuns(), ["query", "tasks.listRuns", {}]],
    ["tasks.getRun", (rpc) => createTasks(rpc).getRun("a"), ["query", "tasks.getRun", { runId: "a" }]],
    ["logs.list", (rpc) => createLogs(rpc).list({ limit: 5 }), ["query", "logs.list", { limit: 5 }]],
    ["setup.library", (rpc) => createSetup(rpc).library(), ["query", "setup.library", {}]],
    [
      "setup.createFolders",
      (rpc) => createSetup(rpc).createFolders(["gb"]),
      ["mutate", "setup.createFolders", { fsSlugs: ["gb"] }],
    ],
  ];
  test.each(table)("%s sends one call", async (_name, call, expected) => {
    expect(await sent(call)).toEqual([...expected]);
  });
});
