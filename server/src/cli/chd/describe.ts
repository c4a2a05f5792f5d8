import type { Chd } from "@multitap/native/chd";
import { METADATA_CHARS_SHOWN_MAX } from "../limits.ts";
import { formatBytes, formatNumber } from "../scan-progress.ts";

type Header = Chd["header"];
type Metadata = Chd["metadata"][number];

/** What every `chd` command says of a file; digests are null where the file has none. */
export interface ChdFacts {
  readonly version: Header["version"];
  readonly hunkBytes: number;
  readonly hunkCount: number;
  readonly logicalBytes: number;
  /** Of the content as it was decoded; null where the command did not read all of it. */
  readonly logicalSha1: string | null;
  readonly rawSha1: string | null;
  readonly sha1: string | null;
  readonly tracks: Chd["tracks"];
}

/** One entry of the metadata as `chd info` shows it. */
export interface MetadataFacts {
  readonly tag: string;
  readonly isChecksummed: boolean;
  readonly sizeBytes: number;
  /** Without its closing NUL; null where it is no printable ASCII. */
  readonly text: string | null;
}

/** Gives what is known of an open CHD. */
export function factsOf({ header, tracks }: Chd, logicalSha1: string | null = null): ChdFacts {
  const { version, hunkBytes, hunkCount, logicalBytes, rawSha1, sha1 } = header;
  return { version, hunkBytes, hunkCount, logicalBytes, logicalSha1, rawSha1, sha1, tracks };
}

/** Gives the metadata in the file's order. */
export function metadataFactsOf({ metadata }: Chd): readonly MetadataFacts[] {
  return metadata.map((entry) => {
    const { tag, isChecksummed, bytes } = entry;
    return { tag, isChecksummed, sizeBytes: bytes.length, text: findText(entry) };
  });
}

function findText({ bytes }: Metadata): string | null {
  const content = bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes;
  const isText = content.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
  return isText ? new TextDecoder().decode(content) : null;
}

/** Says in one line what a CHD holds. */
export function formatHead({ version, hunkBytes, hunkCount, logicalBytes }: ChdFacts): string {
  const hunks = `${formatNumber(hunkCount)} hunks of ${formatNumber(hunkBytes)} bytes`;
  return `CHD version ${version}: ${formatBytes(logicalBytes)} in ${hunks}`;
}

/** Lists digests by name, those that the file has. */
export function formatDigests(digests: Readonly<Record<string, string | null>>): string[] {
  return Object.entries(digests).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
}

/** Says in one line what a track is. */
export function formatTrack(track: Chd["tracks"][number]): string {
  const { number, mode, sectorBytes, frameCount, pregapFrames, isPregapStored, postgapFrames, subcode } =
    track;
  const parts = [`${formatNumber(frameCount)} frames of ${sectorBytes} bytes`];
  if (pregapFrames > 0) parts.push(`pregap ${pregapFrames}${isPregapStored ? "" : ", not stored"}`);
  if (postgapFrames > 0) parts.push(`postgap ${postgapFrames}`);
  if (subcode !== "none") parts.push(`subcode ${subcode}`);
  return `track ${number}: ${mode}, ${parts.join(", ")}`;
}

/** Says in one line what an entry of the metadata holds; whatever a file says is shown without control characters. */
export function formatMetadata({ tag, sizeBytes, text }: MetadataFacts): string {
  const shown = text === null ? `${formatNumber(sizeBytes)} bytes` : JSON.stringify(text);
  return `metadata ${JSON.stringify(tag)}: ${shown.slice(0, METADATA_CHARS_SHOWN_MAX)}`;
}
