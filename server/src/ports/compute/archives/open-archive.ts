import {
  type ArchiveContext,
  type ArchiveFile,
  type ListedArchive,
  refuse,
  type StreamedArchive,
} from "./archive.ts";
import { inflate } from "./inflate.ts";
import type { PackedKind } from "./packed-kind.ts";
import { readPieces } from "./read-file.ts";
import { openBySevenZip } from "./seven-zip.ts";
import { runSevenZip } from "./seven-zip-process.ts";
import { openTar } from "./tar.ts";
import { createUnpackGuard } from "./unpack-guard.ts";
import { openZip } from "./zip.ts";

/** What holds one stream of bytes and no names. */
export type StreamKind = Extract<PackedKind, "gz" | "bz2" | "xz">;

/** Tells the containers that hold one stream of bytes. */
export const isStreamKind = (kind: PackedKind): kind is StreamKind =>
  kind === "gz" || kind === "bz2" || kind === "xz";

/**
 * Opens an archive. A gz, bz2 or xz is taken to hold a tar; reading it tells when it does not.
 * @throws ArchiveRefusal
 */
export async function openArchive(
  file: ArchiveFile,
  kind: PackedKind,
  context: ArchiveContext,
): Promise<ListedArchive | StreamedArchive> {
  switch (kind) {
    case "zip": {
      const zip = openZip(file, context);
      return zip.isReadHere ? zip : await openBySevenZip(file, "zip", context);
    }
    case "7z":
      return await openBySevenZip(file, "7z", context);
    case "rar4":
      return await openBySevenZip(file, "rar", context);
    case "rar5":
      return await openBySevenZip(file, "rar5", context);
    case "tar":
      return openTar(() => readPieces(file, { start: 0, end: file.sizeBytes }, context), file.sizeBytes);
    default:
      return openTar(() => readStream(file, kind, context), file.sizeBytes);
  }
}

/**
 * Reads what a gz, bz2 or xz holds.
 * @throws ArchiveRefusal
 */
export async function* readStream(
  file: ArchiveFile,
  kind: StreamKind,
  context: ArchiveContext,
): AsyncGenerator<Uint8Array> {
  if (file.sizeBytes === 0) refuse("damaged", "is empty");
  const guard = createUnpackGuard(file.sizeBytes);
  const pieces =
    kind === "gz"
      ? inflate(file, { form: "gzip", start: 0, end: file.sizeBytes }, context)
      : runSevenZip({ command: "x", type: kind === "bz2" ? "bzip2" : "xz", path: file.path }, context);
  for await (const bytes of pieces) {
    guard.add(bytes.length);
    yield bytes;
  }
}
