import { hasText } from "../bytes.ts";
import { readUpTo } from "../context.ts";
import { getSource, type RaRule } from "../target.ts";
import { hashBehind } from "./whole-file.ts";

/** Text that marks a header, where it stands, and how long the header is. */
export interface HeaderMark {
  readonly text: string;
  readonly at?: number | undefined;
  readonly headerBytes: number;
}

/** Gives how many bytes the header has that one of the marks shows, by the file's first 16 bytes; 0 without one. */
export function countHeaderBytes(marks: readonly HeaderMark[], start: Uint8Array): number {
  return marks.find(({ text, at = 0 }) => hasText(start, text, at))?.headerBytes ?? 0;
}

/** Gives a rule that hashes the file without the header that one of the marks shows. */
export function hashWithoutHeader(marks: readonly HeaderMark[]): RaRule {
  return async (target, context) => {
    const start = await readUpTo(context, getSource(target), { start: 0, length: 16 });
    await hashBehind(target, context, countHeaderBytes(marks, start));
  };
}
