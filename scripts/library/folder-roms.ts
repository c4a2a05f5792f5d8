import { pack } from "./packed-roms.ts";
import { addFile, addFolder, makeNoise, makeSoft, type RichPlace, toText } from "./rich-place.ts";
import { createStoredRar } from "./stored-rar.ts";
import { createStoredZip } from "./stored-zip.ts";

/** Adds roms that are folders, as collections have them, firmware, and platforms that are never hashed. */
export function addFolderRoms(place: RichPlace): void {
  const add = (platformSlug: string, fsName: string, files: Readonly<Record<string, Uint8Array>>) =>
    addFolder(place, { kind: "folder", platformSlug, fsName }, files);
  const noise = (key: string, sizeBytes = 2_000) => makeNoise(place, key, sizeBytes);
  add("psx", "Three Discs (USA)", createDiscs(place, "Three Discs (USA)"));
  add("psx", "Own Playlist (Japan)", {
    ...createDiscs(place, "Own Playlist (Japan)"),
    "Own Playlist (Japan).M3U": toText(
      "Own Playlist (Japan) (Disc 1).cue\nOwn Playlist (Japan) (Disc 2).cue\n",
    ),
  });
  add("psx", "With Extras (Europe)", createExtras(place));
  add("psx", "One File (USA)", { "One File (USA).bin": noise("one file") });
  add("psx", "Only Deeper (USA)", { "disc/Only Deeper (USA).bin": noise("only deeper") });
  add("psx", "Hidden (USA)", {
    ".hidden.bin": noise("hidden"),
    "._Hidden (USA).bin": noise("fork", 100),
    ".DS_Store": noise("store", 100),
    "Hidden (USA).bin": noise("shown"),
    "desktop.ini": noise("ini", 50),
  });
  add("psx", "Demo", { "Demo (USA).bin": noise("demo"), "patch/fix.ips": noise("demo patch", 60) });
  add("psx", "Deep (USA)", { [`${"level/".repeat(20)}Deep (USA).bin`]: noise("deep") });
  add("psx", "星のたび (日本) 🎮", {
    "星のたび.bin": noise("star"),
    "Ｚ last by unit.bin": noise("star z"),
    "🎮 last by code point.bin": noise("star game"),
    "Cafe\u0301.bin": noise("star cafe"),
    "マニュアル/説明書.pdf": noise("star manual"),
  });
  add("psx", "Empty Folder (USA)", {});
  add("psx", "Only Left Out (USA)", { ".DS_Store": noise("left out", 90), "a.tmp": noise("tmp", 90) });
  add("psx", "No Bytes Inside (USA)", { "a.bin": new Uint8Array(0), "b.bin": new Uint8Array(0) });
  add("psx", "Disc 1.2", { "a.bin": noise("dotted folder") });
  add("snes", "Packed Parts (USA)", createPackedParts(place));
  addNeverHashed(place);
  addFirmware(place);
}

/** Discs of a set as sheets with their tracks. */
function createDiscs(place: RichPlace, title: string): Readonly<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const disc of [1, 2, 3]) {
    const name = `${title} (Disc ${disc})`;
    files[`${name}.cue`] = toText(
      `FILE "${name}.bin" BINARY\n  TRACK 01 MODE2/2352\n    INDEX 01 00:00:00\n`,
    );
    files[`${name}.bin`] = makeNoise(place, name, 2_352 * (10 + disc));
  }
  return files;
}

/** Files of every category; `patches` is none, as the plural is an "s" only. */
function createExtras(place: RichPlace): Readonly<Record<string, Uint8Array>> {
  const folders =
    "DLC Manual update mods patches patch cheats soundtrack screenshots translation/demo hack extras";
  const files: Record<string, Uint8Array> = { "With Extras (Europe).bin": makeNoise(place, "extras", 9_000) };
  for (const folder of folders.split(" ")) {
    files[`${folder}/${folder.replace("/", " ")} 1.bin`] = makeNoise(place, `extras ${folder}`, 700);
    files[`${folder}/more/deeper.bin`] = makeSoft(place, `extras deep ${folder}`, 400);
  }
  return files;
}

/** Packed files in a folder count by the largest thing in them. */
function createPackedParts(place: RichPlace): Readonly<Record<string, Uint8Array>> {
  const pair = (key: string) => ({
    "small.txt": makeSoft(place, `${key} small`, 500),
    "a/Large (USA).sfc": makeSoft(place, `${key} large`, 30_000),
  });
  return {
    "Part (1).zip": pack(pair("part zip"), ["zip"], ["-mm=Deflate"]),
    "Part (2).7z": pack(pair("part 7z"), ["7z"]),
    "Part (3).tar.gz": pack(pair("part tar"), ["tar", "gzip"]),
    "Part (4).tar": pack(pair("part plain tar"), ["tar"]),
    "Part (5).gz": pack({ "x.sfc": makeSoft(place, "part gz", 9_000) }, ["gzip"]),
    "Part (6).bz2": pack({ "x.sfc": makeSoft(place, "part bz2", 9_000) }, ["bzip2"]),
    "Part (7).sfc": makeNoise(place, "part plain", 1_000),
    "Part (8).zip": makeNoise(place, "part no zip", 1_000),
    // Of a rar nothing is looked into but as a rom of its own.
    "Part (9).rar": createStoredRar([{ name: "x.sfc", bytes: makeNoise(place, "part rar", 2_000) }]),
    "patch/Fix.zip": createStoredZip([{ name: "fix.ips", bytes: makeNoise(place, "fix", 300) }]),
  };
}

function addNeverHashed(place: RichPlace): void {
  const file = (platformSlug: string, fsName: string) =>
    addFile(place, { kind: "never-hashed", platformSlug, fsName }, makeNoise(place, fsName, 3_000));
  file("switch", "Handheld [0100ABCD01234000][v0].nsp");
  file("switch", "Packed Handheld.zip");
  file("win", "Setup (World).exe");
  addFolder(
    place,
    { kind: "never-hashed", platformSlug: "switch", fsName: "Handheld Quest" },
    {
      "Handheld Quest [0100000000010000].nsp": makeNoise(place, "base nsp", 4_000),
      "Update/Handheld Quest [0100000000010800][v65536].nsp": makeNoise(place, "update nsp", 2_000),
      "dlc/Handheld Quest [0100000000011001].nsp": makeNoise(place, "dlc nsp", 1_000),
    },
  );
  addFolder(
    place,
    { kind: "never-hashed", platformSlug: "ps3", fsName: "BLES00000-[Third Station]" },
    {
      "PS3_GAME/PARAM.SFO": makeNoise(place, "sfo", 500),
      "PS3_GAME/USRDIR/EBOOT.BIN": makeNoise(place, "eboot", 5_000),
      "PS3_DISC.SFB": makeNoise(place, "sfb", 1_536),
    },
  );
}

/** Firmware counts by its own bytes, whatever it is. */
function addFirmware(place: RichPlace): void {
  const add = (platformSlug: string, fsName: string, bytes: Uint8Array) =>
    addFile(place, { kind: "firmware", platformSlug, fsName }, bytes);
  add("psx", "test-disc-station.bin", makeNoise(place, "firmware psx", 524_288));
  add("psx", "Bios Of Ｚ 🎮.bin", makeNoise(place, "firmware odd", 1_000));
  add("gba", "test-handheld.bin", makeNoise(place, "firmware gba", 16_384));
  add(
    "gba",
    "packed.zip",
    createStoredZip([{ name: "b.bin", bytes: makeNoise(place, "firmware zip", 600) }]),
  );
}
