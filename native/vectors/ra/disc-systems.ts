import { ascii, be24, be32, filled, join, le32, padTo, put, swapped } from "./bytes.ts";
import { createIso, type IsoOptions } from "./iso9660.ts";
import type { Random } from "./random.ts";

/** Gives a PlayStation executable. */
export function createPsxExecutable(random: Random, textBytes: number, hasMark = true): Uint8Array {
  const executable = random.soft(2048 + textBytes);
  if (!hasMark) return put(executable, 0, "PSXEXE..");
  return put(put(executable, 0, "PS-X EXE"), 28, le32(textBytes));
}

/** What a PlayStation disc differs in. */
export interface PsxOptions {
  /** SYSTEM.CNF; null leaves it out. */
  readonly configuration?: string | null | undefined;
  readonly path?: string | undefined;
  readonly executable?: Uint8Array | undefined;
  readonly iso?: IsoOptions | undefined;
}

/** Gives a PlayStation disc. */
export function createPsxDisc(random: Random, options: PsxOptions = {}): Uint8Array {
  const executable = options.executable ?? createPsxExecutable(random, 5000);
  const path = options.path ?? "SLUS_012.34";
  const usual = `BOOT = cdrom:\\${path};1\r\nTCB = 4\r\nEVENT = 10\r\nSTACK = 801FFFF0\r\n`;
  const configuration = options.configuration === undefined ? usual : options.configuration;
  const files = {
    ...(configuration === null ? {} : { "SYSTEM.CNF": ascii(configuration) }),
    [path]: executable,
    "DATA/FILE.DAT": random.soft(6000),
  };
  return createIso(files, { system: random.soft(32768), tail: { sectors: 6, random }, ...options.iso });
}

/** Gives a PlayStation 2 disc. */
export function createPs2Disc(random: Random, elf?: Uint8Array | undefined): Uint8Array {
  const path = "SLES_555.55";
  const executable = elf ?? put(random.soft(9001), 0, "\x7fELF");
  const configuration = ascii(`BOOT2 = cdrom0:\\${path};1\r\nVER = 1.00\r\nVMODE = PAL\r\n`);
  const files = { "SYSTEM.CNF": configuration, [path]: executable, "DATA.BIN": random.soft(4000) };
  return createIso(files, { tail: { sectors: 4, random } });
}

/** Gives a PSP disc. */
export function createPspDisc(random: Random): Uint8Array {
  const files = {
    "UMD_DATA.BIN": ascii("ULUS-00000|"),
    "PSP_GAME/PARAM.SFO": put(random.bytes(1400), 0, "\0PSF"),
    "PSP_GAME/SYSDIR/EBOOT.BIN": put(random.soft(12345), 0, "~PSP"),
  };
  return createIso(files, { tail: { sectors: 3, random } });
}

/** Gives the system area of a Sega CD or Saturn disc. */
export const createSegaHeader = (random: Random, mark: "SEGADISCSYSTEM  " | "SEGA SEGASATURN "): Uint8Array =>
  put(random.soft(32768), 0, mark);

/** Gives the system area of a Dreamcast disc. */
export function createDreamcastHeader(random: Random, bootName: string): Uint8Array {
  const header = put(random.soft(32768), 0, "SEGA SEGAKATANA ");
  header.fill(32, 0x40, 0x100);
  put(header, 0x40, "T-0000N   V1.000");
  put(header, 0x60, bootName.padEnd(16));
  return put(header, 0x80, "SYNTHETIC VECTOR");
}

/** Gives the second sector of a PC Engine CD: where its boot code is, and its title. */
export function createPcEngineHeader(random: Random, sector: number, count: number): Uint8Array {
  const header = put(random.bytes(2048), 0, [...be24(sector), count]);
  put(header, 32, "PC Engine CD-ROM SYSTEM");
  put(header, 55, "\0Copyright SYNTH");
  return put(header, 106, "VECTOR TITLE".padEnd(22));
}

/** What a 3DO disc differs in. */
export interface OperaOptions {
  readonly programBytes?: number | undefined;
  readonly programName?: string | undefined;
  /** Puts the program's entry into a second directory block. */
  readonly hasSecondBlock?: boolean | undefined;
  readonly hasWrongMark?: boolean | undefined;
}

const OPERA_ROOT = 20;
const OPERA_PROGRAM = 40;

function formatOperaEntry(entry: {
  type: number;
  name: string;
  bytes: number;
  block: number;
  copies: number;
}) {
  const record = filled(0x48 + entry.copies * 4);
  put(record, 0, be32(entry.type));
  put(record, 0x0c, [...be32(2048), ...be32(entry.bytes), ...be32(Math.ceil(entry.bytes / 2048))]);
  put(record, 0x20, entry.name);
  put(record, 0x40, [...be32(entry.copies), ...be32(entry.block)]);
  for (let copy = 0; copy < entry.copies; copy += 1)
    put(record, 0x48 + copy * 4, be32(entry.block + 8 + copy));
  return record;
}

function formatOperaBlock(next: number, entries: readonly Uint8Array[]): Uint8Array {
  const body = join(...entries);
  const block = put(filled(2048), 0, [...be32(next), ...be32(0xffffffff)]);
  put(block, 0x0c, [...be32(0x14 + body.length), ...be32(0x14)]);
  return put(block, 0x14, body);
}

/** Gives a 3DO disc. */
export function createOperaDisc(random: Random, options: OperaOptions = {}): Uint8Array {
  const { programBytes = 5000, programName = "LaunchMe" } = options;
  const image = random.soft(2048 * (64 + Math.ceil(programBytes / 2048)));
  image.fill(0, 0, 132);
  put(image, 0, [1, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, options.hasWrongMark ? 2 : 1]);
  put(image, 0x28, "VECTOR");
  put(image, 0x4c, [...be32(2048), ...be32(image.length / 2048)]);
  put(image, 0x64, be32(OPERA_ROOT));
  const program = { type: 2, name: programName, bytes: programBytes, block: OPERA_PROGRAM, copies: 0 };
  const others = [
    formatOperaEntry({ type: 7, name: "System", bytes: 2048, block: 30, copies: 0 }),
    formatOperaEntry({ type: 2, name: "AppStartup", bytes: 100, block: 31, copies: 1 }),
  ];
  const launch = formatOperaEntry(program);
  const blocks = options.hasSecondBlock
    ? [formatOperaBlock(1, others), formatOperaBlock(0xffffffff, [launch])]
    : [formatOperaBlock(0xffffffff, [...others, launch])];
  return put(image, OPERA_ROOT * 2048, join(...blocks));
}

/** Gives the first track of a Jaguar CD's second session. */
export function createJaguarTrack(random: Random, isSwapped = true): Uint8Array {
  const codeBytes = 6000;
  const marks = ascii(`${"ATRI".repeat(16)}ATARI APPROVED DATA HEADER ATRI `);
  const fields = [...be32(0x80000), ...be32(codeBytes)];
  const track = padTo(join(filled(2), marks, fields, random.soft(codeBytes), filled(64)), 2352);
  return isSwapped ? swapped(track, 2) : track;
}
