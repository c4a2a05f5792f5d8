import { basename } from "node:path";
import { refuse as refuseArchive } from "../archives/archive.ts";
import { baseNameOf } from "../archives/member-names.ts";
import { isStreamKind, openArchive, readStream } from "../archives/open-archive.ts";
import { detectPacked, type PackedKind } from "../archives/packed-kind.ts";
import { createSpool } from "../archives/spool.ts";
import { HEAD_BYTES } from "../limits.ts";
import type { TaskContext } from "../task.ts";
import { readPart } from "./cursor.ts";
import { fileBytes, type OpenFile } from "./file-bytes.ts";
import { type RandomBytes, refuse as refusePatch } from "./patch.ts";

/** What is patched. */
export interface PatchSource {
  readonly bytes: RandomBytes;
  /** Name of the only file of an archive; null for a file that is no archive. */
  readonly memberName: string | null;
  close(): void;
}

export interface OpenSourceOptions {
  readonly context: Pick<TaskContext<never>, "checkpoint" | "settings">;
  readonly bytesMax: number;
}

/**
 * Opens what a patch is for: the file's bytes, or those of its only file when it is an archive, since no patch is made
 * for one packer's way of packing.
 * @throws ArchiveRefusal also when it holds several files.
 */
export async function openPatchSource(
  file: OpenFile & { readonly sizeBytes: number },
  options: OpenSourceOptions,
): Promise<PatchSource> {
  const bytes = fileBytes(file);
  const kind = detectPacked(readPart(bytes, 0, HEAD_BYTES));
  if (kind === null) return { bytes, memberName: null, close: () => undefined };
  return await unpackOnly(file, kind, options);
}

async function unpackOnly(
  file: OpenFile & { readonly sizeBytes: number },
  kind: PackedKind,
  { context, bytesMax }: OpenSourceOptions,
): Promise<PatchSource> {
  const { name, pieces } = await openOnly(file, kind, context);
  const spool = createSpool(context);
  try {
    for await (const piece of pieces) {
      if (spool.sizeBytes + piece.length > bytesMax)
        refusePatch("too_large", `is for a rom of more than ${bytesMax} bytes`);
      spool.append(piece);
      await context.checkpoint();
    }
  } catch (error) {
    spool.close();
    throw error;
  }
  const bytes: RandomBytes = {
    sizeBytes: spool.sizeBytes,
    readInto: (start, into) => into.set(spool.read(start, start + into.length)),
  };
  return { bytes, memberName: name, close: () => spool.close() };
}

async function openOnly(
  file: OpenFile & { readonly sizeBytes: number },
  kind: PackedKind,
  context: OpenSourceOptions["context"],
): Promise<{ readonly name: string; readonly pieces: AsyncIterable<Uint8Array> }> {
  if (isStreamKind(kind)) {
    const name = basename(file.path).replace(/\.[^.]*$/, "");
    return { name, pieces: readStream(file, kind, context) };
  }
  const archive = await openArchive(file, kind, context);
  if (archive.kind === "streamed") return refuseArchive("unsupported", "is a tar; unpack it first");
  const indexes = [...archive.members.keys()].filter((index) => archive.members[index]?.isRegular === true);
  const [only = -1, ...more] = indexes;
  const member = archive.members[only];
  if (member === undefined || more.length > 0)
    return refuseArchive(
      "unsupported",
      `holds ${indexes.length} files, and a patch is for one; unpack it first`,
    );
  return { name: baseNameOf(member.name), pieces: bytesOf(archive.read([only])) };
}

async function* bytesOf(
  parts: AsyncIterable<{ readonly kind: string; readonly bytes?: Uint8Array }>,
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) if (part.bytes !== undefined) yield part.bytes;
}
