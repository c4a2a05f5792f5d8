import { expect, test } from "bun:test";
import type { Rpc } from "../rpc/rpc.ts";
import { createExports } from "./exports.ts";

test.each(["gamelistXml", "pegasus"] as const)(
  "exports.%s sends one call with what was said",
  async (name) => {
    const calls: unknown[] = [];
    const rpc: Rpc = {
      query: () => Promise.reject(new RangeError("an export is no query")),
      async mutate<T>(operation: string, input: unknown): Promise<T> {
        calls.push([operation, input]);
        return [{ platformId: 3, path: "roms/gba/x" }] as T;
      },
    };
    const input = { platformIds: [3], isLocal: true };
    expect(await createExports(rpc)[name](input)).toEqual([{ platformId: 3, path: "roms/gba/x" }]);
    expect(calls).toEqual([[`exports.${name}`, input]]);
  },
);
