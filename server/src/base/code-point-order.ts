/** UTF-16 puts its pairs (D800h to DFFFh) before the characters of E000h to FFFFh, which code points come after. */
const PAIRS_START = 0xd800;
const PAIRS_END = 0xe000;

/** Compares two texts by code point, as their bytes in UTF-8 compare; negative when the first comes first. */
export function compareByCodePoint(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a !== b) return rank(a) - rank(b);
  }
  return one.length - other.length;
}

function rank(unit: number): number {
  return unit >= PAIRS_START && unit < PAIRS_END ? unit + 0x10000 : unit;
}
