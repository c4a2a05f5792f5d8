import { describe, expect, test } from "bun:test";
import type { Rpc } from "../rpc/rpc.ts";
import { createNotes } from "./notes.ts";
import { createRoms } from "./roms.ts";

/** What one call sent to the server, and what it gave. */
async function send(call: (rpc: Rpc) => Promise<unknown>): Promise<readonly unknown[]> {
  const sent: unknown[] = [];
  const note =
    (kind: string) =>
    async <T>(operation: string, input: unknown): Promise<T> => {
      sent.push(kind, operation, input);
      return { id: 7 } as T;
    };
  const answer = await call({ query: note("query"), mutate: note("mutate") });
  return [...sent, answer];
}

describe("notes, properties and chance", () => {
  // Only downloads need more than the typed door.
  const romsOf = (rpc: Rpc) => createRoms(rpc, {} as Parameters<typeof createRoms>[1]);
  const table: [string, (rpc: Rpc) => Promise<unknown>, readonly unknown[]][] = [
    ["notes.list", (rpc) => createNotes(rpc).list(1), ["query", "notes.list", { romId: 1 }, { id: 7 }]],
    [
      "notes.list with a filter",
      (rpc) => createNotes(rpc).list(1, { search: "x", isPublicOnly: true }),
      ["query", "notes.list", { romId: 1, search: "x", isPublicOnly: true }, { id: 7 }],
    ],
    [
      "notes.create",
      (rpc) => createNotes(rpc).create(1, { title: "Tip", tags: ["a"] }),
      ["mutate", "notes.create", { romId: 1, title: "Tip", tags: ["a"] }, { id: 7 }],
    ],
    [
      "notes.update",
      (rpc) => createNotes(rpc).update({ romId: 1, id: 2 }, { content: "" }),
      ["mutate", "notes.update", { romId: 1, noteId: 2, content: "" }, { id: 7 }],
    ],
    [
      "notes.remove",
      (rpc) => createNotes(rpc).remove({ romId: 1, id: 2 }),
      ["mutate", "notes.remove", { romId: 1, noteId: 2 }, undefined],
    ],
    ["roms.random", (rpc) => romsOf(rpc).random(), ["query", "roms.random", {}, { id: 7 }]],
    [
      "roms.updateProps",
      (rpc) => romsOf(rpc).updateProps(1, { rating: 5, status: null }),
      ["mutate", "roms.updateProps", { romId: 1, rating: 5, status: null }, { id: 7 }],
    ],
  ];
  test.each(table)("%s sends one call", async (_name, call, expected) => {
    expect(await send(call)).toEqual([...expected]);
  });
});
