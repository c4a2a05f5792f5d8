/** A library of every form on disk, what the server tells of it, and its bytes as they come through the client. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Client, Rom, RomWith } from "@multitap/client";
import { fileSink } from "@multitap/client/node";
import { type DatabaseHandle, openDatabase } from "@multitap/db";
import { runTool } from "../../../../scripts/library/tools.ts";
import { type MadeLibrary, makeLibrary, type Structure } from "../../../../scripts/make-library.ts";
import { compareText, digestAll, inPathOrder, type TrueFile, type TrueRom } from "./disk-truth.testing.ts";
import { unpackZip } from "./disk-unpack.testing.ts";
import { makeFolder } from "./scene.testing.ts";
import { SceneError } from "./server-process.testing.ts";

const PLAIN_FILES = 40;
const PLATFORMS = 10;

/** A base folder whose library has everything in it. */
export interface DiskBase {
  readonly basePath: string;
  readonly libraryPath: string;
  readonly library: MadeLibrary;
}

/** Makes a library with roms of every form, odd ones included; what could not be made is printed. */
export async function makeDiskBase(name: string, structure: Structure = "a"): Promise<DiskBase> {
  const basePath = join(makeFolder(name), "base");
  mkdirSync(basePath);
  const library = await makeLibrary({
    outPath: join(basePath, "library"),
    fileCount: PLAIN_FILES,
    platformCount: PLATFORMS,
    structure,
    hasAwkward: true,
    hasFolders: true,
    hasEverything: true,
  });
  for (const { what, reason } of library.everything?.skipped ?? []) {
    console.warn(`not in the library: ${what}, because ${reason}`);
  }
  return { basePath, libraryPath: library.libraryPath, library };
}

/** A copy of a base folder whatever names are in it, to be used up by one test. */
export function copyDiskBase(basePath: string, name: string): string {
  const copy = join(makeFolder(name), "base");
  runTool({ name: "cp", path: Bun.which("cp") ?? "cp" }, ["-a", basePath, copy]);
  return copy;
}

/** A rom with its files, as the client reads them. */
export type KnownRom = RomWith<"files">;
type RomFile = KnownRom["files"][number];

/** Reads every rom with its files through the client. */
export async function readRoms(client: Client): Promise<readonly KnownRom[]> {
  const roms: KnownRom[] = [];
  for await (const rom of client.roms.each({ with: ["files"], pageSize: 200 })) roms.push(rom);
  return roms;
}

/** Library-relative path of a rom. */
export const romPathOf = (rom: Pick<Rom, "fsPath" | "fsName">): string => `${rom.fsPath}/${rom.fsName}`;
const filePathOf = (file: Pick<RomFile, "filePath" | "fileName">): string =>
  `${file.filePath}/${file.fileName}`;

/** What the server tells, in the form of the truth. */
export function toTruth(roms: readonly KnownRom[]): readonly TrueRom[] {
  const all = roms.filter((rom) => !rom.isMissing);
  return inPathOrder(
    all.map(({ files, crc32, md5, sha1, sizeBytes, ...rom }) => ({
      path: romPathOf(rom),
      sizeBytes,
      crc32,
      md5,
      sha1,
      files: inPathOrder(
        files.map((file): TrueFile => {
          const { isTopLevel, category, isPacked, chdSha1, archiveMembers } = file;
          const digests = { crc32: file.crc32, md5: file.md5, sha1: file.sha1 };
          const facts = { isTopLevel, category, isPacked, chdSha1, members: archiveMembers };
          return { path: filePathOf(file), sizeBytes: file.sizeBytes, ...digests, ...facts };
        }),
      ),
    })),
  );
}

/** Opens one connection to the embedded database of a running server; to be closed. */
export function openServerDatabase(basePath: string): DatabaseHandle {
  const note = JSON.parse(readFileSync(join(basePath, "postgres", "multitap.lock"), "utf8")) as {
    readonly socketFolder: string;
  };
  const target = { socketFolder: note.socketFolder, port: 5432, user: "multitap", database: "multitap" };
  return openDatabase(target, { maxConnections: 1, applicationName: "multitap-e2e" });
}

/** One firmware file with the digests of its own bytes. */
export interface FirmwareFacts {
  readonly path: string;
  readonly sizeBytes: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}

/** Firmware as the server has it. */
export async function readFirmware(basePath: string): Promise<readonly FirmwareFacts[]> {
  const handle = openServerDatabase(basePath);
  try {
    const rows = await handle.sql<FirmwareFacts[]>`
      select file_path || '/' || file_name as path, file_size_bytes::float8 as "sizeBytes",
        crc_hash as crc32, md5_hash as md5, sha1_hash as sha1 from firmware where not missing_from_fs`;
    return inPathOrder(rows.map((row) => ({ ...row })));
  } finally {
    await handle.close();
  }
}

/** Firmware as it is on disk. */
export async function readTrueFirmware(libraryPath: string): Promise<readonly FirmwareFacts[]> {
  const paths = readdirSync(join(libraryPath, "bios")).flatMap((slug) =>
    readdirSync(join(libraryPath, "bios", slug)).map((name) => `bios/${slug}/${name}`),
  );
  const digests = await digestAll(paths.map((path) => join(libraryPath, path)));
  return inPathOrder(
    paths.map((path) => {
      const fullPath = join(libraryPath, path);
      const { crc32 = "", md5 = "", sha1 = "" } = digests.get(fullPath) ?? {};
      return { path, sizeBytes: statSync(fullPath).size, crc32, md5, sha1 };
    }),
  );
}

/** What a download is checked against. */
export interface Wanted {
  readonly libraryPath: string;
  readonly rom: KnownRom;
  /** Those asked for; all unless said. */
  readonly files?: readonly RomFile[] | undefined;
}

/** Downloads a rom, or some of its files, and says how it differs from the disk; null when it does not. */
export async function downloadAndCompare(client: Client, wanted: Wanted): Promise<string | null> {
  const { rom, files } = wanted;
  const path = join(makeFolder("download"), "content");
  const fileIds = files?.map((file) => file.id);
  await client.roms.download(rom.id, fileSink(path), fileIds === undefined ? {} : { fileIds });
  const difference = findDifference(path, wanted);
  rmSync(join(path, ".."), { recursive: true });
  return difference;
}

/** Says how a downloaded content differs from the disk; null when it does not. */
export function findDifference(path: string, { libraryPath, rom, files = rom.files }: Wanted): string | null {
  const [only, ...more] = files;
  if (only === undefined) throw new SceneError(`${rom.fsName} has no files`);
  if (more.length === 0) {
    const isEqual = readFileSync(path).equals(readFileSync(join(libraryPath, filePathOf(only))));
    return isEqual ? null : `${filePathOf(only)} differs`;
  }
  const members = new Map(unpackZip(path, `${path}.unpacked`).map((member) => [member.name, member.path]));
  const romPath = romPathOf(rom);
  const names = files.map((file) => filePathOf(file).slice(romPath.length + 1));
  const playlist = rom.files.some((file) => /\.m3u$/i.test(file.fileName))
    ? []
    : [`${basename(romPath)}.m3u`];
  const expected = [...names, ...playlist].sort(compareText);
  if (!Bun.deepEquals([...members.keys()].sort(compareText), expected)) {
    return `${romPath} holds ${JSON.stringify([...members.keys()])} instead of ${JSON.stringify(expected)}`;
  }
  const differing = names.filter((name) => {
    const unpacked = members.get(name) ?? "";
    return (
      !existsSync(unpacked) || !readFileSync(unpacked).equals(readFileSync(join(libraryPath, romPath, name)))
    );
  });
  const [listed] = playlist.map((name) => readFileSync(members.get(name) ?? "", "utf8"));
  const sheets = names.filter((name) => /\.cue$/i.test(name));
  const lines = [...(sheets.length > 0 ? sheets : names)].sort(compareText);
  const isListed = listed === undefined || Bun.deepEquals(listed.split("\n").sort(compareText), lines);
  if (!isListed) return `${romPath} has the playlist ${JSON.stringify(listed)}`;
  return differing.length === 0 ? null : `${romPath} differs in ${differing.join(", ")}`;
}
