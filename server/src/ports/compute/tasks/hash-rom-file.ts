import { basename } from "node:path";
import type { Hashes } from "@multitap/native/hash";
import { ARCHIVE_EXTENSIONS } from "../../../base/archive-names.ts";
import { parseFileName } from "../../../base/file-name.ts";
import { type ArchiveFile, ArchiveRefusal, refuse } from "../archives/archive.ts";
import {
  type Capture,
  hashAllMembers,
  hashLargestMember,
  type MemberWork,
} from "../archives/hash-members.ts";
import { openArchive, readStream, type StreamKind } from "../archives/open-archive.ts";
import { detectPacked, type PackedKind } from "../archives/packed-kind.ts";
import { createDigests, type Digests } from "../digests.ts";
import { describeFault } from "../file-failure.ts";
import { HASH_BUFFER_BYTES, HEAD_BYTES } from "../limits.ts";
import type { TaskContext } from "../task.ts";
import {
  closeHashing,
  type FailedFile,
  fillBuffer,
  finishHashing,
  type OpenedFile,
  openHashing,
} from "./hash-files-reading.ts";
import type { HashedMember, HashRomShape, RomFileHashes, RomFileToHash } from "./hash-rom-shape.ts";
import { findChdSha1, readHead } from "./read-head.ts";

/** What hashing a file of a rom needs. */
export interface RomFileWork extends MemberWork {
  readonly context: TaskContext<HashRomShape["progress"]>;
  /** It is the rom itself, so that an archive counts with all its members. */
  readonly isRom: boolean;
  /** The rom's digest up to this file; null before its first file, or when the file is no part of it. */
  readonly whole: Digests | null;
  report(problem: { readonly code: string; readonly path: string; readonly message: string }): void;
  readonly capture: Capture | null;
}

/** A file's hashes, and the rom's digest with the file in it. */
export interface HashedRomFile {
  readonly hashes: RomFileHashes;
  readonly whole: Digests;
  /** The file is packed in a way that is looked into. */
  readonly kind: PackedKind | null;
}

/** Hashes what a file holds, or its bytes when it is not packed or cannot be unpacked. */
export async function hashRomFile(
  file: RomFileToHash,
  work: RomFileWork,
): Promise<HashedRomFile | FailedFile> {
  await work.context.checkpoint();
  const opened = openHashing(file);
  if ("failure" in opened) return opened;
  try {
    return await hashOpened(opened, work);
  } catch (fault) {
    return { id: file.id, failure: describeFault(file.path, fault) };
  } finally {
    closeHashing(opened);
  }
}

async function hashOpened(opened: OpenedFile, work: RomFileWork): Promise<HashedRomFile | FailedFile> {
  const head = readHead(opened);
  const extension = parseFileName(basename(opened.file.path)).extension.toLowerCase();
  // Tars from before there was a mark are told by their name.
  const kind = detectPacked(head) ?? (extension === "tar" ? "tar" : null);
  const unpacked = await tryUnpacking(opened, { kind, extension, work });
  const done = unpacked ?? (await hashBytes(opened, work));
  if ("failure" in done) return done;
  const finished = finishHashing(opened, done.own);
  if ("failure" in finished) return finished;
  const { raHash: _raHash, ...facts } = finished;
  const chdSha1 = unpacked === null ? findChdSha1(head) : "";
  const hashes = { ...facts, ...done.own, chdSha1, isPacked: unpacked !== null, members: done.members };
  return { hashes, whole: done.whole, kind };
}

interface Done {
  readonly own: Hashes;
  readonly whole: Digests;
  readonly members: readonly HashedMember[] | null;
}

interface Packing {
  readonly kind: PackedKind | null;
  readonly extension: string;
  readonly work: RomFileWork;
}

/** Gives null where the file's own bytes have to be hashed, with a problem when they should not have been. */
async function tryUnpacking(opened: OpenedFile, packing: Packing): Promise<Done | null> {
  const { path } = opened.file;
  try {
    return await unpack({ path, handle: opened.handle, sizeBytes: opened.sizeBytes }, packing);
  } catch (error) {
    if (!(error instanceof ArchiveRefusal)) throw error;
    const { report, capture } = packing.work;
    const message = `${basename(path)} ${error.message}; its own bytes are hashed instead`;
    report({ code: `hash_archive_${error.reason}`, path, message });
    capture?.spool.clear();
    if (capture !== null) capture.name = null;
    return null;
  }
}

async function unpack(file: ArchiveFile, { kind, extension, work }: Packing): Promise<Done | null> {
  if (work.isRom && ARCHIVE_EXTENSIONS.has(extension)) {
    if (kind === null) return refuse("damaged", `is called .${extension}, which it is not`);
    const archive = await openArchive(file, kind, work.context);
    const { whole, members } = await hashAllMembers(archive, work);
    return { own: whole.fork().finish(), whole, members };
  }
  switch (kind) {
    case "zip":
    case "7z":
    case "tar":
      return await hashLargest(file, kind, work);
    case "bz2":
      return await hashStream(file, kind, work);
    case "gz":
      return (await holdsTar(file, extension, work)) ? await hashLargest(file, kind, work) : null;
    default:
      return null;
  }
}

async function hashLargest(file: ArchiveFile, kind: PackedKind, work: RomFileWork): Promise<Done> {
  const archive = await openArchive(file, kind, work.context);
  const { own, whole } = await hashLargestMember(archive, work.whole, work);
  return { own: own.fork().finish(), whole: whole ?? own, members: null };
}

async function hashStream(file: ArchiveFile, kind: StreamKind, work: RomFileWork): Promise<Done> {
  const { context, addBytes, capture } = work;
  const digests = startDigests(work);
  for await (const bytes of readStream(file, kind, context)) {
    digests.update(bytes);
    capture?.spool.append(bytes);
    addBytes(bytes.length);
    await context.checkpoint();
  }
  if (capture !== null) capture.name = basename(file.path).replace(/\.[^.]*$/, "");
  return { ...digests.finish(), members: null };
}

/** Tells whether a gz holds a tar, by its name or by the first bytes of what it holds. */
async function holdsTar(file: ArchiveFile, extension: string, work: RomFileWork): Promise<boolean> {
  if (extension === "tar.gz" || extension === "tgz") return true;
  const head = new Uint8Array(HEAD_BYTES);
  let done = 0;
  for await (const bytes of readStream(file, "gz", work.context)) {
    head.set(bytes.subarray(0, HEAD_BYTES - done), done);
    done += Math.min(bytes.length, HEAD_BYTES - done);
    if (done === HEAD_BYTES) break;
  }
  return detectPacked(head) === "tar";
}

async function hashBytes(opened: OpenedFile, work: RomFileWork): Promise<Done | FailedFile> {
  const { context, addBytes } = work;
  const buffer = context.scratch(HASH_BUFFER_BYTES);
  const digests = startDigests(work);
  while (opened.readBytes < opened.sizeBytes) {
    if (opened.readBytes > 0) await context.checkpoint();
    const count = fillBuffer(opened, buffer);
    if (typeof count !== "number") return count;
    digests.update(count === buffer.length ? buffer : buffer.subarray(0, count));
    addBytes(count);
  }
  return { ...digests.finish(), members: null };
}

/** Feeds the file's digests, and the rom's where they are not the same. */
function startDigests({ whole }: RomFileWork) {
  const own = createDigests();
  const ahead = whole?.fork() ?? null;
  return {
    update(bytes: Uint8Array) {
      own.update(bytes);
      ahead?.update(bytes);
    },
    finish: () => ({ own: own.fork().finish(), whole: ahead ?? own }),
  };
}
