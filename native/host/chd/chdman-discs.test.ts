import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "../../build.ts";
import {
  chdman,
  createContent,
  createSectors,
  listCodecs,
  put,
  requireChdman,
  take,
} from "../../vectors/chdman.testing.ts";
import {
  createWorkshop,
  expectSameDisc,
  expectSameFacts,
  listOtherVerdicts,
  openMade,
} from "../../vectors/chdman-compare.testing.ts";
import { createRandom, type Random } from "../../vectors/ra/random.ts";

/** Set `CHDMAN_SEED` to run a failure again. */
const SEED = process.env.CHDMAN_SEED ?? `chdman-${Math.floor(Math.random() * 2 ** 31)}`;
const TIMEOUT_MS = 60_000;

const hasChdman = requireChdman() !== null;
const folder = mkdtempSync(join(tmpdir(), "multitap-chdman-"));
const shop = createWorkshop(folder);
const { nextName } = shop;

beforeAll(async () => {
  await ensureBuilt();
}, TIMEOUT_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

const CD_SECTORS = 60;
const CD = ["cdzl", "cdzs", "cdlz", "cdfl"];
const cdCodecs = listCodecs(CD, [
  "cdlz,cdzl,cdfl",
  "cdzs,cdzl,cdfl",
  "cdzl,cdfl,cdlz,cdzs",
  "cdfl,cdzs,cdzl,cdlz",
]);
const HUNK_FRAMES = [1, 2, 3, 8, 16, 32];
const frames = (index: number) => String((HUNK_FRAMES[index % HUNK_FRAMES.length] ?? 8) * 2448);

/** A disc with each kind of track, gaps of each kind, and a file for each track. */
async function putCueDisc(random: Random): Promise<string> {
  const raw = await put(
    folder,
    nextName("bin"),
    createSectors(random, { count: CD_SECTORS, mode: 1, firstAddress: 0 }),
  );
  const xa = await put(
    folder,
    nextName("bin"),
    createSectors(random, { count: 37, mode: 2, firstAddress: 60 }),
  );
  const cooked = await put(folder, nextName("bin"), createContent(random, 2048 * 21));
  const form = await put(folder, nextName("bin"), createContent(random, 2336 * 13));
  const audio = await put(folder, nextName("bin"), random.audio(41));
  const more = await put(folder, nextName("bin"), random.audio(18));
  const lines = [
    ...[`FILE "${raw}" BINARY`, "TRACK 01 MODE1/2352", "INDEX 01 00:00:00"],
    ...[`FILE "${audio}" BINARY`, "TRACK 02 AUDIO", "INDEX 00 00:00:00", "INDEX 01 00:00:15"],
    ...[`FILE "${xa}" BINARY`, "TRACK 03 MODE2/2352", "PREGAP 00:02:00", "INDEX 01 00:00:00"],
    ...[`FILE "${cooked}" BINARY`, "TRACK 04 MODE1/2048", "INDEX 01 00:00:00", "POSTGAP 00:01:00"],
    ...[`FILE "${form}" BINARY`, "TRACK 05 MODE2/2336", "INDEX 01 00:00:00"],
    ...[`FILE "${more}" BINARY`, "TRACK 06 AUDIO", "PREGAP 00:00:20", "INDEX 01 00:00:00"],
  ];
  return put(folder, nextName("cue"), `${lines.join("\n")}\n`);
}

/** A disc with subcode beside each sector, which only this kind of sheet has. */
async function putTocDisc(random: Random): Promise<{ sheet: string; bytes: Uint8Array }> {
  const bytes = createContent(random, 2448 * 55);
  const image = await put(folder, nextName("bin"), bytes);
  const text = `CD_ROM\n\nTRACK MODE1_RAW RW_RAW\nDATAFILE "${image}" 00:00:30\n\nTRACK AUDIO RW\nDATAFILE "${image}" #${2448 * 30} 00:00:25\n`;
  return { sheet: await put(folder, nextName("toc"), text), bytes };
}

async function putGdi(random: Random): Promise<string> {
  const first = await put(
    folder,
    nextName("bin"),
    createSectors(random, { count: 30, mode: 1, firstAddress: 0 }),
  );
  const sound = await put(folder, nextName("raw"), random.audio(22));
  const last = await put(
    folder,
    nextName("bin"),
    createSectors(random, { count: 40, mode: 1, firstAddress: 200 }),
  );
  return put(
    folder,
    nextName("gdi"),
    `3\n1 0 4 2352 ${first} 0\n2 50 0 2352 ${sound} 0\n3 200 4 2352 ${last} 0\n`,
  );
}

describe.skipIf(!hasChdman)(`a disc that chdman makes (seed ${SEED})`, () => {
  const discs = cdCodecs.map((codecs, index) => [codecs, frames(index)] as const);
  test.each(discs)(
    "of a cue sheet with -c %s -hs %s gives the same tracks and sheet",
    async (codecs, hunkBytes) => {
      const sheet = await putCueDisc(createRandom(`${SEED}:cd:${codecs}:${hunkBytes}`));
      const name = nextName("chd");
      await chdman(folder, "createcd", "-i", sheet, "-o", name, "-c", codecs, "-hs", hunkBytes);
      await expectSameDisc(shop, { name });
    },
    TIMEOUT_MS,
  );

  test.each(["none", ...CD, "cdlz,cdzl,cdfl"].map((codecs, index) => [codecs, frames(index)] as const))(
    "of a gdi sheet with -c %s -hs %s gives the same tracks and sheet",
    async (codecs, hunkBytes) => {
      const sheet = await putGdi(createRandom(`${SEED}:gdi:${codecs}:${hunkBytes}`));
      const name = nextName("chd");
      await chdman(folder, "createcd", "-i", sheet, "-o", name, "-c", codecs, "-hs", hunkBytes);
      expect((await openMade(shop, { name })).isGdRom).toBe(true);
      await expectSameDisc(shop, { name });
    },
    TIMEOUT_MS,
  );

  test.each(
    ["none", ...CD, "cdzl,cdfl,cdlz,cdzs"].map((codecs, index) => [codecs, frames(index + 2)] as const),
  )(
    "with subcode and -c %s -hs %s gives the same sectors and subcode",
    async (codecs, hunkBytes) => {
      const { sheet, bytes } = await putTocDisc(createRandom(`${SEED}:toc:${codecs}:${hunkBytes}`));
      const name = nextName("chd");
      await chdman(folder, "createcd", "-i", sheet, "-o", name, "-c", codecs, "-hs", hunkBytes);
      const chd = await expectSameFacts(shop, { name });
      const [image, toc] = [nextName("bin"), nextName("toc")];
      await chdman(folder, "extractcd", "-i", name, "-o", toc, "-ob", image);
      const theirs = await take(folder, image);
      const ours: Uint8Array[] = [];
      for (const track of chd.tracks) {
        for (let frame = 0; frame < track.frameCount; frame += 1) {
          const sector = Buffer.from(await chd.readSectors(track.number, frame, 1));
          // With this sheet chdman leaves audio in the byte order in which a CHD holds it.
          ours.push(track.kind === "audio" ? sector.swap16() : sector);
          ours.push(await chd.readSubcode(track.number, frame, 1));
        }
      }
      expect(Buffer.compare(Buffer.concat(ours), theirs)).toBe(0);
      expect(Buffer.compare(theirs, bytes)).toBe(0);
    },
    TIMEOUT_MS,
  );

  test.each(["none", "cdzl,cdfl,cdlz,cdzs"].map((codecs) => [codecs] as const))(
    "against a parent with -c %s gives the same tracks and sheet",
    async (codecs) => {
      const random = createRandom(`${SEED}:cd-parent:${codecs}`);
      const image = nextName("bin");
      const bytes = createSectors(random, { count: CD_SECTORS, mode: 1, firstAddress: 0 });
      await put(folder, image, bytes);
      const text = `FILE "${image}" BINARY\nTRACK 01 MODE1/2352\nINDEX 01 00:00:00\n`;
      const sheet = await put(folder, nextName("cue"), text);
      const [parent, name] = [nextName("chd"), nextName("chd")];
      await chdman(folder, "createcd", "-i", sheet, "-o", parent, "-c", "cdzs");
      bytes.set(random.soft(9000), 2352 * 20);
      await put(folder, image, bytes);
      await chdman(folder, "createcd", "-i", sheet, "-o", name, "-c", codecs, "-op", parent);
      await expectSameDisc(shop, { name, parent });
    },
    TIMEOUT_MS,
  );

  // On damaged sound chdman runs for ever, hence not cdfl.
  test.each(["cdzl", "cdzs", "cdlz", "cdlz,cdzl,cdzs"].map((codecs) => [codecs] as const))(
    "of a cue sheet with -c %s and a bit wrong has chdman's verdict",
    async (codecs) => {
      const random = createRandom(`${SEED}:cd-flip:${codecs}`);
      const sheet = await putCueDisc(random);
      const name = nextName("chd");
      await chdman(folder, "createcd", "-i", sheet, "-o", name, "-c", codecs, "-hs", frames(2));
      expect(await listOtherVerdicts(shop, { name, codecs }, random)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
