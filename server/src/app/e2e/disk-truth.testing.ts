/**
 * What a scanned library must look like, made from the disk and the documented rules alone: none of the server's own
 * code decides here, and every digest comes from md5sum, sha1sum and an independent CRC-32 over bytes that 7-Zip and
 * tar took out of the archives.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expectedHashes } from "../../../../scripts/expected-hashes.ts";
import { findCategoryByRule, isLeftOut, NEVER_HASHED, toExtension } from "./disk-rules.testing.ts";
import {
  listMembers,
  type PackedMember,
  unpackStream,
  unpackTar,
  unpackWith7z,
} from "./disk-unpack.testing.ts";

/** Digests in lower-case hex; "" for nothing. */
export interface TrueDigests {
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}

/** One file as the server must tell it. */
export interface TrueFile extends TrueDigests {
  readonly path: string;
  readonly sizeBytes: number;
  readonly isTopLevel: boolean;
  readonly category: string | null;
  readonly isPacked: boolean;
  readonly chdSha1: string;
  readonly members: readonly (TrueDigests & { readonly name: string; readonly sizeBytes: number })[] | null;
}

/** One rom as the server must tell it. */
export interface TrueRom extends TrueDigests {
  readonly path: string;
  readonly sizeBytes: number;
  readonly files: readonly TrueFile[];
}

/** Bytes that a file's digests are those of. */
interface Plan {
  readonly path: string;
  readonly isPacked: boolean;
  /** The members whose bytes one after another are `path`. */
  readonly members: readonly PackedMember[] | null;
}

interface FilePlan extends Omit<TrueFile, keyof TrueDigests | "members" | "isPacked"> {
  readonly content: Plan | null;
}

interface RomPlan {
  readonly path: string;
  readonly files: readonly FilePlan[];
  /** What the rom's own digests are made of; null: of nothing. */
  readonly wholePath: string | null;
}

const NOTHING: TrueDigests = { crc32: "", md5: "", sha1: "" };
const COMPOSITE_EXTENSIONS = new Set("zip tar tar.gz tgz tar.bz2 tbz2 tar.xz txz 7z rar".split(" "));

/** Gives what paths mean in a library, in the order that code points give them. */
export const inPathOrder = <T extends { readonly path: string }>(list: readonly T[]): readonly T[] =>
  [...list].sort((a, b) => compareText(a.path, b.path));

/** Order by code point, which is that of the bytes of UTF-8. */
export const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * Reads a library of structure A.
 * @param workPath Empty folder for what is unpacked meanwhile.
 */
export async function readTruth(libraryPath: string, workPath: string): Promise<readonly TrueRom[]> {
  const plans: RomPlan[] = [];
  for (const platformSlug of readdirSync(join(libraryPath, "roms")).sort()) {
    const fsPath = `roms/${platformSlug}`;
    for (const name of listNames(join(libraryPath, fsPath))) {
      const plan = planRom({ libraryPath, workPath, path: `${fsPath}/${name}` });
      if (plan !== null) plans.push(plan);
    }
  }
  const paths = plans.flatMap((rom) => [
    ...(rom.wholePath === null ? [] : [rom.wholePath]),
    ...rom.files.flatMap(({ content }) =>
      content === null ? [] : [content.path, ...(content.members ?? []).map((member) => member.path)],
    ),
  ]);
  const digests = await digestAll(paths);
  const digestOf = (path: string) => digests.get(path) ?? NOTHING;
  return inPathOrder(
    plans.map(({ path, files, wholePath }) => ({
      path,
      sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
      ...(wholePath === null ? NOTHING : digestOf(wholePath)),
      files: inPathOrder(
        files.map(({ content, ...file }) => ({
          ...file,
          ...(content === null ? NOTHING : digestOf(content.path)),
          isPacked: content?.isPacked ?? false,
          members:
            content?.members?.map((member) => ({
              name: member.name,
              sizeBytes: statSync(member.path).size,
              ...digestOf(member.path),
            })) ?? null,
        })),
      ),
    })),
  );
}

/** Digests by path; those of nothing are "", and so is a CRC-32 of 0. */
export async function digestAll(paths: readonly string[]): Promise<Map<string, TrueDigests>> {
  const filled = [...new Set(paths)].filter((path) => statSync(path).size > 0);
  const digests = await expectedHashes(filled);
  return new Map(
    [...digests].map(([path, { crc32, md5, sha1 }]) => [
      path,
      { md5, sha1, crc32: crc32 === "00000000" ? "" : (crc32 ?? "") },
    ]),
  );
}

/** Names that are UTF-8 and no links to nowhere. */
function listNames(path: string): readonly string[] {
  return readdirSync(path, { encoding: "buffer" })
    .map((name) => name.toString("utf8"))
    .filter((name) => existsSync(join(path, name)));
}

interface Place {
  readonly libraryPath: string;
  readonly workPath: string;
  readonly path: string;
}

function planRom({ libraryPath, workPath, path }: Place): RomPlan | null {
  const fullPath = join(libraryPath, path);
  const isFolder = statSync(fullPath).isDirectory();
  if (isLeftOut(basename(path), isFolder ? "folder" : "file")) return null;
  const isHashed = !NEVER_HASHED.has(path.split("/")[1] ?? "");
  if (!isFolder) {
    const content = isHashed ? planContent(fullPath, { workPath, isRom: true }) : null;
    const file = { ...describe(libraryPath, path), isTopLevel: true, content };
    return { path, files: [file], wholePath: content?.path ?? null };
  }
  const files = listFiles(fullPath).map((name): FilePlan => {
    const filePath = `${path}/${name}`;
    const content = isHashed ? planContent(join(fullPath, name), { workPath, isRom: false }) : null;
    return { ...describe(libraryPath, filePath), isTopLevel: !name.includes("/"), content };
  });
  const top = inPathOrder(files.filter((file) => file.isTopLevel));
  const parts = top.flatMap(({ content }) => (content === null ? [] : [content.path]));
  return { path, files, wholePath: parts.length === 0 ? null : joinFiles(parts, workPath) };
}

/** Relative paths of all files in a folder; links to folders are not followed. */
function listFiles(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return listFiles(join(path, entry.name)).map((name) => `${entry.name}/${name}`);
    const isFile = existsSync(join(path, entry.name)) && statSync(join(path, entry.name)).isFile();
    return isFile && !isLeftOut(entry.name, "file") ? [entry.name] : [];
  });
}

function describe(libraryPath: string, path: string) {
  const fullPath = join(libraryPath, path);
  const folder = path.slice(0, path.lastIndexOf("/"));
  return {
    path,
    sizeBytes: statSync(fullPath).size,
    category: findCategoryByRule(folder),
    chdSha1: NEVER_HASHED.has(path.split("/")[1] ?? "") ? "" : readChdSha1(fullPath),
  };
}

/** 20 bytes at 84 of a header of version 5. */
function readChdSha1(path: string): string {
  const head = readFileSync(path).subarray(0, 124);
  const isChd = head.subarray(0, 8).toString("latin1") === "MComprHD" && head.readUInt32BE(12) === 5;
  return isChd ? head.subarray(84, 104).toString("hex") : "";
}

function planContent(
  path: string,
  { workPath, isRom }: { readonly workPath: string; readonly isRom: boolean },
): Plan {
  const raw: Plan = { path, isPacked: false, members: null };
  if (isRom && COMPOSITE_EXTENSIONS.has(toExtension(basename(path)))) {
    const members = listMembers(path, workPath).filter(({ name }) => !isLeftOut(basename(name), "member"));
    if (members.length === 0) return raw;
    const sorted = [...members].sort((a, b) => compareText(a.name, b.name));
    const whole = joinFiles(
      sorted.map((member) => member.path),
      workPath,
    );
    return { path: whole, isPacked: true, members: sorted };
  }
  const inner = findInner(path, workPath);
  return inner === null ? raw : { path: inner, isPacked: true, members: null };
}

/** The largest thing in a packed file, or what it decompresses to; null: it counts as it is. */
function findInner(path: string, workPath: string): string | null {
  const head = readFileSync(path).subarray(0, 512);
  const starts = (hex: string) => head.toString("hex").startsWith(hex);
  if (starts("504b0304") || starts("377abcaf271c")) return largestOf(unpackWith7z(path, workPath));
  if (starts("425a68")) return unpackStream(path, workPath);
  if (head.subarray(257, 262).toString("latin1") === "ustar") return largestOf(unpackTar(path, workPath));
  const stream = starts("1f8b") ? unpackStream(path, workPath) : null;
  return stream === null ? null : largestOf(unpackTar(stream, workPath));
}

function largestOf(members: readonly PackedMember[]): string | null {
  const sizeOf = (member: PackedMember) => statSync(member.path).size;
  return [...members].sort((a, b) => sizeOf(b) - sizeOf(a))[0]?.path ?? null;
}

/** One file with the bytes of several, in order; the file itself where it is one. */
function joinFiles(paths: readonly string[], workPath: string): string {
  const [only, ...more] = paths;
  if (only !== undefined && more.length === 0) return only;
  const path = join(workPath, `joined-${readdirSync(workPath).length}`);
  writeFileSync(path, Buffer.concat(paths.map((part) => readFileSync(part))));
  return path;
}
