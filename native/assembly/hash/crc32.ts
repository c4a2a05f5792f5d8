// CRC-32 as in ZIP: polynomial 0xedb88320, from the lowest bit. 16 bytes a step.

const POLYNOMIAL: u32 = 0xedb8_8320;
const STEP: usize = 16;

/** Row n: what a byte does to the checksum n bytes later. */
const table = memory.data(4 * 256 * 16, 16);
let isReady: bool = false;

function prepare(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >> 1) ^ (POLYNOMIAL & (0 - (value & 1)));
    store<u32>(table + (byte << 2), value);
  }
  for (let place: usize = 256; place < 256 * STEP; place++) {
    const before = load<u32>(table + ((place - 256) << 2));
    store<u32>(table + (place << 2), (before >> 8) ^ load<u32>(table + (<usize>(before & 0xff) << 2)));
  }
  isReady = true;
}

/** Where the lowest of four bytes stands in a row. */
@inline
function row(bytes: u32): usize {
  return <usize>(bytes & 0xff) << 2;
}

/** Goes on with a checksum; the first call takes 0. */
export function updateCrc32(start: u32, input: usize, bytes: u32): u32 {
  if (!isReady) prepare();
  let crc = ~start;
  let at = input;
  const end = input + bytes;
  const stepsEnd = input + (bytes & ~<u32>(STEP - 1));
  for (; at < stepsEnd; at += STEP) {
    const low = load<u64>(at) ^ <u64>crc;
    const high = load<u64>(at, 8);
    const a = <u32>low;
    const b = <u32>(low >> 32);
    const c = <u32>high;
    const d = <u32>(high >> 32);
    crc =
      load<u32>(row(a), table + 15360) ^ load<u32>(row(a >> 8), table + 14336) ^
      load<u32>(row(a >> 16), table + 13312) ^ load<u32>(row(a >> 24), table + 12288) ^
      load<u32>(row(b), table + 11264) ^ load<u32>(row(b >> 8), table + 10240) ^
      load<u32>(row(b >> 16), table + 9216) ^ load<u32>(row(b >> 24), table + 8192) ^
      load<u32>(row(c), table + 7168) ^ load<u32>(row(c >> 8), table + 6144) ^
      load<u32>(row(c >> 16), table + 5120) ^ load<u32>(row(c >> 24), table + 4096) ^
      load<u32>(row(d), table + 3072) ^ load<u32>(row(d >> 8), table + 2048) ^
      load<u32>(row(d >> 16), table + 1024) ^ load<u32>(row(d >> 24), table);
  }
  for (; at < end; at++) {
    crc = (crc >> 8) ^ load<u32>(table + (<usize>((crc ^ load<u8>(at)) & 0xff) << 2));
  }
  return ~crc;
}
