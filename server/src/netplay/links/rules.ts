import { LINK_TEXT_CHARS_MAX } from "../limits.ts";

/** On which a process hears the others. */
export function linkChannel(processId: string): string {
  return `netplay:process:${processId}`;
}

/** Items that still wait, and the messages made of those that do not. */
export interface Packed {
  readonly message: string;
  /** Items that are in the message whole. */
  readonly count: number;
  /** What is left of the first item when it is too long for one message. */
  readonly rest: string | null;
}

const isHighSurrogate = (code: number) => code >= 0xd800 && code <= 0xdbff;

/**
 * Makes one message of as many items as fit; an item that is too long goes in parts, one message each.
 * @param items JSON texts, at least one; the first may be the rest of one that went in part.
 */
export function packItems(from: string, items: readonly string[], isRest: boolean): Packed {
  const [first = ""] = items;
  if (isRest || first.length > LINK_TEXT_CHARS_MAX) {
    let end = Math.min(LINK_TEXT_CHARS_MAX, first.length);
    // Half of a character would not survive the way.
    if (end < first.length && isHighSurrogate(first.charCodeAt(end - 1))) end -= 1;
    const isLast = end === first.length;
    const message = JSON.stringify({ from, part: first.slice(0, end), isLast });
    return { message, count: isLast ? 1 : 0, rest: isLast ? null : first.slice(end) };
  }
  let [count, chars] = [0, 0];
  for (const item of items) {
    if (count > 0 && chars + item.length > LINK_TEXT_CHARS_MAX) break;
    count += 1;
    chars += item.length;
  }
  return {
    message: `{"from":${JSON.stringify(from)},"items":[${items.slice(0, count).join(",")}]}`,
    count,
    rest: null,
  };
}

/** What came of one process so far of an item in parts. */
export type Parts = Map<string, string[]>;

/** Reads a message of another process; the items that are whole now. */
export function unpackItems(
  text: string,
  parts: Parts,
): { readonly from: string; readonly items: readonly unknown[] } {
  const value = JSON.parse(text) as {
    readonly from: string;
    readonly items?: readonly unknown[];
    readonly part?: string;
    readonly isLast?: boolean;
  };
  const { from, items, part, isLast } = value;
  if (items !== undefined) return { from, items };
  const all = parts.get(from) ?? [];
  all.push(part ?? "");
  parts.set(from, all);
  if (isLast !== true) return { from, items: [] };
  parts.delete(from);
  return { from, items: [JSON.parse(all.join("")) as unknown] };
}
