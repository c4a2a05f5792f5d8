// The P and Q parity of a CD sector (ECMA-130, annex A), left out of CHD hunks where it was right.
//
// Over GF(256) with polynomial 0x11d. P: 86 codes of 24 bytes, the bytes of a code 86 apart. Q: seen as 26 rows of 43
// words of 16 bits, code r takes column j from row r + j. Q is done column by column for all rows at once, which
// needs the columns laid out one after the other, twice over so that a column can start at any row.

const DATA_AT: usize = 12;
const HEADER_AT: usize = 12;
const MODE_AT: usize = 15;
const P_AT: usize = 2076;
const P_CODES: usize = 86;
const P_STEPS: usize = 24;
const Q_AT: usize = 2248;
const Q_CODES: usize = 52;
const ROWS: usize = 26;
const COLUMNS: usize = 43;
/** 52 rows of 16 bits and what a vector reads beyond. */
const COLUMN_BYTES: usize = 128;

const columns = memory.data(43 * 128, 16);

// x -> the value of which three times is x, by nibble; the map is linear, so the two parts are added.
const THIRD_LOW = memory.data(16, 16);
const THIRD_HIGH = memory.data(16, 16);
let isReady: bool = false;

function prepare(): void {
  for (let value: u32 = 0; value < 256; value++) {
    const tripled = (value ^ (value << 1) ^ (value & 0x80 ? 0x11d : 0)) & 0xff;
    if (tripled < 16) store<u8>(THIRD_LOW + tripled, <u8>value);
    if ((tripled & 15) == 0) store<u8>(THIRD_HIGH + (tripled >> 4), <u8>value);
  }
  isReady = true;
}

@inline
function double(value: v128): v128 {
  return v128.xor(i8x16.shl(value, 1), v128.and(i8x16.shr_s(value, 7), i8x16.splat(0x1d)));
}

@inline
function third(value: v128): v128 {
  const low = v128.swizzle(v128.load(THIRD_LOW), v128.and(value, i8x16.splat(15)));
  return v128.xor(low, v128.swizzle(v128.load(THIRD_HIGH), i8x16.shr_u(value, 4)));
}

function writeP(sector: usize): void {
  // The last vector overlaps the one before: 86 is not a multiple of 16.
  for (let code: usize = 0; code < P_CODES; code += 16) {
    const first = min<usize>(code, P_CODES - 16);
    let a = i8x16.splat(0);
    let b = i8x16.splat(0);
    let at = sector + DATA_AT + first;
    for (let step: usize = 0; step < P_STEPS; step++) {
      const value = v128.load(at);
      a = double(v128.xor(a, value));
      b = v128.xor(b, value);
      at += P_CODES;
    }
    a = third(v128.xor(double(a), b));
    v128.store(sector + P_AT + first, a);
    v128.store(sector + P_AT + P_CODES + first, v128.xor(a, b));
  }
}

function layColumns(sector: usize): void {
  for (let column: usize = 0; column < COLUMNS; column++) {
    let from = sector + DATA_AT + (column << 1);
    const to = columns + column * COLUMN_BYTES;
    for (let row: usize = 0; row < ROWS; row++) {
      const word = load<u16>(from);
      store<u16>(to + (row << 1), word);
      store<u16>(to + (row << 1), word, ROWS * 2);
      from += COLUMNS * 2;
    }
  }
}

function writeQ(sector: usize): void {
  layColumns(sector);
  for (let code: usize = 0; code < Q_CODES; code += 16) {
    const first = min<usize>(code, Q_CODES - 16);
    let a = i8x16.splat(0);
    let b = i8x16.splat(0);
    for (let column: usize = 0; column < COLUMNS; column++) {
      const turn = column < ROWS ? column : column - ROWS;
      const value = v128.load(columns + column * COLUMN_BYTES + (turn << 1) + first);
      a = double(v128.xor(a, value));
      b = v128.xor(b, value);
    }
    a = third(v128.xor(double(a), b));
    v128.store(sector + Q_AT + first, a);
    v128.store(sector + Q_AT + Q_CODES + first, v128.xor(a, b));
  }
}

/** Writes the sync pattern and both parities into a sector of 2352 bytes. */
export function restoreSector(sector: usize): void {
  if (!isReady) prepare();
  store<u64>(sector, 0xffff_ffff_ffff_ff00);
  store<u32>(sector, 0x00ff_ffff, 8);
  const header = load<u32>(sector, HEADER_AT);
  // In mode 2 the address is not covered.
  const isAddressFree = load<u8>(sector, MODE_AT) == 2;
  if (isAddressFree) store<u32>(sector, 0, HEADER_AT);
  writeP(sector);
  writeQ(sector);
  store<u32>(sector, header, HEADER_AT);
}
