/** The containers that are looked into. */
export type PackedKind = "zip" | "7z" | "rar4" | "rar5" | "gz" | "bz2" | "xz" | "tar";

interface Mark {
  readonly kind: PackedKind;
  readonly bytes: readonly number[];
  readonly at?: number | undefined;
}

/** First bytes of each container, long enough that no game begins so. */
const MARKS: readonly Mark[] = [
  { kind: "zip", bytes: [0x50, 0x4b, 0x03, 0x04] },
  // An archive without members, and one that was made to be split.
  { kind: "zip", bytes: [0x50, 0x4b, 0x05, 0x06, 0, 0, 0, 0] },
  { kind: "zip", bytes: [0x50, 0x4b, 0x07, 0x08, 0x50, 0x4b] },
  { kind: "7z", bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { kind: "rar4", bytes: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x00] },
  { kind: "rar5", bytes: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00] },
  // With its only method, deflate.
  { kind: "gz", bytes: [0x1f, 0x8b, 0x08] },
  { kind: "xz", bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { kind: "tar", bytes: [0x75, 0x73, 0x74, 0x61, 0x72], at: 257 },
];
/** "BZh" and the size of the blocks, then the mark of a block or, when there is none, of the end. */
const BZIP2_STARTS = [
  [0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
  [0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
];
const BZIP2_MARK_AT = 4;

/** Tells what a file is packed in by its first `HEAD_BYTES`, or all of a shorter one; null for anything else. */
export function detectPacked(head: Uint8Array): PackedKind | null {
  const mark = MARKS.find(({ bytes, at = 0 }) => holds(head, at, bytes));
  if (mark !== undefined) return mark.kind;
  const isBzip2 =
    holds(head, 0, [0x42, 0x5a, 0x68]) && BZIP2_STARTS.some((bytes) => holds(head, BZIP2_MARK_AT, bytes));
  return isBzip2 ? "bz2" : null;
}

function holds(head: Uint8Array, at: number, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => head[at + index] === byte);
}
