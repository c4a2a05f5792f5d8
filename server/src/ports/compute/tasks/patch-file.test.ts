import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { requireProgram } from "../../../../../scripts/testing/require-program.ts";
import { AppError } from "../../../base/errors.ts";
import { createScratch } from "../context.ts";
import { ascii, makePair, noise } from "../patches/testing/apply.ts";
import { writeBps, writeIps, writePpf, writeUps } from "../patches/testing/writers.ts";
import { TaskCancelled } from "../task.ts";
import { createPlace, createTar } from "../testing/archives.ts";
import { patchFile } from "./patch-file.ts";
import type { PatchedFile, PatchFileInput } from "./patch-file-shape.ts";

const place = createPlace();
const target = join(place.path, "made");
afterAll(() => place.remove());

const [SOURCE, TARGET] = makePair(50_000, 60_000);
const IPS = writeIps(SOURCE, TARGET);

interface RunOptions extends Partial<PatchFileInput> {
  readonly checkpoint?: (() => void) | undefined;
}

async function run(rom: string, patch: Uint8Array | string, options: RunOptions = {}): Promise<PatchedFile> {
  const { checkpoint = () => undefined, ...input } = options;
  rmSync(target, { force: true });
  return await patchFile.run(
    {
      sourcePath: rom,
      patch: typeof patch === "string" ? { path: patch } : { bytes: patch },
      targetPath: target,
      fileBytesMax: 10_000_000,
      freeBytesMin: 0,
      ...input,
    },
    {
      checkpoint: () => void checkpoint(),
      report: () => undefined,
      scratch: createScratch(),
      settings: place.settings,
    },
  );
}

/** Kind, code and message of a refusal, and that it left nothing behind. */
async function refusalOf(running: Promise<unknown>): Promise<readonly string[]> {
  const error = await running.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  expect([existsSync(target), readdirSync(place.tempPath)]).toEqual([false, []]);
  return [error.kind, error.code, error.message.replaceAll(place.path, "…")];
}

const isMade = () => Buffer.compare(readFileSync(target), TARGET) === 0;

describe("patch-file", () => {
  const rom = place.store("rom.gba", SOURCE);

  test("makes a file of a rom and a patch, from disk or from memory", async () => {
    const expected = { format: "ips", check: "unknown", sizeBytes: 60_000, memberName: null } as const;
    expect(await run(rom, place.store("fix.ips", IPS))).toEqual(expected);
    expect(isMade()).toBe(true);
    expect(await run(rom, IPS)).toEqual(expected);
    expect(isMade()).toBe(true);
    expect(Buffer.compare(readFileSync(rom), SOURCE)).toBe(0);
  });

  test("tells what the patch knows of the rom", async () => {
    const patch = writeUps(SOURCE, TARGET);
    expect(await run(rom, patch)).toMatchObject({ format: "ups", check: "matched" });
    const other = place.store("other.gba", SOURCE.with(9, 1 ^ (SOURCE[9] ?? 0)));
    expect(await run(other, patch)).toMatchObject({ format: "ups", check: "differs", sizeBytes: 60_000 });
  });

  test("patches a larger file than is held in memory, and lets others have their turn", async () => {
    const [large, changed] = makePair(6_000_000, 6_000_000, 3);
    const path = place.store("large.bin", large);
    let turns = 0;
    const checkpoint = () => {
      turns += 1;
    };
    await run(path, writePpf(large, changed, { version: 3 }), { checkpoint });
    expect(Buffer.compare(readFileSync(target), changed)).toBe(0);
    expect(turns).toBeGreaterThan(4);
  });

  test.each([
    ["a zip", "one.zip"],
    ["a 7z", "one.7z"],
  ])("patches the only file of %s", async (_what, name) => {
    const path = place.pack(name, { "folder/Game (USA).gba": SOURCE });
    expect(await run(path, IPS)).toMatchObject({ memberName: "Game (USA).gba" });
    expect([isMade(), readdirSync(place.tempPath)]).toEqual([true, []]);
  });

  test("patches what a gz holds", async () => {
    const path = place.store("Game.gba.gz", gzipSync(SOURCE));
    expect(await run(path, IPS)).toMatchObject({ memberName: "Game.gba" });
    expect(isMade()).toBe(true);
  });

  test("refuses an archive of several files, and one that is damaged", async () => {
    const two = place.pack("two.zip", { "a.gba": SOURCE, "readme.txt": "x" });
    expect(await refusalOf(run(two, IPS))).toEqual([
      "unsupported",
      "PATCH_ROM_PACKED",
      "The rom holds 2 files, and a patch is for one; unpack it first",
    ]);
    const tar = place.store("game.tar", await createTar({ "a.gba": SOURCE }));
    expect((await refusalOf(run(tar, IPS))).slice(0, 2)).toEqual(["unsupported", "PATCH_ROM_PACKED"]);
    const cut = place.store("cut.zip", readFileSync(two).subarray(0, 3000));
    expect((await refusalOf(run(cut, IPS))).slice(0, 2)).toEqual(["unsupported", "PATCH_ROM_PACKED"]);
  });

  test("refuses what is damaged or not known, and leaves no file", async () => {
    expect(await refusalOf(run(rom, IPS.subarray(0, 40)))).toEqual([
      "invalid",
      "PATCH_DAMAGED",
      expect.stringContaining("The patch ends in the middle"),
    ]);
    const message = "The patch is of no format that is known here";
    expect(await refusalOf(run(rom, ascii("nonsense")))).toEqual([
      "unsupported",
      "PATCH_UNSUPPORTED",
      message,
    ]);
  });

  test("refuses more bytes than it may read or make", async () => {
    const message = "A rom or patch may have 49999 bytes, and one has 50000";
    const small = { fileBytesMax: 49_999 };
    expect(await refusalOf(run(rom, IPS, small))).toEqual(["too_large", "PATCH_TOO_LARGE", message]);
    const made = await refusalOf(run(rom, IPS, { fileBytesMax: 59_999 }));
    expect(made.slice(0, 2)).toEqual(["too_large", "PATCH_TOO_LARGE"]);
    const zip = place.pack("large.zip", { "a.gba": new Uint8Array(80_000) });
    expect((await refusalOf(run(zip, IPS, { fileBytesMax: 70_000 })))[1]).toBe("PATCH_TOO_LARGE");
  });

  test("leaves the room that others need", async () => {
    expect(await refusalOf(run(rom, IPS, { freeBytesMin: 2 ** 60 }))).toEqual([
      "storage_full",
      "STORAGE_FULL",
      "insufficient storage",
    ]);
  });

  test("names a file that cannot be read", async () => {
    const absent = join(place.path, "absent.gba");
    expect(await refusalOf(run(absent, IPS))).toEqual([
      "conflict",
      "PATCH_FILE_UNREADABLE",
      "…/absent.gba is not there",
    ]);
    expect((await refusalOf(run(rom, place.path)))[2]).toBe("… is a folder, not a regular file");
  });

  test("never writes over a file that is there", async () => {
    const kept = place.store("kept.gba", "kept");
    const error = await run(rom, IPS, { targetPath: kept }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "conflict", code: "FILES_EXISTS" });
    expect(readFileSync(kept, "utf8")).toBe("kept");
  });

  test("stops in the middle and leaves no file", async () => {
    const first = noise(2_000_000);
    const patch = writeBps(SOURCE, first, [{ kind: "targetRead", bytes: first }]);
    let turns = 0;
    const checkpoint = () => {
      turns += 1;
      if (turns === 2) throw new TaskCancelled();
    };
    const error = await run(rom, patch, { checkpoint }).catch((thrown: unknown) => thrown);
    expect([error instanceof TaskCancelled, existsSync(target)]).toEqual([true, false]);
  });
});

/** Files in which much moved and little changed. */
function makeMoved(): readonly [Uint8Array, Uint8Array] {
  const source = noise(900_000, 5);
  const moved = Buffer.concat([source.subarray(400_000), noise(3000, 6), source.subarray(0, 400_000)]);
  return [source, Uint8Array.from(moved, (byte, at) => (at % 9001 === 0 ? byte ^ 0x55 : byte))];
}

interface OtherProgram {
  readonly name: string;
  readonly args: readonly string[];
  readonly check: string;
}

/** `A`, `B` and `P` stand for the two files and the patch. */
const PROGRAMS: readonly OtherProgram[] = [
  { name: "xdelta3", args: ["-e", "-f", "-S", "none", "-s", "A", "B", "P"], check: "matched" },
  {
    name: "xdelta3",
    args: ["-e", "-f", "-9", "-S", "none", "-n", "-A", "-s", "A", "B", "P"],
    check: "unknown",
  },
  { name: "bsdiff", args: ["A", "B", "P"], check: "unknown" },
];

describe("patches that other programs make", () => {
  for (const { name, args, check } of PROGRAMS) {
    const program = requireProgram(name);
    test.skipIf(program === null)(`are applied: ${name} ${args.join(" ")} (needs ${name})`, async () => {
      const [source, changed] = makeMoved();
      const [from] = [place.store("A", source), place.store("B", changed)];
      expect(Bun.spawnSync([program ?? "", ...args], { cwd: place.path }).exitCode).toBe(0);
      const patched = await run(from, join(place.path, "P"));
      expect([Buffer.compare(readFileSync(target), changed), patched.check as string]).toEqual([0, check]);
    });
  }

  const xdelta = requireProgram("xdelta3");
  test.skipIf(xdelta === null)(
    "are refused clearly when they are packed once more (needs xdelta3)",
    async () => {
      // Text packs well, so that the program keeps the packed form.
      const source = place.store("A", noise(1000));
      place.store("B", `${"to be or not to be ".repeat(3000)}${noise(999).toHex()}`);
      const args = ["-e", "-f", "-S", "djw", "-s", "A", "B", "P"];
      expect(Bun.spawnSync([xdelta ?? "", ...args], { cwd: place.path }).exitCode).toBe(0);
      expect(await refusalOf(run(source, join(place.path, "P")))).toEqual([
        "unsupported",
        "PATCH_UNSUPPORTED",
        "The patch is packed once more (secondary compression); make it anew with xdelta3 -S none",
      ]);
    },
  );
});
