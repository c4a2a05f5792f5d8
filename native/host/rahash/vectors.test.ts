import { expect, test } from "bun:test";
import type { RaCase } from "../../vectors/ra/case.ts";
import { listCases } from "../../vectors/ra/cases.ts";
import vectors from "../../vectors/ra/ra-vectors.json" with { type: "json" };
import { createHasher } from "../hash.ts";
import { detectConsoles } from "./detect.ts";
import { bytesOf, filesOfCase, hash } from "./rahash.testing.ts";

interface Vector {
  /** SHA-1 of each input file: holds the generators to the bytes that were hashed elsewhere. */
  readonly files: { readonly [path: string]: string };
  /** What the reference answers; empty where it gives no hash. */
  readonly hashes: readonly string[];
}

/** Inputs that are packed by the runtime's zlib, whose bytes may differ from version to version. */
const PACKED_HERE = new Set(["arduboy-fx", "dosz-plain", "dosz-dosc", "dosz-parent", "psp-cso"]);
const known: { readonly [id: string]: Vector } = vectors;
const cases = listCases();

/** Gives the case with its large files made, once for all that is done with them. */
function made(item: RaCase): RaCase {
  const files = Object.entries(item.files).map(([path, file]) => [path, bytesOf(file)] as const);
  return { ...item, files: Object.fromEntries(files) };
}

async function listHashes(item: RaCase): Promise<string[]> {
  const files = filesOfCase(item);
  const consoles = item.mode === "detect" ? await detectConsoles(files) : [item.consoleId];
  const hashes: string[] = [];
  for (const consoleId of consoles) {
    const { raHash } = await hash(files, consoleId);
    if (raHash !== null) hashes.push(raHash);
  }
  return hashes;
}

test("has a case for each known answer, and no other", () => {
  expect(cases.map(({ id }) => id).sort()).toEqual(Object.keys(known).sort());
});

test.each(cases.map((item) => [item.id, item] as const))(
  "answers as the reference does: %s",
  async (id, given) => {
    const item = made(given);
    const vector = known[id];
    if (!PACKED_HERE.has(id)) {
      const sha1s = Object.entries(item.files).map(([path, file]) => {
        const hasher = createHasher(["sha1"]);
        hasher.update(bytesOf(file));
        return [path, hasher.digest().sha1];
      });
      expect(Object.fromEntries(sha1s)).toEqual(vector?.files ?? {});
    }
    expect(await listHashes(item)).toEqual([...(vector?.hashes ?? ["no vector"])]);
  },
);
