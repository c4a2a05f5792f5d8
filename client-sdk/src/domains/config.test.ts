import { describe, expect, test } from "bun:test";
import type { UpdateScanSettings } from "@multitap/server/contract/config";
import type { Rpc } from "../rpc/rpc.ts";
import { createLibraryConfig, type LibraryConfigCalls } from "./config.ts";

/** What one call sent to the server. */
async function sent(call: (config: LibraryConfigCalls) => Promise<unknown>): Promise<readonly unknown[]> {
  const calls: unknown[] = [];
  const note =
    (kind: string) =>
    async <T>(operation: string, input: unknown): Promise<T> => {
      calls.push(kind, operation, input);
      return null as T;
    };
  const rpc: Rpc = { query: note("query"), mutate: note("mutate") };
  await call(createLibraryConfig(rpc));
  return calls;
}

const SCAN: UpdateScanSettings = {
  metadataPriority: ["igdb"],
  artworkPriority: [],
  coverPriority: null,
  regionPriority: ["us"],
  languagePriority: ["en"],
  media: [],
  isGamelistExported: false,
  gamelistThumbnail: "box2d",
  gamelistImage: "screenshot",
  isPegasusExported: false,
};

describe("config", () => {
  const folder = { fsSlug: "a", slug: "nes" };
  const exclusion = { type: "platforms", value: "x" };
  const table: [string, (config: LibraryConfigCalls) => Promise<unknown>, readonly unknown[]][] = [
    ["get", (each) => each.get(), ["query", "config.get", {}]],
    ["bindPlatform", (each) => each.bindPlatform("a", "nes"), ["mutate", "config.bindPlatform", folder]],
    [
      "unbindPlatform",
      (each) => each.unbindPlatform("a"),
      ["mutate", "config.unbindPlatform", { fsSlug: "a" }],
    ],
    ["bindVersion", (each) => each.bindVersion("a", "nes"), ["mutate", "config.bindVersion", folder]],
    ["unbindVersion", (each) => each.unbindVersion("a"), ["mutate", "config.unbindVersion", { fsSlug: "a" }]],
    [
      "addExclusion",
      (each) => each.addExclusion("platforms", "x"),
      ["mutate", "config.addExclusion", exclusion],
    ],
    [
      "removeExclusion",
      (each) => each.removeExclusion("platforms", "x"),
      ["mutate", "config.removeExclusion", exclusion],
    ],
    [
      "updateScan",
      (each) => each.updateScan({ ...SCAN, ...{ regionMode: "prefer_config" } }),
      ["mutate", "config.updateScan", SCAN],
    ],
  ];
  test.each(table)("%s sends one call", async (_name, call, expected) => {
    expect(await sent(call)).toEqual([...expected]);
  });

  test("gives nothing back for a change", async () => {
    const rpc: Rpc = { query: async () => null as never, mutate: async () => null as never };
    expect(await createLibraryConfig(rpc).bindPlatform("a", "nes")).toBeUndefined();
  });
});
