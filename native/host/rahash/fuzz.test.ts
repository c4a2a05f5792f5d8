import { describe, expect, test } from "bun:test";
import { ascii, filled, join, put } from "../../vectors/ra/bytes.ts";
import { createNds } from "../../vectors/ra/cartridges.ts";
import { type RaCase, seeded, single } from "../../vectors/ra/case.ts";
import { listCases } from "../../vectors/ra/cases.ts";
import { createDax, createGameCubeRvz } from "../../vectors/ra/containers.ts";
import { createPspDisc } from "../../vectors/ra/disc-systems.ts";
import { createGameCube } from "../../vectors/ra/nintendo-discs.ts";
import { createRandom, type Random } from "../../vectors/ra/random.ts";
import { createEncryptedWiiDisc, createWiiRvz } from "../../vectors/ra/wii-rvz.ts";
import { createZip } from "../../vectors/ra/zip.ts";
import { bytesOf, filesOf, hash } from "./rahash.testing.ts";
import { raRules } from "./rules/index.ts";
import type { RaHashResult } from "./types.ts";

/** Set `FUZZ_SEED` to run a failure again; the seed is part of each failure's message. */
const SEED = Bun.env.FUZZ_SEED ?? "multitap-fuzz-1";
const MUTATIONS = 2500;
const WORST_MS = 2000;
const INPUT_BYTES_MAX = 400_000;

const zstd = (bytes: Uint8Array): Uint8Array => new Uint8Array(Bun.zstdCompressSync(bytes));
const deflate = (bytes: Uint8Array): Uint8Array => new Uint8Array(Bun.deflateSync(new Uint8Array(bytes)));

/** Containers that the vectors do not have. */
function listMoreCases(): RaCase[] {
  const gameCube = createGameCube(seeded("fuzz-gc"));
  const nds = createZip([
    { name: "readme.txt", data: ascii("hello") },
    { name: "g.nds", data: createNds(seeded("fuzz-nds")), isDeflated: true },
  ]);
  return [
    single("zip", 18, "g.zip", nds),
    single("rvz", 16, "g.rvz", createGameCubeRvz(gameCube, { zstd, chunkBytes: 0x8000 })),
    single("wia", 16, "g.wia", createGameCubeRvz(gameCube, { isWia: true })),
    single("dax", 41, "g.dax", createDax(createPspDisc(seeded("fuzz-psp")), deflate, [[0, 2]])),
    single(
      "wii-rvz",
      19,
      "w.rvz",
      createWiiRvz(createEncryptedWiiDisc(seeded("fuzz-wii")), { chunkBytes: 0x20000, zstd }),
    ),
  ];
}

/** Cases without a rule of their own, and those whose size would only slow this down. */
function isWorthwhile({ id, consoleId, files }: RaCase): boolean {
  if (/^(?:whole|unsupported|iter)-/.test(id) || !raRules.has(consoleId)) return false;
  const sizes = Object.values(files).map((file) => (typeof file === "function" ? Infinity : file.length));
  return sizes.every((size) => size <= INPUT_BYTES_MAX);
}

const pool = [...listCases().filter(isWorthwhile), ...listMoreCases()];

const EXTREMES = [
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0x7f],
  [0x80, 0, 0, 0],
  [0, 0, 0, 0x80],
  [1, 0, 0, 0],
  [0, 0, 0, 1],
];

/** Gives a place: mostly where headers are, or the volume descriptor and the folders of a disc. */
function pickPlace(random: Random, length: number): number {
  const ranges = [
    [0, 512],
    [0, 0x2000],
    [0x8000, 0xa800],
    [0x9300, 0xd000],
    [length - 300, length],
    [0, length],
  ] as const;
  const [from, to] = ranges[random.int(ranges.length)] ?? [0, length];
  const start = Math.max(0, Math.min(from, length - 1));
  return start + random.int(Math.max(1, Math.min(to, length) - start));
}

function mutate(random: Random, given: Uint8Array): Uint8Array {
  const bytes = given.slice();
  if (bytes.length === 0) return random.bytes(random.int(100));
  for (let count = 1 + random.int(6); count > 0; count -= 1) {
    const at = pickPlace(random, bytes.length);
    const extreme = EXTREMES[random.int(EXTREMES.length)] ?? [];
    if (random.int(2) === 0) bytes[at] = random.u32();
    else put(bytes, at, extreme.slice(0, bytes.length - at));
  }
  const shape = random.int(8);
  if (shape === 0) return bytes.slice(0, random.int(bytes.length));
  return shape === 1 ? join(bytes, filled(random.int(5000), random.int(256))) : bytes;
}

function isTyped(result: RaHashResult): boolean {
  if (result.raHash !== null) return /^[0-9a-f]{32}$/.test(result.raHash);
  return result.reason.length > 0 && result.message.length > 0;
}

async function check(item: RaCase, files: RaCase["files"], what: string): Promise<void> {
  const startedAt = performance.now();
  const result = await hash(filesOf(item.entry, files), item.consoleId);
  const message = `${item.id}, ${what}, seed ${SEED}`;
  expect(isTyped(result), message).toBe(true);
  expect(performance.now() - startedAt, message).toBeLessThan(WORST_MS);
}

describe("damaged inputs", () => {
  test(`end in an answer soon, ${MUTATIONS} times over`, async () => {
    const random = createRandom(SEED);
    for (let round = 0; round < MUTATIONS; round += 1) {
      const item = pool[round % pool.length];
      if (item === undefined) continue;
      const paths = Object.keys(item.files);
      const path = paths[random.int(paths.length)] ?? item.entry;
      const files = { ...item.files, [path]: mutate(random, bytesOf(item.files[path] ?? filled(0))) };
      await check(item, files, `round ${round}`);
    }
  }, 60_000);

  test.each(pool.map((item) => [item.id, item] as const))(
    "end in an answer wherever they are cut: %s",
    async (_, item) => {
      const random = createRandom(`${SEED}:${item.id}`);
      for (const [path, file] of Object.entries(item.files)) {
        const bytes = bytesOf(file);
        const lengths = [0, 1, 15, 16, 64, 511, 512, 2047, 2048, 2352, 32768, 37664, bytes.length - 1];
        for (const length of [...lengths, random.int(bytes.length + 1)])
          await check(
            item,
            { ...item.files, [path]: bytes.slice(0, Math.max(0, length)) },
            `${path} cut to ${length}`,
          );
      }
    },
    20_000,
  );

  test("end in an answer on a console that is not theirs", async () => {
    const random = createRandom(`${SEED}:consoles`);
    const consoles = [...raRules.keys()];
    for (const item of pool) {
      const consoleId = consoles[random.int(consoles.length)] ?? 4;
      await check({ ...item, consoleId }, item.files, `console ${consoleId}`);
    }
  });
});
