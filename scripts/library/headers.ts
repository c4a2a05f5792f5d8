import { crc16, createMark, sumHeader, toField, writeBytes, writeU16, writeU32 } from "./fields.ts";

/** What a header may say about its game. */
export interface GameFacts {
  /** Upper-case ASCII letters, digits and spaces. */
  readonly title: string;
  /** Four upper-case letters or digits. */
  readonly code: string;
  readonly sizeBytes: number;
}

/** Writes a system's marks over the first bytes of a file; what lies beyond them is left out. */
export type WriteHeader = (start: Uint8Array, facts: GameFacts) => void;

/** iNES: magic, PRG in 16 KiB, CHR in 8 KiB, mapper 0. */
export const writeNes: WriteHeader = (start, { sizeBytes }) => {
  const banks = Math.max(1, Math.min(255, Math.floor(sizeBytes / 16_384)));
  writeBytes(start, 0, [0x4e, 0x45, 0x53, 0x1a, banks, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
};

/** LoROM header at 7FC0h; the checksum's complement and the checksum add up to FFFFh. */
export const writeSnes: WriteHeader = (start, { title }) => {
  writeBytes(start, 0x7fc0, toField(title, 21));
  writeBytes(start, 0x7fd5, [0x20, 0x00, 0x08, 0x00, 0x01, 0x33, 0x00]);
  writeBytes(start, 0x7fdc, [0xcb, 0xed, 0x34, 0x12]);
};

/** Big-endian ("z64") order: magic, clock, entry point, title, game code. */
export const writeN64: WriteHeader = (start, { title, code }) => {
  writeBytes(start, 0, [0x80, 0x37, 0x12, 0x40, 0, 0, 0, 0x0f, 0x80, 0, 0x04, 0]);
  writeBytes(start, 0x20, toField(title, 20));
  writeBytes(start, 0x3b, toField(`N${code.slice(0, 2)}E`, 4));
};

/** Entry point, 48 bytes where the maker's logo would be (ours is a mark of our own), title, header checksum. */
export const writeGameBoy: WriteHeader = (start, { title }) => {
  writeBytes(start, 0x100, [0x00, 0xc3, 0x50, 0x01]);
  writeBytes(start, 0x104, createMark(48));
  writeBytes(start, 0x134, toField(title, 15, 0));
  writeBytes(start, 0x143, [0x00, 0x30, 0x31, 0x00, 0x00, 0x00, 0x00, 0x01, 0x33, 0x00]);
  writeGameBoySum(start);
};

/** As Game Boy, with the flag that says colour only. */
export const writeGameBoyColor: WriteHeader = (start, facts) => {
  writeGameBoy(start, facts);
  writeBytes(start, 0x143, [0xc0]);
  writeGameBoySum(start);
};

/** Header checksum at 14Dh: minus the sum of 134h to 14Ch, minus one for each of them. */
function writeGameBoySum(start: Uint8Array): void {
  writeBytes(start, 0x14d, [-sumHeader(start, 0x134, 0x14d) - (0x14d - 0x134)]);
}

/** Branch, 156 bytes of mark, title, code, fixed 96h, complement check at BDh. */
export const writeGba: WriteHeader = (start, { title, code }) => {
  writeBytes(start, 0, [0x2e, 0x00, 0x00, 0xea]);
  writeBytes(start, 0x04, createMark(156));
  writeBytes(start, 0xa0, toField(title, 12, 0));
  writeBytes(start, 0xac, toField(`${code}01`, 6));
  writeBytes(start, 0xb2, [0x96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  writeBytes(start, 0xbd, [-sumHeader(start, 0xa0, 0xbd) - 0x19]);
};

/** Title, code, ARM9 at 4000h, mark at C0h, CRC-16 of the mark and of the header. */
export const writeNds: WriteHeader = (start, { title, code, sizeBytes }) => {
  writeBytes(start, 0, new Uint8Array(0x200));
  writeBytes(start, 0x00, toField(title, 12, 0));
  writeBytes(start, 0x0c, toField(`${code}01`, 6));
  writeU32(start, 0x20, 0x4000);
  writeU32(start, 0x80, sizeBytes);
  writeU32(start, 0x84, 0x4000);
  writeBytes(start, 0xc0, createMark(156));
  writeU16(start, 0x15c, crc16(start.subarray(0xc0, 0x15c)));
  writeU16(start, 0x15e, crc16(start.subarray(0, 0x15e)));
};

/** System name at 100h, date, both titles, serial, memory map, regions. */
export const writeMegaDrive: WriteHeader = (start, { title, code, sizeBytes }) => {
  writeBytes(start, 0x100, toField("SEGA MEGA DRIVE", 16));
  writeBytes(start, 0x110, toField("(C)TEST 2026.NOV", 16));
  writeBytes(start, 0x120, toField(title, 48));
  writeBytes(start, 0x150, toField(title, 48));
  writeBytes(start, 0x180, toField(`GM ${code}0000-00`, 14));
  writeBytes(start, 0x190, toField("J", 16));
  const lastByte = sizeBytes - 1;
  writeBytes(start, 0x1a0, [0, 0, 0, 0, lastByte >>> 24, lastByte >>> 16, lastByte >>> 8, lastByte]);
  writeBytes(start, 0x1f0, toField("JUE", 16));
};

/** The system's mark before the end of the first 32 KiB, or of 16 or 8 KiB when the file is shorter. */
export const writeMasterSystem: WriteHeader = (start, { sizeBytes }) => {
  const at = [0x7ff0, 0x3ff0, 0x1ff0].find((offset) => offset + 16 <= sizeBytes);
  if (at === undefined) return;
  writeBytes(start, at, toField("TMR SEGA", 8));
  writeBytes(start, at + 8, [0x20, 0x20, 0, 0, 0, 0, 0, 0x4c]);
};

/** Version, name, title and the length of what follows the 128 bytes of header. */
export const writeAtari7800: WriteHeader = (start, { title, sizeBytes }) => {
  writeBytes(start, 0, new Uint8Array(128));
  writeBytes(start, 0, [1]);
  writeBytes(start, 1, toField("ATARI7800", 16, 0));
  writeBytes(start, 17, toField(title, 32, 0));
  const bodyBytes = Math.max(0, sizeBytes - 128);
  writeBytes(start, 49, [bodyBytes >>> 24, bodyBytes >>> 16, bodyBytes >>> 8, bodyBytes]);
};

/** Magic, page size, version, title, maker. */
export const writeLynx: WriteHeader = (start, { title }) => {
  writeBytes(start, 0, new Uint8Array(64));
  writeBytes(start, 0, toField("LYNX", 4));
  writeBytes(start, 4, [0x00, 0x01, 0x00, 0x00, 0x01, 0x00]);
  writeBytes(start, 10, toField(title, 32, 0));
};

/** The two bytes that skip the console's title screen. */
export const writeColeco: WriteHeader = (start) => writeBytes(start, 0, [0x55, 0xaa]);

/** "AB" and where the program begins. */
export const writeMsx: WriteHeader = (start) => writeBytes(start, 0, [0x41, 0x42, 0x10, 0x40]);

/** One raw sector's sync pattern, address 00:02:00 and mode 2. */
export const writeRawDisc: WriteHeader = (start) => {
  writeBytes(start, 0, [0x00, ...new Uint8Array(10).fill(0xff), 0x00, 0x00, 0x02, 0x00, 0x02]);
};

/** "\0PBP", version 1 and eight offsets, of which only the first parts are used. */
export const writePbp: WriteHeader = (start, { sizeBytes }) => {
  writeBytes(start, 0, [0x00, 0x50, 0x42, 0x50, 0x00, 0x00, 0x01, 0x00]);
  for (let part = 0; part < 8; part += 1) writeU32(start, 8 + part * 4, Math.min(sizeBytes, 0x28));
};

/** A primary volume descriptor in sector 16 of 2048 bytes. */
export function createDiscHeader(systemName: string): WriteHeader {
  return (start, { title, sizeBytes }) => {
    writeBytes(start, 0, new Uint8Array(DISC_HEADER_BYTES));
    const at = 16 * 2048;
    writeBytes(start, at, [1]);
    writeBytes(start, at + 1, toField("CD001", 5));
    writeBytes(start, at + 6, [1]);
    writeBytes(start, at + 8, toField(systemName, 32));
    writeBytes(start, at + 40, toField(title.replaceAll(" ", "_"), 32));
    writeU32(start, at + 80, Math.floor(sizeBytes / 2048));
    writeBytes(start, at + 2048, [0xff]);
    writeBytes(start, at + 2049, toField("CD001", 5));
  };
}

/** Up to the end of the descriptors, in sector 17. */
export const DISC_HEADER_BYTES = 18 * 2048;
