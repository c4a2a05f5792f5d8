import type { ScanStats } from "../base/events.ts";
import { FILE_CATEGORIES } from "../base/file-categories.data.ts";
import type { DirectoryEntry } from "../ports/files/port.ts";
import type {
  DiscoveredFile,
  FileChanges,
  KnownFile,
  KnownRom,
  MoveCandidate,
} from "../roms/discovery/contract.ts";
import type { ScanType } from "./contract.ts";
import { MISSING_CONFIRM_ROMS, MISSING_CONFIRM_SHARE } from "./limits.ts";

/** Counters of a scan that has not begun. */
export function emptyStats(): ScanStats {
  return {
    platformsTotal: 0,
    romsTotal: 0,
    platformsDone: 0,
    platformsNew: 0,
    platformsIdentified: 0,
    romsDone: 0,
    romsNew: 0,
    romsIdentified: 0,
    romsMissing: 0,
    filesHashed: 0,
    bytesHashed: 0,
    firmwareDone: 0,
    firmwareNew: 0,
    problems: 0,
  };
}

/** Counters a scan keeps when it goes on after a crash; what its first pass counts, it counts again. */
export function resumedStats(stats: ScanStats): ScanStats {
  const { platformsNew, romsNew, romsMissing, filesHashed, bytesHashed } = stats;
  return { ...emptyStats(), platformsNew, romsNew, romsMissing, filesHashed, bytesHashed };
}

/** Reads a file's category from the names of the folders it lies in, at any depth; null when none is one. */
export function findCategory(filePath: string): string | null {
  const folders = new Set(filePath.toLowerCase().split("/"));
  return FILE_CATEGORIES.find((name) => folders.has(name) || folders.has(`${name}s`)) ?? null;
}

/** The parts of what was found in a platform folder, compared with what is known. */
export interface FolderDiff {
  /** Names without a row, in code-point order. */
  readonly added: readonly string[];
  readonly kept: readonly { readonly name: string; readonly known: KnownRom }[];
  readonly gone: readonly KnownRom[];
}

/**
 * Compares names on disk with known roms. Names are equal when their NFC forms are, because a share may
 * hand the same file out in either form; an exact match wins over an equal form.
 */
export function compareFolder(names: readonly string[], known: readonly KnownRom[]): FolderDiff {
  const exact = new Map(known.map((rom) => [rom.fsName, rom]));
  const folded = new Map(known.map((rom) => [rom.fsName.normalize("NFC"), rom]));
  const present = new Set(names);
  const seen = new Set<number>();
  const added: string[] = [];
  const kept: { name: string; known: KnownRom }[] = [];
  for (const name of [...names].sort()) {
    const other = folded.get(name.normalize("NFC"));
    const match = exact.get(name) ?? (other !== undefined && !present.has(other.fsName) ? other : undefined);
    if (match === undefined || seen.has(match.romId)) {
      added.push(name);
      continue;
    }
    seen.add(match.romId);
    kept.push({ name, known: match });
  }
  return { added, kept, gone: known.filter((rom) => !seen.has(rom.romId)) };
}

/** What makes two scans equal. */
export interface ScanWish {
  readonly type: ScanType;
  readonly platformFsSlugs: readonly string[];
  readonly romIds: readonly number[];
  readonly sources: readonly string[];
  readonly acceptMissing: boolean;
}

/** Tells whether two scans would find the same, wherever in the list a folder or a rom was named. */
export function isSameScan(one: ScanWish, other: ScanWish): boolean {
  const keyOf = (wish: ScanWish) =>
    JSON.stringify([
      wish.type,
      [...new Set(wish.platformFsSlugs)].sort(),
      [...new Set(wish.romIds)].sort((a, b) => a - b),
      [...new Set(wish.sources)].sort(),
      wish.acceptMissing,
    ]);
  return keyOf(one) === keyOf(other);
}

/** How the files of a rom on disk differ from its rows. */
export type FileDiff = Pick<FileChanges, "added" | "changed" | "goneFileIds">;

/** Compares files on disk with known files by folder and name; sizes and times tell which changed. */
export function compareFiles(files: readonly DiscoveredFile[], known: readonly KnownFile[]): FileDiff {
  const placeOf = (file: { readonly filePath: string; readonly fileName: string }) =>
    `${file.filePath}/${file.fileName}`;
  const rows = new Map(known.map((row) => [placeOf(row), row]));
  const added: DiscoveredFile[] = [];
  const changed: (DiscoveredFile & { readonly fileId: number })[] = [];
  for (const file of files) {
    const row = rows.get(placeOf(file));
    rows.delete(placeOf(file));
    if (row === undefined) {
      added.push(file);
      continue;
    }
    const isSame = row.sizeBytes === file.sizeBytes && row.modifiedAtMs === file.modifiedAtMs;
    if (!isSame || row.isMissing) changed.push({ ...file, fileId: row.fileId });
  }
  const goneFileIds = [...rows.values()].filter((row) => !row.isMissing).map((row) => row.fileId);
  return { added, changed, goneFileIds };
}

/** The digests that tell one rom from another. */
export interface RomDigests {
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}

/**
 * Finds the one candidate with these digests. Of several, which are copies of each other, the one of the same name
 * is meant; without it nobody can tell.
 */
export function findMove(
  candidates: readonly MoveCandidate[],
  digests: RomDigests,
  fsName: string,
): MoveCandidate | null {
  if (digests.sha1 === "" || digests.md5 === "" || digests.crc32 === "") return null;
  const equal = candidates.filter(
    ({ crc32, md5, sha1 }) => crc32 === digests.crc32 && md5 === digests.md5 && sha1 === digests.sha1,
  );
  if (equal.length <= 1) return equal[0] ?? null;
  return equal.find((candidate) => candidate.fsName === fsName) ?? null;
}

/** Tells whether so many roms vanished at once that somebody should confirm it. */
export function needsConfirmation(goneCount: number, knownCount: number): boolean {
  return goneCount > Math.max(MISSING_CONFIRM_ROMS, knownCount * MISSING_CONFIRM_SHARE);
}

/** Something about one entry that the operator should know. */
export interface EntryProblem {
  readonly code: "name_not_utf8" | "link_broken" | "not_a_file" | "name_control_character";
  readonly name: string;
  readonly message: string;
}

/** Line breaks and other controls: stored and served, but some apps cannot show them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Judges one directory entry; null when there is nothing to say. */
export function judgeEntry(entry: DirectoryEntry): EntryProblem | null {
  if (entry.name === null) {
    const name = formatRawName(entry.rawName);
    return { code: "name_not_utf8", name, message: "the name is not valid UTF-8; rename it to add it" };
  }
  const { name } = entry;
  if (entry.kind === "other" && entry.isLink) {
    return { code: "link_broken", name, message: "the link points at nothing, or in a circle" };
  }
  if (entry.kind === "other") return { code: "not_a_file", name, message: "neither a file nor a folder" };
  if (!CONTROL.test(name)) return null;
  return {
    code: "name_control_character",
    name,
    message: "the name holds a line break or control character",
  };
}

/** Bytes that are no text, readable: printable ASCII as it is, the rest as \xNN. */
export function formatRawName(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

/** Puts control characters of a path into a form that fits one log line. */
export function formatPath(path: string): string {
  return path.replaceAll(new RegExp(CONTROL, "g"), (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
