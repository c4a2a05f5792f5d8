import { NativeError, type NativeErrorCode } from "../errors.ts";
import { type Fields, readFields } from "./fields.ts";
import { HUNK_BYTES_MAX, LOGICAL_BYTES_MAX } from "./limits.ts";
import type { ChdHeader } from "./types.ts";

/** The longest header, version 3's 120 and version 5's 124 bytes. */
export const HEADER_BYTES_MAX = 124;
/** Bytes up to and with the version. */
const PREFIX_BYTES = 16;
const TAG = "MComprHD";
/** Header length by version; the file must say exactly that. */
const HEADER_BYTES = [0, 76, 80, 120, 108, 124] as const;
const FLAG_PARENT = 1;
const FLAGS_KNOWN = 3;
const V1_SECTOR_BYTES = 512;
/** The first bound of old versions: their hunk size has to fit the 24 bits of a stored length. */
const OLD_HUNK_BYTES_END = 16 << 20;

/** The header and what only the reader of the file needs. */
export interface ParsedHeader extends Omit<ChdHeader, "unitBytes"> {
  /** Null: the metadata decide. */
  readonly unitBytes: number | null;
  readonly mapOffset: number;
  /** 0: there are none. */
  readonly metadataOffset: number;
  /** Versions 1 and 2 hold the geometry of a hard disk in the header instead of the metadata. */
  readonly geometry: string | null;
}

/** One codec for old versions, a slot each for version 5; 0: plain. */
const OLD_CODECS: readonly (readonly string[])[] = [[], ["zlib"], ["zlib"]];
const KNOWN_CODECS = new Set(["zlib", "lzma", "huff", "flac", "zstd", "cdzl", "cdlz", "cdfl", "cdzs"]);
const CD_FRAME_BYTES = 2448;

function refuse(code: NativeErrorCode, message: string): never {
  throw new NativeError(code, message);
}

function parseCodecs(fields: Fields): string[] {
  const slots = [16, 20, 24, 28].map((at) => (fields.u32(at) === 0 ? "" : fields.text(at, 4)));
  if (slots[0] === "") return [];
  const unknown = slots.find((name) => name !== "" && !KNOWN_CODECS.has(name));
  if (unknown !== undefined) refuse("CHD_UNSUPPORTED", `codec ${JSON.stringify(unknown)} is not supported`);
  return slots;
}

function parseVersion5(fields: Fields): ParsedHeader {
  const hunkBytes = fields.u32(56);
  const unitBytes = fields.u32(60);
  const logicalBytes = fields.u64(32);
  if (hunkBytes === 0 || unitBytes === 0) refuse("CHD_HEADER_INVALID", "the hunk or unit size is zero");
  const codecs = parseCodecs(fields);
  if (codecs.some((name) => name.startsWith("cd")) && hunkBytes % CD_FRAME_BYTES !== 0) {
    refuse("CHD_HEADER_INVALID", `hunks of ${hunkBytes} bytes do not hold whole CD frames`);
  }
  const parentSha1 = fields.digest(104, 20);
  return {
    version: 5,
    codecs,
    hunkBytes,
    hunkCount: Math.ceil(logicalBytes / hunkBytes),
    unitBytes,
    logicalBytes,
    hasParent: parentSha1 !== null,
    md5: null,
    sha1: fields.digest(84, 20),
    rawSha1: fields.digest(64, 20),
    parentMd5: null,
    parentSha1,
    mapOffset: fields.u64(40),
    metadataOffset: fields.u64(48),
    geometry: null,
  };
}

/** What versions 1 to 4 have in common. */
function parseOld(fields: Fields, version: number): { codecs: readonly string[]; hasParent: boolean } {
  const flags = fields.u32(16);
  if ((flags & ~FLAGS_KNOWN) !== 0) refuse("CHD_HEADER_INVALID", "a flag without meaning is set");
  const compression = fields.u32(20);
  const codecs = OLD_CODECS[compression];
  if (codecs === undefined) {
    refuse("CHD_UNSUPPORTED", `compression ${compression} of version ${version} is not supported`);
  }
  return { codecs, hasParent: (flags & FLAG_PARENT) !== 0 };
}

function parseVersion1(fields: Fields, version: 1 | 2): ParsedHeader {
  const old = parseOld(fields, version);
  const sectorBytes = version === 1 ? V1_SECTOR_BYTES : fields.u32(76);
  const [cylinders, heads, sectors] = [fields.u32(32), fields.u32(36), fields.u32(40)];
  const sectorsPerHunk = fields.u32(24);
  if (cylinders * heads * sectors * sectorBytes * sectorsPerHunk === 0) {
    refuse("CHD_HEADER_INVALID", "a number of the geometry is zero");
  }
  return {
    ...old,
    version,
    hunkBytes: sectorsPerHunk * sectorBytes,
    hunkCount: fields.u32(28),
    unitBytes: sectorBytes,
    logicalBytes: cylinders * heads * sectors * sectorBytes,
    md5: fields.digest(44, 16),
    sha1: null,
    rawSha1: null,
    parentMd5: fields.digest(60, 16),
    parentSha1: null,
    mapOffset: HEADER_BYTES[version],
    metadataOffset: 0,
    geometry: `CYLS:${cylinders},HEADS:${heads},SECS:${sectors},BPS:${sectorBytes}`,
  };
}

function parseVersion3(fields: Fields): ParsedHeader {
  const sha1 = fields.digest(80, 20);
  return {
    ...parseOld(fields, 3),
    version: 3,
    hunkBytes: fields.u32(76),
    hunkCount: fields.u32(24),
    unitBytes: null,
    logicalBytes: fields.u64(28),
    md5: fields.digest(44, 16),
    sha1,
    rawSha1: sha1,
    parentMd5: fields.digest(60, 16),
    parentSha1: fields.digest(100, 20),
    mapOffset: HEADER_BYTES[3],
    metadataOffset: fields.u64(36),
    geometry: null,
  };
}

function parseVersion4(fields: Fields): ParsedHeader {
  return {
    ...parseOld(fields, 4),
    version: 4,
    hunkBytes: fields.u32(44),
    hunkCount: fields.u32(24),
    unitBytes: null,
    logicalBytes: fields.u64(28),
    md5: null,
    sha1: fields.digest(48, 20),
    rawSha1: fields.digest(88, 20),
    parentMd5: null,
    parentSha1: fields.digest(68, 20),
    mapOffset: HEADER_BYTES[4],
    metadataOffset: fields.u64(36),
    geometry: null,
  };
}

function parseFields(fields: Fields, version: number): ParsedHeader {
  if (version === 5) return parseVersion5(fields);
  if (version === 4) return parseVersion4(fields);
  if (version === 3) return parseVersion3(fields);
  return parseVersion1(fields, version === 1 ? 1 : 2);
}

/** Holds the sizes against each other and against what this reader takes on. */
function checkSizes(header: ParsedHeader): void {
  const { version, hunkBytes, hunkCount, logicalBytes } = header;
  if (hunkBytes === 0 || (version < 5 && hunkCount === 0)) {
    refuse("CHD_HEADER_INVALID", "the size or the number of hunks is zero");
  }
  if (version < 5 && hunkBytes >= OLD_HUNK_BYTES_END) {
    refuse("CHD_HEADER_INVALID", `version ${version} cannot have hunks of ${hunkBytes} bytes`);
  }
  if (hunkBytes > HUNK_BYTES_MAX) {
    refuse("CHD_TOO_LARGE", `hunks of ${hunkBytes} bytes, at most ${HUNK_BYTES_MAX}`);
  }
  if (hunkBytes * hunkCount >= LOGICAL_BYTES_MAX || logicalBytes >= LOGICAL_BYTES_MAX) {
    refuse("CHD_TOO_LARGE", `${hunkCount} hunks of ${hunkBytes} bytes for ${logicalBytes} bytes`);
  }
  if (logicalBytes > hunkBytes * hunkCount) {
    refuse(
      "CHD_HEADER_INVALID",
      `${hunkCount} hunks of ${hunkBytes} bytes cannot hold ${logicalBytes} bytes`,
    );
  }
  if (version < 5 && header.hasParent && header.parentMd5 === null && header.parentSha1 === null) {
    refuse("CHD_HEADER_INVALID", "a parent is needed, but not named");
  }
}

/**
 * Parses the header of a CHD of any version.
 * @param bytes The file's first 124 bytes, or all of a shorter file.
 * @throws NativeError `CHD_NOT_A_CHD`, `CHD_UNSUPPORTED`, `CHD_HEADER_INVALID` or `CHD_TOO_LARGE`.
 */
export function parseHeader(bytes: Uint8Array): ParsedHeader {
  const fields = readFields(bytes);
  if (bytes.length < PREFIX_BYTES || fields.text(0, 8) !== TAG) {
    refuse("CHD_NOT_A_CHD", "the file does not begin as a CHD does");
  }
  const version = fields.u32(12);
  const length = HEADER_BYTES[version];
  if (version === 0 || length === undefined) {
    refuse("CHD_UNSUPPORTED", `version ${version} is not supported`);
  }
  if (fields.u32(8) !== length) {
    refuse("CHD_HEADER_INVALID", `a header of version ${version} cannot be ${fields.u32(8)} bytes long`);
  }
  if (bytes.length < length) refuse("CHD_NOT_A_CHD", "the file ends within its header");
  const header = parseFields(fields, version);
  checkSizes(header);
  return header;
}
