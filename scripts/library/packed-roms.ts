import fs from "node:fs";
import { join } from "node:path";
import { addFile, addPath, makeNoise, makeSoft, type RichPlace, toText } from "./rich-place.ts";
import { createStoredRar } from "./stored-rar.ts";
import { createStoredZip } from "./stored-zip.ts";
import { MEMBER_TIME, type Members, runTool, SEVEN_ZIP, withFiles } from "./tools.ts";

/** One archive that 7-Zip makes. */
interface PackedPlan {
  readonly kind: string;
  readonly platformSlug: string;
  readonly fsName: string;
  readonly members: Members;
  /** What 7-Zip calls the formats, the innermost first. */
  readonly types: readonly string[];
  readonly flags?: readonly string[] | undefined;
}

/** Adds roms that are archives of every supported form, and files that only look like plain ones. */
export function addPackedRoms(place: RichPlace): void {
  const plans = [...planZips(place), ...planSevenZips(place), ...planTars(place), ...planStreams(place)];
  for (const { members, types, flags = [], ...facts } of plans) {
    fs.writeFileSync(addPath(place, facts), pack(members, types, flags), { flag: "wx" });
  }
  addRars(place);
  const member = makeNoise(place, "hidden zip", 900);
  const renamed = createStoredZip([
    { name: "small.txt", bytes: toText("read me") },
    { name: "Renamed (USA).nes", bytes: member },
  ]);
  addFile(place, { kind: "renamed", platformSlug: "nes", fsName: "Renamed Archive (USA).nes" }, renamed);
}

/** Packs files with 7-Zip, one format in the other; the same files give the same bytes. */
export function pack(members: Members, types: readonly string[], flags: readonly string[] = []): Uint8Array {
  return withFiles(members, (folder) => {
    let content = "*";
    let workFolder = join(folder, "in");
    for (const [index, type] of types.entries()) {
      const isOutermost = index === types.length - 1;
      // With an extension, or 7-Zip adds its own.
      const name = `packed-${index}.bin`;
      const path = join(folder, name);
      const how = isOutermost ? flags : [];
      runTool(
        SEVEN_ZIP,
        ["a", `-t${type}`, ...how, "-bd", "-y", "-sccUTF-8", "--", path, content],
        workFolder,
      );
      fs.utimesSync(path, MEMBER_TIME, MEMBER_TIME);
      [content, workFolder] = [name, folder];
    }
    return fs.readFileSync(join(workFolder, content));
  });
}

/** Two members whose order by code point and by UTF-16 unit differ, and some that none can confuse. */
const oddlyOrdered = (place: RichPlace, key: string): Members => ({
  "Ｚ last by unit.bin": makeNoise(place, `${key} 1`, 700),
  "🎮 last by code point.bin": makeNoise(place, `${key} 2`, 701),
  "é accent.bin": makeNoise(place, `${key} 3`, 702),
  "a.bin": makeNoise(place, `${key} 4`, 703),
  "B.bin": makeNoise(place, `${key} 5`, 704),
});

const inFolders = (place: RichPlace, key: string): Members => ({
  "a/b/c/deep.bin": makeSoft(place, `${key} 1`, 5_000),
  "a/b.bin": makeSoft(place, `${key} 2`, 9_000),
  "a-before.bin": makeSoft(place, `${key} 3`, 1_000),
  "z/.hidden": makeSoft(place, `${key} 4`, 300),
});

const withExcluded = (place: RichPlace, key: string): Members => ({
  "Game (USA).bin": makeSoft(place, `${key} 1`, 3_000),
  ".DS_Store": makeNoise(place, `${key} 2`, 100),
  "folder/gamelist.xml": makeNoise(place, `${key} 3`, 90),
  "folder/save.tmp": makeNoise(place, `${key} 4`, 80),
  "folder/CACHE.DB": makeNoise(place, `${key} 5`, 80),
});

const many = (place: RichPlace, key: string, count: number): Members =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `part ${index % 7}/track ${index}.bin`,
      makeSoft(place, `${key} ${index}`, 100 + index),
    ]),
  );

function planZips(place: RichPlace): readonly PackedPlan[] {
  const plan = (fsName: string, members: Members, flags: readonly string[] = []): PackedPlan => ({
    kind: "zip",
    platformSlug: "nes",
    fsName,
    members,
    types: ["zip"],
    flags: ["-mcu=on", ...flags],
  });
  const soft = (key: string) => ({
    "readme.txt": makeSoft(place, `${key} 1`, 2_000),
    "Game (Europe).nes": makeSoft(place, key, 40_000),
  });
  return [
    plan("Stored (USA).zip", soft("stored"), ["-mm=Copy"]),
    plan("Deflated (Europe).zip", soft("deflated"), ["-mm=Deflate"]),
    plan("Enhanced (Europe).zip", soft("enhanced"), ["-mm=Deflate64"]),
    plan("Bzip2 Inside (Europe).zip", soft("bzip2"), ["-mm=BZip2"]),
    plan("Lzma Inside (Europe).zip", soft("lzma"), ["-mm=LZMA"]),
    plan("Single (Japan).zip", { "Single (Japan).nes": makeNoise(place, "single", 600) }),
    plan("Many Members (World).zip", many(place, "many zip", 300)),
    plan("Nested Folders (Japan).zip", inFolders(place, "nested zip")),
    plan("Odd Order (World).zip", oddlyOrdered(place, "odd zip")),
    plan("Excluded Members (USA).zip", withExcluded(place, "excluded zip")),
    plan("UPPER CASE (USA).ZIP", soft("upper")),
    // Its extension is "name.zip", which is no archive's: only its content tells.
    plan("Dotted.name.zip", soft("dotted")),
    plan("Only Excluded (USA).zip", { ".DS_Store": makeNoise(place, "only", 99), "a.tmp": toText("x") }),
  ];
}

function planSevenZips(place: RichPlace): readonly PackedPlan[] {
  const plan = (fsName: string, members: Members, flags: readonly string[] = []): PackedPlan => ({
    kind: "7z",
    platformSlug: "snes",
    fsName,
    members,
    types: ["7z"],
    flags,
  });
  return [
    plan("Single (USA).7z", { "Single (USA).sfc": makeSoft(place, "one 7z", 30_000) }),
    plan("Solid (Europe).7z", many(place, "solid", 120)),
    plan("Not Solid (Europe).7z", many(place, "not solid", 20), ["-ms=off"]),
    plan("Copied (Europe).7z", inFolders(place, "copied 7z"), ["-m0=Copy"]),
    plan("Odd Order (World).7z", oddlyOrdered(place, "odd 7z")),
    plan("Excluded Members (USA).7z", withExcluded(place, "excluded 7z")),
    plan("Only Excluded (USA).7z", { "Thumbs.db": makeNoise(place, "only 7z", 99) }),
  ];
}

function planTars(place: RichPlace): readonly PackedPlan[] {
  const plan = (fsName: string, types: readonly string[], members?: Members): PackedPlan => ({
    kind: "tar",
    platformSlug: "genesis",
    fsName,
    members: members ?? inFolders(place, fsName),
    types,
  });
  return [
    plan("Plain (USA).tar", ["tar"]),
    plan("Zipped (USA).tar.gz", ["tar", "gzip"]),
    plan("Short (USA).tgz", ["tar", "gzip"]),
    plan("Blocks (USA).tar.bz2", ["tar", "bzip2"]),
    plan("Short Blocks (USA).tbz2", ["tar", "bzip2"]),
    plan("Small (USA).tar.xz", ["tar", "xz"]),
    plan("Short Small (USA).txz", ["tar", "xz"]),
    plan("Odd Order (World).tar", ["tar"], oddlyOrdered(place, "odd tar")),
    plan("Excluded Members (USA).tar", ["tar"], withExcluded(place, "excluded tar")),
  ];
}

/** 7-Zip only reads these. */
function addRars(place: RichPlace): void {
  const add = (fsName: string, members: Members) => {
    const list = Object.entries(members).map(([name, bytes]) => ({ name, bytes }));
    addFile(place, { kind: "rar", platformSlug: "snes", fsName }, createStoredRar(list));
  };
  add("Single (USA).rar", { "Single (USA).sfc": makeNoise(place, "one rar", 5_000) });
  add("Nested Folders (Japan).rar", inFolders(place, "nested rar"));
  add("Odd Order (World).rar", oddlyOrdered(place, "odd rar"));
  add("Excluded Members (USA).rar", withExcluded(place, "excluded rar"));
}

/** Compressed files that are no archives by their names. */
function planStreams(place: RichPlace): readonly PackedPlan[] {
  const plan = (fsName: string, types: readonly string[], members: Members): PackedPlan => ({
    kind: "stream",
    platformSlug: "gb",
    fsName,
    members,
    types,
  });
  const one = (key: string): Members => ({ "Game (USA).gb": makeSoft(place, key, 20_000) });
  return [
    plan("Packed (USA).gb.gz", ["gzip"], one("gz")),
    plan("Packed (USA).gb.bz2", ["bzip2"], one("bz2")),
    plan("Tar Inside (USA).gz", ["tar", "gzip"], inFolders(place, "tar inside gz")),
    plan("Looks Plain (USA).gb", ["7z"], inFolders(place, "7z inside")),
  ];
}
