import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt } from "../../build.ts";
import { createAvi } from "../../vectors/avi.ts";
import {
  chdman,
  createContent,
  findVerdict,
  listCodecs,
  put,
  requireChdman,
  take,
} from "../../vectors/chdman.testing.ts";
import {
  createWorkshop,
  expectSameContent,
  expectSameFacts,
  isIntact,
  listDifferent,
  listOtherVerdicts,
  openMade,
  type Verdict,
} from "../../vectors/chdman-compare.testing.ts";
import { createRandom, type Random } from "../../vectors/ra/random.ts";
import { NativeError } from "../errors.ts";

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

const CONTENT_BYTES = 160 << 10;
/** Of fewer hunks chdman makes maps that it cannot read itself; see the test of those. */
const HUNKS_MIN = 12;
const PLAIN = ["zlib", "zstd", "lzma", "huff", "flac"];
const plainCodecs = listCodecs(PLAIN, [
  "lzma,zlib,huff,flac",
  "zstd,zlib,huff,flac",
  "flac,huff,zstd,lzma",
  "huff,flac,lzma",
]);
const HUNKS = [512, 1024, 2048, 4096, 8192, 19_968, 32_768];
const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** What to make: chdman's command with its options, the unit, and the kind of file it extracts. */
interface Kind {
  readonly create: string;
  readonly extract: string;
  readonly unitBytes: number;
  readonly options: readonly string[];
}
const RAW: Kind = { create: "createraw", extract: "extractraw", unitBytes: 512, options: ["-us", "512"] };
const RAW_BYTES: Kind = { create: "createraw", extract: "extractraw", unitBytes: 1, options: ["-us", "1"] };
const DVD: Kind = { create: "createdvd", extract: "extractdvd", unitBytes: 2048, options: [] };
const HD: Kind = { create: "createhd", extract: "extracthd", unitBytes: 512, options: [] };
const HD_2048: Kind = { create: "createhd", extract: "extracthd", unitBytes: 2048, options: ["-ss", "2048"] };

/** Gives content that ends within a hunk wherever its kind allows that. */
function contentFor(random: Random, { unitBytes }: Kind, hunkBytes: number): Uint8Array {
  const sizeBytes = Math.max(CONTENT_BYTES, HUNKS_MIN * hunkBytes) - random.int(9000);
  return createContent(random, Math.floor(sizeBytes / unitBytes) * unitBytes);
}

async function create(kind: Kind, input: { content: Uint8Array; codecs: string; hunkBytes: number }) {
  const name = nextName("chd");
  const image = await put(folder, nextName("img"), input.content);
  const sizes = ["-hs", String(input.hunkBytes), "-c", input.codecs];
  await chdman(folder, kind.create, "-i", image, "-o", name, ...sizes, ...kind.options);
  return name;
}

const hunkFor = ({ unitBytes }: Kind, index: number) =>
  at(
    HUNKS.filter((hunk) => hunk % unitBytes === 0),
    index,
  );

describe.skipIf(!hasChdman)(`a CHD that chdman makes (seed ${SEED})`, () => {
  const images = [
    ...plainCodecs.map((codecs) => [RAW, codecs] as const),
    ...["none", ...PLAIN].map((codecs) => [RAW_BYTES, codecs] as const),
    ...["none", ...PLAIN, "lzma,zlib,huff,flac", "zstd,zlib,huff,flac"].flatMap((codecs) =>
      [DVD, HD, HD_2048].map((kind) => [kind, codecs] as const),
    ),
  ];
  test.each(
    images.map(([kind, codecs], index) => [kind.create, codecs, hunkFor(kind, index), kind] as const),
  )(
    "%s -c %s -hs %d is read as chdman reads it",
    async (_, codecs, hunkBytes, kind) => {
      const content = contentFor(
        createRandom(`${SEED}:${codecs}:${hunkBytes}:${kind.unitBytes}`),
        kind,
        hunkBytes,
      );
      const name = await create(kind, { content, codecs, hunkBytes });
      const chd = await expectSameFacts(shop, { name });
      const image = nextName("img");
      await chdman(folder, kind.extract, "-i", name, "-o", image);
      await expectSameContent(chd, await take(folder, image));
      expect(Buffer.compare(await chd.read(0, content.length), content)).toBe(0);
      // A hard disk is filled up to whole hunks and cylinders, with whatever chdman has at hand.
      if (kind.create !== "createhd") expect(chd.header.logicalBytes).toBe(content.length);
    },
    TIMEOUT_MS,
  );

  test.each([...PLAIN, "lzma,zlib,huff,flac", "none"].map((codecs) => [codecs] as const))(
    "against a parent with -c %s is read as chdman reads it",
    async (codecs) => {
      const random = createRandom(`${SEED}:parent:${codecs}`);
      const parentContent = contentFor(random, RAW, 4096);
      const content = parentContent.slice();
      for (let change = 0; change < 6; change += 1) {
        const start = random.int(content.length - 600);
        content.set(random.soft(600), start);
      }
      // Moved by units that are not whole hunks, which a child refers to as well.
      content.copyWithin(0, 512 * 3, 512 * 40);
      const parent = await create(RAW, { content: parentContent, codecs: "zlib", hunkBytes: 4096 });
      const name = nextName("chd");
      const image = await put(folder, nextName("img"), content);
      const sizes = ["-hs", "4096", "-us", "512", "-c", codecs, "-op", parent];
      await chdman(folder, "createraw", "-i", image, "-o", name, ...sizes);
      const chd = await expectSameFacts(shop, { name, parent });
      const extracted = nextName("img");
      await chdman(folder, "extractraw", "-i", name, "-ip", parent, "-o", extracted);
      await expectSameContent(chd, await take(folder, extracted));
      // Uncompressed, chdman leaves a hunk of zeros out, and what is read there is the parent's: by it as by ours.
      if (codecs !== "none") await expectSameContent(chd, content);
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!hasChdman)(`the verdict on a CHD (seed ${SEED})`, () => {
  test.each([...PLAIN, "lzma,zlib,huff,flac"].map((codecs) => [codecs] as const))(
    "of -c %s with a byte changed is chdman's",
    async (codecs) => {
      const random = createRandom(`${SEED}:flip:${codecs}`);
      const name = await create(RAW, { content: contentFor(random, RAW, 4096), codecs, hunkBytes: 4096 });
      expect(await listOtherVerdicts(shop, { name, codecs }, random)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "of very few hunks is chdman's, which makes maps that it cannot read itself",
    async () => {
      const random = createRandom(`${SEED}:few`);
      const verdicts: Verdict[] = [];
      for (let round = 0; round < 12; round += 1) {
        const content = createContent(random, 512 * (1 + random.int(300)));
        const name = await create(RAW, { content, codecs: "lzma,zlib,huff,flac", hunkBytes: 65_536 });
        verdicts.push([content.length, await isIntact(shop, name), await findVerdict(folder, name)]);
      }
      expect(listDifferent(verdicts, "")).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "of a laserdisc is a refusal, and chdman's where its hunks are packed as bytes",
    async () => {
      const film = await put(folder, nextName("avi"), createAvi());
      const [packed, plain] = [nextName("chd"), nextName("chd")];
      await chdman(folder, "createld", "-i", film, "-o", packed);
      const error = await openMade(shop, { name: packed }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(NativeError);
      expect(error).toHaveProperty("code", "CHD_UNSUPPORTED");
      await chdman(folder, "createld", "-i", film, "-o", plain, "-c", "zlib");
      const verdict: Verdict = [0, await isIntact(shop, plain), await findVerdict(folder, plain)];
      expect(listDifferent([verdict], "")).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
