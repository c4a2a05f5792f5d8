import { inflateRawSync } from "node:zlib";
import { HASH_BUFFER_BYTES, ZIP_INFLATE_AT_ONCE_BYTES, ZIP_INFLATED_AT_ONCE_BYTES } from "../limits.ts";
import {
  type ArchiveContext,
  type ArchiveFile,
  type ArchivePart,
  type ListedArchive,
  refuse,
} from "./archive.ts";
import { inflate, refuseZlib } from "./inflate.ts";
import { readInto, readRange } from "./read-file.ts";
import { createUnpackGuard, type UnpackGuard } from "./unpack-guard.ts";
import { readZipDirectory, type ZipMember } from "./zip-directory.ts";

const LOCAL_BYTES = 30;
const METHOD_STORED = 0;
const METHOD_DEFLATED = 8;

/** A zip that is read in this process. */
export interface ZipArchive extends ListedArchive {
  /** Its members are all packed in ways that the runtime unpacks; else 7-Zip has to read it. */
  readonly isReadHere: boolean;
}

/**
 * Opens a zip: reads its directory.
 * @throws ArchiveRefusal
 */
export function openZip(file: ArchiveFile, context: ArchiveContext): ZipArchive {
  const members = readZipDirectory(file);
  return {
    kind: "listed",
    members,
    isRandomAccess: true,
    isReadHere: members.every(({ method }) => method === METHOD_STORED || method === METHOD_DEFLATED),
    async *read(indexes) {
      const guard = createUnpackGuard(file.sizeBytes);
      const wanted = indexes.flatMap((index) => members[index] ?? []);
      guard.declare(wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
      for (const index of indexes) {
        const member = members[index];
        if (member !== undefined) yield* readMember({ file, context, guard }, member, index);
      }
    },
  };
}

interface Reading {
  readonly file: ArchiveFile;
  readonly context: ArchiveContext;
  readonly guard: UnpackGuard;
}

async function* readMember(reading: Reading, member: ZipMember, index: number): AsyncGenerator<ArchivePart> {
  if (member.isEncrypted) refuse("encrypted", "is encrypted");
  yield { kind: "member", index, member };
  let unpackedBytes = 0;
  for await (const bytes of unpack(reading, member)) {
    reading.guard.add(bytes.length);
    unpackedBytes += bytes.length;
    if (unpackedBytes > member.sizeBytes) refuse("damaged", `holds more in ${nameOf(member)} than it says`);
    yield { kind: "bytes", bytes };
  }
  if (unpackedBytes < member.sizeBytes) refuse("damaged", `holds less in ${nameOf(member)} than it says`);
  yield { kind: "end" };
}

async function* unpack(
  { file, context }: Reading,
  member: ZipMember,
): AsyncGenerator<Uint8Array, void, undefined> {
  await context.checkpoint();
  const start = findData(file, member);
  const end = start + member.packedBytes;
  if (end > file.sizeBytes) refuse("damaged", `ends inside ${nameOf(member)}`);
  if (member.method === METHOD_STORED) yield* readStored(file, { start, end }, context);
  else if (fitsAtOnce(member)) yield unpackAtOnce(readRange(file, start, member.packedBytes), member);
  else yield* inflate(file, { form: "raw", start, end }, context);
}

/** The local header repeats the name and may have other extra fields than the directory. */
function findData(file: ArchiveFile, member: ZipMember): number {
  const local = readRange(file, member.offset, LOCAL_BYTES);
  const view = new DataView(local.buffer, local.byteOffset, local.byteLength);
  if (view.getUint32(0, true) !== 0x04034b50)
    refuse("damaged", `has ${nameOf(member)} elsewhere than it says`);
  return member.offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

/** Stored bytes are read into one buffer, as nobody keeps them. */
async function* readStored(
  file: ArchiveFile,
  { start, end }: { readonly start: number; readonly end: number },
  context: ArchiveContext,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(HASH_BUFFER_BYTES, end - start));
  for (let at = start; at < end; at += buffer.length) {
    if (at > start) await context.checkpoint();
    const into = buffer.subarray(0, Math.min(buffer.length, end - at));
    if (readInto(file, { start: at, into }) < into.length) refuse("damaged", "became shorter");
    yield into;
  }
}

function fitsAtOnce({ packedBytes, sizeBytes }: ZipMember): boolean {
  return packedBytes <= ZIP_INFLATE_AT_ONCE_BYTES && sizeBytes <= ZIP_INFLATED_AT_ONCE_BYTES;
}

function unpackAtOnce(packed: Uint8Array, member: ZipMember): Uint8Array {
  try {
    // One byte more than declared, so that a member that holds more is told from a damaged one.
    return inflateRawSync(packed, { maxOutputLength: member.sizeBytes + 1 });
  } catch (error) {
    return refuseZlib(error);
  }
}

/** A name for a message: short, and on one line. */
function nameOf({ name }: ZipMember): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}
