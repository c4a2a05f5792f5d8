import { filled, join, le32, padTo, put } from "./bytes.ts";

/** How a track's sectors are stored. */
export type TrackMode = "MODE1/2048" | "MODE1/2352" | "MODE2/2352" | "MODE2/2336";

const DATA_BYTES = 2048;
const SECTOR_BYTES = 2352;
const SYNC = [0, ...Array.from({ length: 10 }, () => 255), 0];

const doubled = new Uint8Array(256);
const inverse = new Uint8Array(256);
const edcTable = new Uint32Array(256);
for (let value = 0; value < 256; value += 1) {
  const twice = ((value << 1) ^ ((value & 0x80) === 0 ? 0 : 0x11d)) & 255;
  doubled[value] = twice;
  inverse[value ^ twice] = value;
  let code = value;
  for (let bit = 0; bit < 8; bit += 1) code = (code & 1) === 0 ? code >>> 1 : (code >>> 1) ^ 0xd8018001;
  edcTable[value] = code >>> 0;
}

function errorCode(bytes: Uint8Array): number {
  let code = 0;
  for (let at = 0; at < bytes.length; at += 1)
    code = (code >>> 8) ^ (edcTable[(code ^ (bytes[at] ?? 0)) & 255] ?? 0);
  return code;
}

interface ParityShape {
  readonly codes: number;
  readonly codeBytes: number;
  readonly pairStep: number;
  readonly step: number;
  readonly resultAt: number;
}

const PARITY_SHAPES: readonly ParityShape[] = [
  { codes: 86, codeBytes: 24, pairStep: 2, step: 86, resultAt: 0x81c },
  { codes: 52, codeBytes: 43, pairStep: 86, step: 88, resultAt: 0x8c8 },
];

/** Writes the P and Q parity; in mode 2 the address counts as zero. */
function addParity(sector: Uint8Array, isAddressZero: boolean): void {
  for (const { codes, codeBytes, pairStep, step, resultAt } of PARITY_SHAPES) {
    const length = codes * codeBytes;
    for (let code = 0; code < codes; code += 1) {
      let index = (code >> 1) * pairStep + (code & 1);
      let first = 0;
      let second = 0;
      for (let count = 0; count < codeBytes; count += 1) {
        const value = index < 4 && isAddressZero ? 0 : (sector[12 + index] ?? 0);
        index += step;
        if (index >= length) index -= length;
        first = doubled[first ^ value] ?? 0;
        second ^= value;
      }
      first = inverse[(doubled[first] ?? 0) ^ second] ?? 0;
      sector[resultAt + code] = first;
      sector[resultAt + code + codes] = first ^ second;
    }
  }
}

function createSector(address: number, mode: number): Uint8Array {
  const bcd = (value: number): number => Math.floor(value / 10) * 16 + (value % 10);
  const frames = address + 150;
  const time = [Math.floor(frames / 4500), Math.floor(frames / 75) % 60, frames % 75].map(bcd);
  return put(filled(SECTOR_BYTES), 0, [...SYNC, ...time, mode]);
}

/** Gives a sector of mode 1. */
export function mode1Sector(address: number, data: Uint8Array): Uint8Array {
  const sector = put(createSector(address, 1), 16, data);
  put(sector, 0x810, le32(errorCode(sector.subarray(0, 0x810))));
  addParity(sector, false);
  return sector;
}

/** Gives a sector of mode 2, form 1. */
export function mode2Sector(address: number, data: Uint8Array): Uint8Array {
  const subHeader = [0, 0, 8, 0];
  const sector = put(createSector(address, 2), 16, [...subHeader, ...subHeader]);
  put(sector, 24, data);
  put(sector, 0x818, le32(errorCode(sector.subarray(16, 0x818))));
  addParity(sector, true);
  return sector;
}

const ENCODERS: { readonly [M in TrackMode]: (address: number, data: Uint8Array) => Uint8Array } = {
  "MODE1/2048": (_, data) => data,
  "MODE1/2352": mode1Sector,
  "MODE2/2352": mode2Sector,
  "MODE2/2336": (address, data) => mode2Sector(address, data).subarray(16),
};

/** Gives data in the form of a track; `address` is that of its first sector. */
export function encodeTrack(data: Uint8Array, mode: TrackMode, address = 0): Uint8Array {
  const padded = padTo(data, DATA_BYTES);
  const sectors: Uint8Array[] = [];
  for (let at = 0; at < padded.length; at += DATA_BYTES)
    sectors.push(ENCODERS[mode](address + at / DATA_BYTES, padded.subarray(at, at + DATA_BYTES)));
  return join(...sectors);
}

/** Gives frames as a cue sheet writes them. */
export const formatMsf = (frames: number): string =>
  [Math.floor(frames / 4500), Math.floor(frames / 75) % 60, frames % 75]
    .map((value) => String(value).padStart(2, "0"))
    .join(":");
