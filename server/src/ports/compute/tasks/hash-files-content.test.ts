import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ensureBuilt } from "@multitap/native/build";
import { listCases } from "../../../../../native/vectors/ra/cases.ts";
import vectors from "../../../../../native/vectors/ra/ra-vectors.json" with { type: "json" };
import { createScratch } from "../context.ts";
import type { TaskContext } from "../task.ts";
import { createNoise, createPlace, createRawZip } from "../testing/archives.ts";
import { type FileToHash, type HashedFile, type HashFilesInput, hashFiles } from "./hash-files.ts";

const place = createPlace();
beforeAll(() => ensureBuilt(), 120_000);
afterAll(place.remove);

const context: TaskContext<unknown> = {
  checkpoint: () => undefined,
  report: () => undefined,
  scratch: createScratch(),
};

let nextId = 1;

function toHash(path: string): FileToHash {
  nextId += 1;
  return { id: nextId, path, expectedSizeBytes: fs.statSync(path).size };
}

async function hash(
  paths: readonly string[],
  input: Partial<HashFilesInput> = {},
): Promise<readonly HashedFile[]> {
  return await hashFiles.run({ files: paths.map(toHash), ...input }, context);
}

/** Both ways in which files are hashed. */
const WAYS = [
  ["by themselves", { laneFileBytesMin: Number.POSITIVE_INFINITY }],
  ["in tiny reads", { laneFileBytesMin: Number.POSITIVE_INFINITY, bufferBytes: 16 }],
  ["in step", { laneFileBytesMin: 0 }],
] as const;

describe.each(WAYS)("files hashed %s", (_, way) => {
  test("that are packed are answered as such, and hashed when that is asked for", async () => {
    const paths = [
      place.store("disguised.nes", createRawZip([{ name: "game.nes", content: "abc" }])),
      place.store("game.nes.gz", gzipSync("abc")),
      place.store("plain.nes", "abc"),
    ];
    const results = await hash(paths, way);
    expect(results.map((result) => "isPacked" in result)).toEqual([true, true, false]);
    const raw = await hash(paths, { ...way, isRaw: true });
    for (const [index, result] of raw.entries()) {
      const bytes = fs.readFileSync(paths[index] ?? "");
      expect(result).toHaveProperty("md5", new Bun.CryptoHasher("md5").update(bytes).digest("hex"));
    }
  });

  test("name the SHA-1 of a CHD's data, of version 5 only", async () => {
    const bytes = fs.readFileSync(
      new URL("../../../../../native/vectors/chd/raw-none.chd", import.meta.url).pathname,
    );
    const older = Buffer.from(bytes);
    older.writeUInt32BE(4, 12);
    const paths = [
      place.store("a.chd", bytes),
      place.store("b.chd", older),
      place.store("c.chd", "MComprHD"),
    ];
    const results = await hash(paths, way);
    expect(results.map((result) => ("chdSha1" in result ? result.chdSha1 : null))).toEqual([
      bytes.toString("hex", 84, 104),
      "",
      "",
    ]);
  });

  const known: { readonly [id: string]: { readonly hashes: readonly string[] } } = vectors;
  const cases = listCases().filter(({ mode, id }) => mode === "hash" && !/cap|iter/.test(id));
  const consoles = [...new Set(cases.map(({ consoleId }) => consoleId))];
  test.each(consoles)("have the hash of RetroAchievements for console %d", async (consoleId) => {
    for (const { id, entry, files } of cases.filter((item) => item.consoleId === consoleId)) {
      // Archives are another task's.
      if (/\.(zip|7z|dosz|arduboy)$/i.test(entry)) continue;
      const folder = `ra/${id}/roms`;
      for (const [name, file] of Object.entries(files))
        place.store(join(folder, name), typeof file === "function" ? file() : file);
      // A second file, as in step one file alone is not hashed.
      const other = place.store(join(folder, "other.txt"), "x".repeat(100));
      const [result] = await hash([join(place.path, folder, entry), other], {
        ...way,
        raConsoleId: consoleId,
      });
      expect([id, result && "raHash" in result ? result.raHash : result]).toEqual([
        id,
        known[id]?.hashes[0] ?? "",
      ]);
      fs.rmSync(join(place.path, "ra"), { recursive: true });
    }
  });
});

test("asks for nothing of RetroAchievements when there is no console", async () => {
  const [result] = await hash([place.store("a.nes", "abc")]);
  expect(result).toMatchObject({ raHash: "", chdSha1: "" });
});

test("reads small files once for both kinds of hashes", async () => {
  const COUNT = 5000;
  const paths = Array.from({ length: COUNT }, (_, index) => {
    const bytes = createNoise(4096 + (index % 7) * 512, index);
    bytes.set([0x4e, 0x45, 0x53, 0x1a]);
    return place.store(`small/${index}.nes`, bytes);
  });
  const files = paths.map(toHash);
  const measure = async (raConsoleId: number | null): Promise<number> => {
    const before = process.cpuUsage();
    const results = await hashFiles.run({ files, raConsoleId }, context);
    const { user, system } = process.cpuUsage(before);
    const withRa = results.filter((result) => "raHash" in result && result.raHash !== "");
    expect(withRa).toHaveLength(raConsoleId === null ? 0 : COUNT);
    return (user + system) / 1000;
  };
  await measure(null);
  const plain = await measure(null);
  const whole = await measure(1);
  const headered = await measure(7);
  const share = (ms: number): string => `${ms.toFixed(0)} ms (${(ms / plain).toFixed(2)}x)`;
  console.log(
    `${COUNT} small files: ${plain.toFixed(0)} ms of CPU; with the hash of the whole file ${share(whole)}, ` +
      `with that of all behind a header ${share(headered)}; 1.6x is allowed`,
  );
}, 60_000);
