import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { compareByCodePoint } from "../../../base/code-point-order.ts";
import { AppError } from "../../../base/errors.ts";
import { type ArchiveFile, ArchiveRefusal } from "../archives/archive.ts";
import { openZip } from "../archives/zip.ts";
import { describeFault } from "../file-failure.ts";
import { HASH_BUFFER_BYTES, ZIP_END_SEARCH_BYTES } from "../limits.ts";
import type { Task, TaskContext } from "../task.ts";

/** What identifies the bytes of a save or a state; lower-case hex. */
export interface AssetDigests {
  readonly sizeBytes: number;
  readonly md5: string;
  readonly sha1: string;
  /**
   * MD5 of the bytes, and for a zip of what it holds, so that packing again does not make it another save. Null
   * for a zip that cannot be read.
   */
  readonly contentHash: string | null;
}

export type HashAssetShape = {
  readonly input: { readonly path: string };
  readonly output: AssetDigests;
  readonly progress: never;
};

/** Reads a stored file of a user through for everything that identifies it. */
export const hashAsset: Task<HashAssetShape> = {
  async run({ path }, context) {
    const file = openFile(path);
    try {
      const { md5, sha1 } = await digest(file, context);
      const isZip = findZipEnd(readTail(file)) !== null;
      const contentHash = isZip ? await hashZipContent(file, context) : md5;
      return { sizeBytes: file.sizeBytes, md5, sha1, contentHash };
    } finally {
      closeSync(file.handle);
    }
  },
};

function openFile(path: string): ArchiveFile {
  try {
    const handle = openSync(path, "r");
    return { path, handle, sizeBytes: fstatSync(handle).size };
  } catch (fault) {
    throw new AppError("internal", "INTERNAL", { message: describeFault(path, fault).message, cause: fault });
  }
}

async function digest(file: ArchiveFile, context: TaskContext<never>) {
  const md5 = createHash("md5");
  const sha1 = createHash("sha1");
  const buffer = context.scratch(HASH_BUFFER_BYTES);
  for (let at = 0; at < file.sizeBytes; ) {
    await context.checkpoint();
    const count = readSync(file.handle, buffer, 0, buffer.length, at);
    if (count === 0) break;
    md5.update(buffer.subarray(0, count));
    sha1.update(buffer.subarray(0, count));
    at += count;
  }
  return { md5: md5.digest("hex"), sha1: sha1.digest("hex") };
}

function readTail({ handle, sizeBytes }: ArchiveFile): Uint8Array {
  const tail = new Uint8Array(Math.min(sizeBytes, ZIP_END_SEARCH_BYTES));
  readSync(handle, tail, 0, tail.length, sizeBytes - tail.length);
  return tail;
}

const END_BYTES = 22;

/**
 * Finds the record that ends a zip in the last bytes of a file, as every app that computes the hash does: what counts
 * is the record, not how the file begins.
 */
export function findZipEnd(tail: Uint8Array): number | null {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  const at = bytes.lastIndexOf("PK\x05\x06", bytes.length - END_BYTES, "latin1");
  return at < 0 || bytes.length < END_BYTES ? null : at;
}

/**
 * The hash of what a zip holds: a line of name and MD5 per entry that is no folder, by name in code-point order, and
 * the MD5 of these lines. Of entries with one name the last counts for each of them.
 */
async function hashZipContent(file: ArchiveFile, context: TaskContext<never>): Promise<string | null> {
  try {
    const zip = openZip(file, context);
    if (!zip.isReadHere) return null;
    const { members } = zip;
    const names = members.map(({ name }) => name).filter((name) => !name.endsWith("/"));
    const lastOf = new Map(members.map(({ name }, index) => [name, index]));
    const wanted = [...new Set(names)].flatMap((name) => lastOf.get(name) ?? []).sort((a, b) => a - b);
    const digests = new Map<string, string>();
    let name = "";
    let declared: number | null = null;
    let checksum = 0;
    let md5 = createHash("md5");
    for await (const part of zip.read(wanted)) {
      if (part.kind === "member") {
        ({ name, crc32: declared } = part.member);
        checksum = 0;
        md5 = createHash("md5");
      } else if (part.kind === "bytes") {
        checksum = crc32(part.bytes, checksum);
        md5.update(part.bytes);
      } else {
        if (declared !== checksum) return null;
        digests.set(name, md5.digest("hex"));
      }
    }
    const lines = names.sort(compareByCodePoint).map((each) => `${each}:${digests.get(each) ?? ""}`);
    return createHash("md5").update(lines.join("\n")).digest("hex");
  } catch (error) {
    if (error instanceof ArchiveRefusal) return null;
    throw error;
  }
}
