import { metadataText } from "../host/chd/metadata.ts";
import type { Chd } from "../host/chd/open.ts";
import { openChd } from "../host/chd/open.ts";
import { createPortableHasher } from "../host/portable-hash.ts";

/** What is known about one file: by the tool that made it, or by the writer of the hand-made ones. */
export interface ChdVector {
  readonly id: string;
  /** Id of the file it was made against. */
  readonly parent?: string;
  readonly version: number;
  readonly hunkBytes: number;
  readonly unitBytes: number;
  readonly hunks: number;
  readonly logicalBytes: number;
  /** Of the content. */
  readonly logicalSha1: string;
  readonly sha1?: string;
  readonly rawSha1?: string;
  readonly meta: readonly { tag: string; flags: number; length: number; text?: string }[];
  /** The files an extraction gives, under placeholder names. */
  readonly extract?: Readonly<Record<string, { size: number; sha1: string }>>;
  readonly sheet?: string;
}

/** Reads a file below this folder. */
export type ReadVectorFile = (path: string) => Promise<Uint8Array>;

/** The two sets: folder and list. */
const SETS = [
  { folder: "chd", list: "chd-vectors.json" },
  { folder: "chd-handmade", list: "chd-handmade.json" },
] as const;

/** A vector and its place. */
export interface PlacedVector {
  readonly folder: string;
  readonly vector: ChdVector;
}

/** Lists all vectors of both sets. */
export async function listVectors(readFile: ReadVectorFile): Promise<readonly PlacedVector[]> {
  const sets = SETS.map(async ({ folder, list }) => {
    const { files } = JSON.parse(new TextDecoder().decode(await readFile(list))) as {
      files: readonly ChdVector[];
    };
    return files.map((vector) => ({ folder, vector }));
  });
  return (await Promise.all(sets)).flat();
}

/** Gives the bytes of a vector's file. */
export function readVector({ folder, vector }: PlacedVector, readFile: ReadVectorFile): Promise<Uint8Array> {
  return readFile(`${folder}/${vector.id}.chd`);
}

/** Opens bytes as a vector's file, against its parent where it has one. */
export async function openVector(
  placed: PlacedVector,
  readFile: ReadVectorFile,
  bytes?: Uint8Array,
): Promise<Chd> {
  const { folder, vector } = placed;
  const parent =
    vector.parent === undefined ? undefined : await openChd(await readFile(`${folder}/${vector.parent}.chd`));
  return openChd(bytes ?? (await readVector(placed, readFile)), { parent });
}

function checkHeader({ header }: Chd, vector: ChdVector): string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["version", header.version, vector.version],
    ["hunkBytes", header.hunkBytes, vector.hunkBytes],
    ["unitBytes", header.unitBytes, vector.unitBytes],
    ["hunkCount", header.hunkCount, vector.hunks],
    ["logicalBytes", header.logicalBytes, vector.logicalBytes],
    ["sha1", header.sha1, vector.sha1 ?? null],
    ["hasParent", header.hasParent, vector.parent !== undefined],
  ];
  return pairs
    .filter(([, found, wanted]) => found !== wanted)
    .map(([name, found, wanted]) => `${name} is ${found}, not ${wanted}`);
}

function checkMetadata(chd: Chd, vector: ChdVector): string[] {
  const found = chd.metadata.map((entry) => ({
    tag: entry.tag,
    flags: entry.isChecksummed ? 1 : 0,
    length: entry.bytes.length,
  }));
  const wanted = vector.meta.map(({ tag, flags, length }) => ({ tag, flags, length }));
  if (JSON.stringify(found) !== JSON.stringify(wanted)) return [`metadata are ${JSON.stringify(found)}`];
  return vector.meta.flatMap(({ text }, index) => {
    const entry = chd.metadata[index];
    // Binary entries were listed as text, with a mark in place of what is none.
    const isText = text !== undefined && !text.includes("\ufffd");
    const isSame = !isText || (entry !== undefined && metadataText(entry) === text);
    return isSame ? [] : [`metadata entry ${index} differs`];
  });
}

async function checkContent(chd: Chd, vector: ChdVector): Promise<string[]> {
  const { isIntact, badHunks, sha1, mismatches } = await chd.verify();
  const problems: string[] = [];
  if (!isIntact) problems.push(`damaged: hunks ${badHunks.join()} digests ${mismatches.join()}`);
  if (sha1 !== vector.logicalSha1) problems.push(`content is ${sha1}`);
  return problems;
}

/** What an extraction wrote. */
interface Extracted {
  readonly name: string;
  readonly size: number;
  readonly sha1: string;
  readonly bytes: Uint8Array;
}

/** Extracts into memory; the bytes are kept of sheets only. */
async function extract(chd: Chd, format: "bin_cue" | "gdi"): Promise<readonly Extracted[]> {
  const files: Extracted[] = [];
  await chd.extract(format, (name) => ({
    async open() {
      const hasher = await createPortableHasher(["sha1"]);
      const isSheet = /\.(cue|gdi)$/.test(name);
      let bytes = new Uint8Array(0);
      let size = 0;
      return {
        offsetBytes: 0,
        restart: () => Promise.resolve(),
        suspend: () => Promise.resolve(),
        async write(chunk) {
          hasher.update(chunk);
          size += chunk.length;
          if (isSheet) bytes = Uint8Array.from([...bytes, ...chunk]);
        },
        async commit() {
          files.push({ name, size, sha1: hasher.digest().sha1, bytes });
        },
      };
    },
  }));
  return files;
}

async function checkExtraction(chd: Chd, vector: ChdVector): Promise<string[]> {
  if (vector.extract === undefined || vector.sheet === undefined) return [];
  const files = await extract(chd, chd.isGdRom ? "gdi" : "bin_cue");
  const sheet = files.at(-1);
  const wanted = Object.entries(vector.extract);
  const problems = wanted.flatMap(([name, { size, sha1 }], index) => {
    const file = files[index];
    return file?.size === size && file.sha1 === sha1 ? [] : [`${name} is ${file?.size} bytes, ${file?.sha1}`];
  });
  let text = new TextDecoder().decode(sheet?.bytes);
  for (const [index, [name]] of wanted.entries()) text = text.replace(files[index]?.name ?? "", name);
  if (text !== vector.sheet) problems.push(`the sheet is ${JSON.stringify(text)}`);
  return problems;
}

/** Reads here and there and compares with reading in order; large files only at their start. */
async function checkRandomAccess(chd: Chd): Promise<string[]> {
  const { hunkBytes, logicalBytes } = chd.header;
  const whole = await chd.read(0, Math.min(logicalBytes, 1 << 20));
  const problems: string[] = [];
  for (let at = whole.length - 1; at > 0; at = Math.floor(at / 3)) {
    const end = Math.min(whole.length, at + hunkBytes + 7);
    const part = await chd.read(at, end);
    if (part.some((value, index) => value !== whole[at + index])) problems.push(`bytes from ${at} on differ`);
  }
  return problems;
}

/** Holds a file against everything that is known about it; gives what differs. */
export async function checkVector(
  placed: PlacedVector,
  readFile: ReadVectorFile,
): Promise<readonly string[]> {
  const { vector } = placed;
  const chd = await openVector(placed, readFile);
  return [
    ...checkHeader(chd, vector),
    ...checkMetadata(chd, vector),
    ...(await checkContent(chd, vector)),
    ...(await checkExtraction(chd, vector)),
    ...(await checkRandomAccess(chd)),
  ];
}
