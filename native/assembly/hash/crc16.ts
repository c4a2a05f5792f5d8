// CRC-16 of CHD: polynomial 0x1021, start 0xffff, from the highest bit, no final change. 16 bytes a step.

const POLYNOMIAL: u32 = 0x1021;
const STEP: usize = 16;

/** Row n: what a byte does to the checksum n bytes later. */
const table = memory.data(2 * 256 * 16, 16);
let isReady: bool = false;

function prepare(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let value = byte << 8;
    for (let bit = 0; bit < 8; bit++) value = value & 0x8000 ? (value << 1) ^ POLYNOMIAL : value << 1;
    store<u16>(table + (byte << 1), <u16>value);
  }
  for (let place: usize = 256; place < 256 * STEP; place++) {
    const before: u32 = load<u16>(table + ((place - 256) << 1));
    const value = (before << 8) ^ load<u16>(table + (<usize>(before >> 8) << 1));
    store<u16>(table + (place << 1), <u16>value);
  }
  isReady = true;
}

/** Where the lowest of four bytes stands in a row. */
@inline
function row(bytes: u32): usize {
  return <usize>(bytes & 0xff) << 1;
}

/** Goes on with a checksum; the first call takes 0xffff. */
export function updateCrc16(start: u32, input: usize, bytes: u32): u32 {
  if (!isReady) prepare();
  let crc = start;
  let at = input;
  const end = input + bytes;
  const stepsEnd = input + (bytes & ~<u32>(STEP - 1));
  for (; at < stepsEnd; at += STEP) {
    const low = load<u64>(at) ^ ((<u64>crc >> 8) | ((<u64>crc & 0xff) << 8));
    const high = load<u64>(at, 8);
    const a = <u32>low;
    const b = <u32>(low >> 32);
    const c = <u32>high;
    const d = <u32>(high >> 32);
    crc =
      load<u16>(row(a), table + 7680) ^ load<u16>(row(a >> 8), table + 7168) ^
      load<u16>(row(a >> 16), table + 6656) ^ load<u16>(row(a >> 24), table + 6144) ^
      load<u16>(row(b), table + 5632) ^ load<u16>(row(b >> 8), table + 5120) ^
      load<u16>(row(b >> 16), table + 4608) ^ load<u16>(row(b >> 24), table + 4096) ^
      load<u16>(row(c), table + 3584) ^ load<u16>(row(c >> 8), table + 3072) ^
      load<u16>(row(c >> 16), table + 2560) ^ load<u16>(row(c >> 24), table + 2048) ^
      load<u16>(row(d), table + 1536) ^ load<u16>(row(d >> 8), table + 1024) ^
      load<u16>(row(d >> 16), table + 512) ^ load<u16>(row(d >> 24), table);
  }
  for (; at < end; at++) {
    crc = ((crc << 8) ^ load<u16>(table + (<usize>((crc >> 8) ^ load<u8>(at)) << 1))) & 0xffff;
  }
  return crc;
}
