/** Archives made to break whoever reads them: names that lead elsewhere, headers that lie, bytes changed or cut. */
import { crc32 } from "node:zlib";
import { pack } from "../../../../scripts/library/packed-roms.ts";
import { makeNoise, makeSoft, toText } from "../../../../scripts/library/rich-place.ts";
import { createStoredRar } from "../../../../scripts/library/stored-rar.ts";
import { createStoredZip } from "../../../../scripts/library/stored-zip.ts";

/** Numbers of a printed seed. */
export interface Dice {
  readonly seed: number;
  next(): number;
}

/** One file that is put into a library. */
export interface HostileFile {
  readonly fileName: string;
  readonly bytes: Uint8Array;
}

const place = { seed: 1 };
/** A member's name that is put in place of it has the same length. */
const NAME = "A".repeat(40);
const content = makeNoise(place, "hostile", 700);

/** Names that lead out of a folder, or are none at all; the mark is what a file outside would carry. */
const listNames = (mark: string): readonly string[] => [
  `../../../../${mark}`,
  `/tmp/${mark}`,
  `..\\..\\..\\${mark}`,
  `C:\\${mark}`,
  `a/../../../${mark}`,
  `./${mark}`,
  `${mark}\0.nes`,
  "\0",
  "..",
  ".",
  "/",
  "//",
  `${mark}/`,
  "-o..",
  "@list",
  "CON",
  "\u202egnp.exe",
  "a\nb\r\x1b[2J",
];

/** Archives whose members have such names, in every form whose names can be written over. */
export function listHostileNames(mark: string): readonly HostileFile[] {
  return listNames(mark).flatMap((name, index) => [
    { fileName: `name ${index}.zip`, bytes: renameInZip(name) },
    { fileName: `name ${index}.tar`, bytes: renameInTar(name) },
    { fileName: `name ${index}.7z`, bytes: renameIn7z(name) },
    { fileName: `name ${index}.rar`, bytes: createStoredRar([{ name, bytes: content }]) },
    { fileName: `name ${index}.tar.gz`, bytes: Bun.gzipSync(Uint8Array.from(renameInTar(name))) },
  ]);
}

/** Names twice, very long ones, very many, none, and names that are not UTF-8. */
export function listOddMembers(): readonly HostileFile[] {
  const member = (name: string) => ({ name, bytes: content });
  const long = "x".repeat(65_535);
  const deep = "d/".repeat(2_000);
  return [
    { fileName: "twice.zip", bytes: createStoredZip([member("same.nes"), member("same.nes")]) },
    { fileName: "long name.zip", bytes: createStoredZip([member(long)]) },
    { fileName: "twice.rar", bytes: createStoredRar([member("same.nes"), member("same.nes")]) },
    { fileName: "long name.rar", bytes: createStoredRar([member(long)]) },
    { fileName: "deep.zip", bytes: createStoredZip([member(`${deep}x.nes`)]) },
    { fileName: "no name.zip", bytes: createStoredZip([member("")]) },
    {
      fileName: "many.zip",
      bytes: createStoredZip(Array.from({ length: 20_000 }, (_, at) => member(`${at}`))),
    },
    { fileName: "not utf8.zip", bytes: overwrite(renameInZip(NAME), NAME, Buffer.alloc(40, 0xe9)) },
    { fileName: "bomb.zip", bytes: pack({ "bomb.bin": new Uint8Array(64 << 20) }, ["zip"]) },
    { fileName: "bomb.7z", bytes: pack({ "bomb.bin": new Uint8Array(64 << 20) }, ["7z"]) },
    { fileName: "bomb.gz", bytes: Bun.gzipSync(new Uint8Array(64 << 20)) },
    { fileName: "nested.zip", bytes: nest(30) },
    { fileName: "zip.chd", bytes: renameInZip(NAME) },
    { fileName: "playlist.m3u", bytes: toText("../../../../../etc/passwd\n/etc/passwd\nplaylist.m3u\n\0\n") },
    {
      fileName: "sheet.cue",
      bytes: toText('FILE "../../../../../etc/passwd" BINARY\n TRACK 01 MODE1/2352\n  INDEX 01 00:00:00\n'),
    },
    { fileName: "tracks.gdi", bytes: toText("99999999\n1 0 4 2352 ../../../etc/passwd 0\n") },
  ];
}

/** Sound archives and discs with some bytes changed, cut, doubled or blown up. */
export function listDamaged(dice: Dice, count: number): readonly HostileFile[] {
  const members = {
    "Game (USA).nes": makeSoft(place, "fuzz", 9_000),
    "b/c.txt": makeNoise(place, "fuzz b", 300),
  };
  const sound: readonly (readonly [string, Uint8Array])[] = [
    ["zip", pack(members, ["zip"])],
    ["7z", pack(members, ["7z"])],
    ["7z", pack(members, ["7z"], ["-mhc=off"])],
    ["tar", pack(members, ["tar"])],
    ["tar.gz", pack(members, ["tar", "gzip"])],
    ["tar.bz2", pack(members, ["tar", "bzip2"])],
    ["tar.xz", pack(members, ["tar", "xz"])],
    ["gz", pack({ "a.nes": content }, ["gzip"])],
    ["bz2", pack({ "a.nes": content }, ["bzip2"])],
    ["rar", createStoredRar([{ name: "a/b.nes", bytes: content }])],
    ["nes", createStoredZip([{ name: "a.nes", bytes: content }])],
  ];
  return Array.from({ length: count }, (_, index) => {
    const [extension, bytes] = sound[index % sound.length] ?? ["zip", content];
    return { fileName: `damaged ${index}.${extension}`, bytes: damage(bytes, dice) };
  });
}

/** Discs and other containers, damaged as well. */
export function damageAll(files: readonly HostileFile[], dice: Dice, times: number): readonly HostileFile[] {
  return files.flatMap(({ fileName, bytes }) =>
    Array.from({ length: times }, (_, index) => ({
      fileName: `${index} ${fileName}`,
      bytes: damage(bytes, dice),
    })),
  );
}

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff];

function damage(bytes: Uint8Array, dice: Dice): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const place = () => Math.floor(dice.next() * copy.length);
  switch (Math.floor(dice.next() * 5)) {
    case 0:
      return copy.subarray(0, place());
    case 1:
      for (let change = 0; change < 8; change += 1) copy[place()] = Math.floor(dice.next() * 256);
      return copy;
    case 2: {
      // Sizes and offsets stand near the beginning and the end.
      const from = dice.next() < 0.5 ? 0 : Math.max(0, copy.length - 64);
      const at = from + Math.floor(dice.next() * Math.min(60, copy.length - from));
      copy.fill(EXTREMES[Math.floor(dice.next() * EXTREMES.length)] ?? 0, at, at + 4);
      return copy;
    }
    case 3:
      return Buffer.concat([copy, copy]);
    default: {
      const [start, end] = [place(), place()].sort((a, b) => a - b);
      return Buffer.concat([copy.subarray(0, start), copy.subarray(end)]);
    }
  }
}

function renameInZip(name: string): Uint8Array {
  return overwrite(createStoredZip([{ name: NAME, bytes: content }]), NAME, toField(name));
}

/** In every place where it stands; padded with the zeros that the forms end names with. */
function overwrite(bytes: Uint8Array, from: string, to: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(from); at >= 0; at = copy.indexOf(from, at + 1)) copy.set(to, at);
  return copy;
}

function toField(name: string): Uint8Array {
  const field = new Uint8Array(NAME.length);
  field.set(Buffer.from(name).subarray(0, NAME.length));
  return field;
}

/** The sum of the header is in it, as octal digits. */
function renameInTar(name: string): Uint8Array {
  const tar = Buffer.from(pack({ [NAME]: content }, ["tar"]));
  tar.set(toField(name), 0);
  tar.fill(0x20, 148, 156);
  const sum = tar.subarray(0, 512).reduce((total, value) => total + value, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return tar;
}

/** Names stand in the last header, as UTF-16; its CRC-32 is in the first one, whose own follows from it. */
function renameIn7z(name: string): Uint8Array {
  const archive = Buffer.from(pack({ [NAME]: content }, ["7z"], ["-mhc=off"]));
  const wanted = Buffer.alloc(NAME.length * 2);
  wanted.set(Buffer.from(name, "utf16le").subarray(0, wanted.length));
  const at = archive.indexOf(Buffer.from(NAME, "utf16le"));
  if (at >= 0) archive.set(wanted, at);
  const headerAt = 32 + Number(archive.readBigUInt64LE(12));
  archive.writeUInt32LE(
    crc32(archive.subarray(headerAt, headerAt + Number(archive.readBigUInt64LE(20)))),
    28,
  );
  archive.writeUInt32LE(crc32(archive.subarray(12, 32)), 8);
  return archive;
}

/** A zip in a zip, and so on. */
function nest(depth: number): Uint8Array {
  let bytes: Uint8Array = content;
  for (let level = 0; level < depth; level += 1) bytes = createStoredZip([{ name: `${level}.zip`, bytes }]);
  return bytes;
}
