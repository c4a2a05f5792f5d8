/** Makes the library that the recording was made with, with bytes of our own. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeBytes, writeU16, writeU32 } from "../library/fields.ts";
import { createStoredZip } from "../library/stored-zip.ts";
import { type Content, LIBRARY, type LibraryFile } from "./library.data.ts";

/** Offset of the length of a zip's comment in its last record, which is 22 bytes long. */
const ZIP_COMMENT_AT = 20;
const ZIP_END_BYTES = 22;
/** What a stored zip of one member takes beside the member's bytes and twice its name. */
const ZIP_ENTRY_BYTES = 98;
/** What gzip takes beside bytes that do not compress. */
const GZIP_EXTRA_BYTES = 64;
const SHA1_BYTES = 20;

/** Bytes that look random and are the same for the same name. */
function createBytes(name: string, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  for (let offset = 0, block = 0; offset < sizeBytes; block += 1) {
    const digest = new Bun.CryptoHasher("sha256").update(`${name} ${block}`).digest();
    const part = digest.subarray(0, sizeBytes - offset);
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** A stored zip of exactly a size; what its members leave over becomes its comment. */
function createZip(name: string, members: Readonly<Record<string, number>>, sizeBytes: number): Uint8Array {
  const zip = createStoredZip(
    Object.entries(members).map(([member, size]) => ({
      name: member,
      bytes: createBytes(`${name}/${member}`, size),
    })),
  );
  const commentBytes = sizeBytes - zip.length;
  if (commentBytes < 0) throw new RangeError(`the members of ${name} take more than ${sizeBytes} bytes`);
  writeU16(zip, zip.length - ZIP_END_BYTES + ZIP_COMMENT_AT, commentBytes);
  return Buffer.concat([zip, Buffer.alloc(commentBytes, ".")]);
}

function createGzip(name: string, sizeBytes: number): Uint8Array {
  for (let least = Math.max(0, sizeBytes - GZIP_EXTRA_BYTES); least <= sizeBytes; least += 1) {
    const packed = Bun.gzipSync(createBytes(name, least));
    if (packed.length === sizeBytes) return packed;
  }
  throw new RangeError(`no gzip of ${name} has ${sizeBytes} bytes`);
}

/** A CHD of version 5: only its header, whose hash is what a scan reads. */
function createChd(name: string, sizeBytes: number): Uint8Array {
  const bytes = createBytes(name, sizeBytes);
  writeBytes(bytes, 0, new TextEncoder().encode("MComprHD"));
  // Header of 124 bytes, version 5, both big-endian; the combined SHA-1 stands at 84.
  writeBytes(bytes, 8, [0, 0, 0, 124, 0, 0, 0, 5]);
  writeBytes(bytes, 84, createBytes(`${name} sha1`, SHA1_BYTES));
  return bytes;
}

/** 8-bit mono at 8,000 samples a second: 1,600 bytes of sound after a header of 44 last 0.2 s. */
function createWav(name: string, sizeBytes: number): Uint8Array {
  const bytes = createBytes(name, sizeBytes);
  const text = new TextEncoder();
  writeBytes(bytes, 0, text.encode("RIFF"));
  writeU32(bytes, 4, sizeBytes - 8);
  writeBytes(bytes, 8, text.encode("WAVEfmt "));
  writeU32(bytes, 16, 16);
  writeU16(bytes, 20, 1);
  writeU16(bytes, 22, 1);
  writeU32(bytes, 24, 8_000);
  writeU32(bytes, 28, 8_000);
  writeU16(bytes, 32, 1);
  writeU16(bytes, 34, 8);
  writeBytes(bytes, 36, text.encode("data"));
  writeU32(bytes, 40, sizeBytes - 44);
  return bytes;
}

const CREATORS: Readonly<Record<Extract<Content, string>, (file: LibraryFile) => Uint8Array>> = {
  bytes: ({ path, sizeBytes }) => createBytes(path, sizeBytes),
  gzip: ({ path, sizeBytes }) => createGzip(path, sizeBytes),
  chd: ({ path, sizeBytes }) => createChd(path, sizeBytes),
  wav: ({ path, sizeBytes }) => createWav(path, sizeBytes),
  nes: ({ path, sizeBytes }) => {
    const bytes = createBytes(path, sizeBytes);
    writeBytes(bytes, 0, [0x4e, 0x45, 0x53, 0x1a, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    return bytes;
  },
  pdf: ({ sizeBytes }) => new TextEncoder().encode("%PDF-1.4 ours..").subarray(0, sizeBytes),
};

/** The bytes of one file of the library, exactly as many as it says. */
export function createContent(file: LibraryFile): Uint8Array {
  const { path, sizeBytes, content } = file;
  if (typeof content === "string") return CREATORS[content](file);
  if ("zip" in content) return createZip(path, content.zip, sizeBytes);
  const memberBytes = sizeBytes - ZIP_ENTRY_BYTES - 2 * content.zipOf.length;
  return createZip(path, { [content.zipOf]: memberBytes }, sizeBytes);
}

/** Writes the library below a base folder. */
export async function writeLibrary(basePath: string): Promise<void> {
  for (const file of LIBRARY) {
    const path = join(basePath, "library", file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, createContent(file));
  }
}
