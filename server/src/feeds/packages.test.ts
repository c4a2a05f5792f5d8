import { expect, test } from "bun:test";
import type { Context } from "../base/context.ts";
import type { FeedFile } from "./contract.ts";
import { RAP_FILES_MAX } from "./limits.ts";
import { type Package, readKeys } from "./packages.ts";
import { KEY_BYTES } from "./rules.ts";

/** Outside of the library, so that no key is looked for on disk. */
const packagesOf = (count: number): readonly Package[] =>
  Array.from({ length: count }, (_, id) => {
    const key = { id, fileName: "key.rap", filePath: "../elsewhere", sizeBytes: KEY_BYTES } as FeedFile;
    return { file: key, key };
  });

test("licence keys beyond the limit are left out, and the log says so", async () => {
  const warnings: unknown[] = [];
  const log = { warn: (_text: string, facts: unknown) => void warnings.push(facts) };
  const ctx = { ports: { log }, facts: { libraryPath: "/library" } } as unknown as Context;
  await readKeys(ctx, packagesOf(RAP_FILES_MAX));
  expect(warnings).toEqual([]);
  await readKeys(ctx, packagesOf(RAP_FILES_MAX + 1));
  expect(warnings).toEqual([{ keysMax: RAP_FILES_MAX, keyCount: RAP_FILES_MAX + 1 }]);
});
