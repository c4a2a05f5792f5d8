import { expect } from "bun:test";
import { bytesSource } from "../host/byte-source.ts";
import { type Chd, openChd } from "../host/chd/open.ts";
import { NativeError } from "../host/errors.ts";
import { chdman, findVerdict, parseInfo, put, take, tryChdman } from "./chdman.testing.ts";
import type { Random } from "./ra/random.ts";

/** A folder to work in, with names that are used once. */
export interface Workshop {
  readonly folder: string;
  nextName(extension: string): string;
}

/** Gives names in a folder. */
export function createWorkshop(folder: string): Workshop {
  let made = 0;
  return {
    folder,
    nextName(extension) {
      made += 1;
      return `f${made}.${extension}`;
    },
  };
}

/** A CHD in the folder, and the one it was made against. */
export interface MadeChd {
  readonly name: string;
  readonly parent?: string | undefined;
}

/** Gives an option for the parent where there is one. */
export const parentOption = (option: string, { parent }: MadeChd): readonly string[] =>
  parent === undefined ? [] : [option, parent];

/** Opens a CHD with ours. */
export async function openMade({ folder }: Workshop, { name, parent }: MadeChd): Promise<Chd> {
  const opened = parent === undefined ? undefined : await openChd(await take(folder, parent));
  return openChd(bytesSource(await take(folder, name), name), { parent: opened });
}

/** Whether chdman finds every checksum right; where no hunk is compressed it has nothing to verify, and says so. */
async function expectVerified({ folder }: Workshop, made: MadeChd, isCompressed: boolean): Promise<void> {
  const { isSuccess, output } = await tryChdman(folder, [
    "verify",
    "-i",
    made.name,
    ...parentOption("-ip", made),
  ]);
  if (isCompressed) expect({ isSuccess, output }).toMatchObject({ isSuccess: true });
  else expect(output).toContain("No verification to be done");
}

/** Holds header, metadata and the verdict against what chdman says of the same file; gives the file opened. */
export async function expectSameFacts(shop: Workshop, made: MadeChd): Promise<Chd> {
  const info = parseInfo(await chdman(shop.folder, "info", "-v", "-i", made.name));
  const chd = await openMade(shop, made);
  const { md5, parentMd5, hasParent, ...header } = chd.header;
  const { metadata, ...facts } = info;
  const hasNamed = made.parent !== undefined;
  expect({ md5, parentMd5, hasParent }).toEqual({ md5: null, parentMd5: null, hasParent: hasNamed });
  expect<unknown>(header).toEqual(facts);
  const found = chd.metadata.map(({ tag, bytes }) => ({
    tag,
    length: bytes.length,
    text: Array.from(bytes, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join(""),
  }));
  expect(found).toEqual([...metadata]);
  await expectVerified(shop, made, info.codecs.length > 0);
  const { isIntact, badHunkCount, mismatches } = await chd.verify();
  expect({ isIntact, badHunkCount, mismatches }).toEqual({ isIntact: true, badHunkCount: 0, mismatches: [] });
  return chd;
}

/** Holds what ours reads in order against bytes. */
export async function expectSameContent(chd: Chd, wanted: Uint8Array): Promise<void> {
  const found = new Uint8Array(await new Response(chd.stream()).arrayBuffer());
  expect(found.length).toBe(wanted.length);
  expect(Buffer.compare(found, wanted)).toBe(0);
}

/** Extracts into memory. */
async function extractFiles(chd: Chd, format: "bin_cue" | "gdi"): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  await chd.extract(format, (name) => ({
    async open() {
      const parts: Uint8Array[] = [];
      return {
        offsetBytes: 0,
        restart: () => Promise.resolve(),
        suspend: () => Promise.resolve(),
        async write(chunk) {
          parts.push(chunk.slice());
        },
        async commit() {
          files.set(name, Buffer.concat(parts));
        },
      };
    },
  }));
  return files;
}

/** Holds every track file and the sheet against chdman's, under whatever names. */
export async function expectSameDisc(shop: Workshop, made: MadeChd): Promise<void> {
  const chd = await expectSameFacts(shop, made);
  const format = chd.isGdRom ? "gdi" : "bin_cue";
  const sheet = shop.nextName(chd.isGdRom ? "gdi" : "cue");
  const base = sheet.split(".")[0] ?? "";
  const from = ["-i", made.name, ...parentOption("-ip", made)];
  await chdman(shop.folder, "extractcd", ...from, "-o", sheet, "-ob", `${base}-%t.bin`, "-sb");
  const ours = [...(await extractFiles(chd, format))];
  let text = ours.at(-1)?.[1].toString() ?? "";
  for (const [index, [file, bytes]] of ours.slice(0, -1).entries()) {
    // With a gdi sheet chdman names the files of audio tracks otherwise.
    const isGdAudio = chd.isGdRom && chd.tracks[index]?.kind === "audio";
    const theirs = `${base}-${index + 1}.${isGdAudio ? "raw" : "bin"}`;
    expect(Buffer.compare(bytes, await take(shop.folder, theirs)), `${made.name}, ${file}`).toBe(0);
    text = text.replace(file, theirs);
  }
  const theirText = new TextDecoder().decode(await take(shop.folder, sheet));
  expect(text.trimEnd()).toBe(theirText.replaceAll("\r\n", "\n").trimEnd());
}

/** Whether ours finds a file right; an error on opening says that it is not. */
export async function isIntact(shop: Workshop, name: string): Promise<boolean> {
  try {
    return (await (await openMade(shop, { name })).verify()).isIntact;
  } catch (error) {
    expect(error).toBeInstanceOf(NativeError);
    return false;
  }
}

/** What both say of a file; chdman's is null where it does not come to an end. */
export type Verdict = readonly [what: number, ours: boolean, theirs: boolean | null];

/**
 * The verdicts that differ. On some damage chdman runs for ever, which is none. It also takes a Huffman code that is
 * broken in a part no byte uses, where ours is stricter.
 */
export function listDifferent(verdicts: readonly Verdict[], codecs: string): readonly Verdict[] {
  const isStricter = codecs.includes("huff");
  return verdicts.filter(
    ([, ours, theirs]) => theirs !== null && ours !== theirs && !(isStricter && theirs && !ours),
  );
}

/** Files with one bit wrong that are held against chdman for each codec: it may run for a second on each. */
const FLIPS = 6;
/** Where the digests of the header begin, and behind them map and hunks; what stands before says how to read, not what. */
const DIGESTS_AT = 64;

/** Flips single bits of a valid file, one at a time, and gives the verdicts that differ from chdman's, by place. */
export async function listOtherVerdicts(
  shop: Workshop,
  made: { readonly name: string; readonly codecs: string },
  random: Random,
): Promise<readonly Verdict[]> {
  const bytes = await take(shop.folder, made.name);
  const verdicts: Verdict[] = [];
  for (let flip = 0; flip < FLIPS; flip += 1) {
    const place = DIGESTS_AT + random.int(bytes.length - DIGESTS_AT);
    const damaged = bytes.slice();
    damaged[place] = (damaged[place] ?? 0) ^ (1 << random.int(8));
    const name = await put(shop.folder, shop.nextName("chd"), damaged);
    verdicts.push([place, await isIntact(shop, name), await findVerdict(shop.folder, name)]);
  }
  return listDifferent(verdicts, made.codecs);
}
