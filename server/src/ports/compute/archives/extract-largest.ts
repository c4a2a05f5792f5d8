import { HASH_BUFFER_BYTES, HEAD_BYTES } from "../limits.ts";
import type { ArchiveContext, ArchiveFile, ListedArchive, StreamedArchive } from "./archive.ts";
import { type Capture, type MemberWork, readLargestMember } from "./hash-members.ts";
import { baseNameOf } from "./member-names.ts";
import { isStreamKind, openArchive, readStream } from "./open-archive.ts";
import { detectPacked, type PackedKind } from "./packed-kind.ts";
import { createSpool, type Spool } from "./spool.ts";
import { openTar } from "./tar.ts";

type Work = Pick<MemberWork, "context" | "addBytes">;

/**
 * Copies the largest member of an archive, or what a gz, bz2 or xz holds; of a tar in it, the largest member.
 * @param name The archive's own name, for what has none inside.
 * @throws ArchiveRefusal, and nothing stays open then.
 */
export async function extractLargest(
  file: ArchiveFile,
  { kind, name }: { readonly kind: PackedKind; readonly name: string },
  work: Work,
): Promise<Capture> {
  const capture: Capture = { spool: createSpool(work.context), name: null };
  try {
    if (isStreamKind(kind)) {
      for await (const bytes of readStream(file, kind, work.context)) {
        capture.spool.append(bytes);
        work.addBytes(bytes.length);
        await work.context.checkpoint();
      }
      capture.name = name.replace(/\.[^.]*$/, "");
    } else await captureLargest(await openArchive(file, kind, work.context), capture, work);
    return await unpackTar(capture, work);
  } catch (error) {
    capture.spool.close();
    throw error;
  }
}

/** Gives the largest member of a copy that is a tar, in place of the copy; any other copy as it is. */
export async function unpackTar(capture: Capture, work: Work): Promise<Capture> {
  const head = capture.spool.read(0, Math.min(HEAD_BYTES, capture.spool.sizeBytes));
  if (detectPacked(head) !== "tar" && !(capture.name ?? "").toLowerCase().endsWith(".tar")) return capture;
  const inner: Capture = { spool: createSpool(work.context), name: null };
  try {
    const tar = openTar(() => readSpool(capture.spool, work.context), capture.spool.sizeBytes);
    await captureLargest(tar, inner, work);
    capture.spool.close();
    return inner;
  } catch (error) {
    inner.spool.close();
    throw error;
  }
}

async function captureLargest(
  archive: ListedArchive | StreamedArchive,
  capture: Capture,
  work: Work,
): Promise<void> {
  await readLargestMember(
    archive,
    {
      begin(member) {
        capture.spool.clear();
        capture.name = baseNameOf(member.name);
      },
      take: (bytes) => capture.spool.append(bytes),
      end: () => undefined,
    },
    work,
  );
}

async function* readSpool(spool: Spool, context: ArchiveContext): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < spool.sizeBytes; at += HASH_BUFFER_BYTES) {
    await context.checkpoint();
    yield spool.read(at, Math.min(at + HASH_BUFFER_BYTES, spool.sizeBytes));
  }
}
