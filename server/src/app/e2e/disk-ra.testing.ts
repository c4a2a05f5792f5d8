/** RetroAchievements' hashes of some systems by their published rules, over what 7-Zip takes out of the images. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { listMembers, unpackWith7z } from "./disk-unpack.testing.ts";

const md5 = (...parts: readonly (Uint8Array | string)[]): string => {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

/** Of a cartridge without a header, the whole file; of one with the mark of iNES, all behind its 16 bytes. */
export function hashCartridge(path: string): string {
  const bytes = readFileSync(path);
  return bytes.subarray(0, 4).toString("latin1") === "NES\x1a" ? md5(bytes.subarray(16)) : md5(bytes);
}

/** Of an archive of a cartridge: its largest member. */
export function hashLargestInside(path: string, workPath: string): string {
  const sizes = listMembers(path, workPath).map((member) => readFileSync(member.path));
  const [largest] = sizes.sort((a, b) => b.length - a.length);
  return largest === undefined ? "" : md5(largest);
}

/** Of a PSP disc: its parameters, then its program. */
export function hashPsp(isoPath: string, workPath: string): string {
  const read = readImage(isoPath, workPath);
  return md5(read("PSP_GAME/PARAM.SFO"), read("PSP_GAME/SYSDIR/EBOOT.BIN"));
}

const RAW_SECTOR_BYTES = 2_352;
const DATA_AT = 24;
const DATA_BYTES = 2_048;

/** Of a PlayStation disc in raw sectors: the name of its program, then the program as long as its header says. */
export function hashPlayStation(binPath: string, workPath: string): string {
  const raw = readFileSync(binPath);
  const sectors = Array.from({ length: raw.length / RAW_SECTOR_BYTES }, (_, sector) =>
    raw.subarray(sector * RAW_SECTOR_BYTES + DATA_AT, sector * RAW_SECTOR_BYTES + DATA_AT + DATA_BYTES),
  );
  const isoPath = join(mkdtempSync(join(workPath, "iso-")), "disc.iso");
  writeFileSync(isoPath, Buffer.concat(sectors));
  const read = readImage(isoPath, workPath);
  const name = /BOOT\s*=\s*cdrom:\\?([^;\s]+)/.exec(read("SYSTEM.CNF").toString("latin1"))?.[1] ?? "";
  const program = read(name);
  return md5(name, program.subarray(0, program.readUInt32LE(28) + DATA_BYTES));
}

function readImage(isoPath: string, workPath: string): (name: string) => Buffer {
  const members = unpackWith7z(isoPath, workPath);
  return (name) => readFileSync(members.find((member) => member.name === name)?.path ?? basename(name));
}

const PROGRAM_SEGMENTS = 18;
const APPLOADER_AT = 0x2440;

/** Of a GameCube disc: everything up to the end of its loader, then the segments of its program. */
export function hashGameCube(isoPath: string): string {
  const disc = readFileSync(isoPath);
  const headBytes =
    APPLOADER_AT + 0x20 + disc.readUInt32BE(APPLOADER_AT + 0x14) + disc.readUInt32BE(APPLOADER_AT + 0x18);
  const programAt = disc.readUInt32BE(0x420);
  const segments = Array.from({ length: PROGRAM_SEGMENTS }, (_, index) => {
    // As the rule has it: counted from the beginning of the disc, not of the program.
    const start = disc.readUInt32BE(programAt + index * 4);
    return disc.subarray(start, start + disc.readUInt32BE(programAt + 0x90 + index * 4));
  });
  return md5(disc.subarray(0, Math.min(headBytes, 1 << 20)), ...segments);
}
