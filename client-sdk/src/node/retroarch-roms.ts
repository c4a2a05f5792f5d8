import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { RemoteSave, RomRef } from "../sync/types.ts";
import { hasFsCode } from "./durable.ts";

/** One rom of this device. */
export interface LocalRom {
  /** What RetroArch calls saves after. */
  readonly stem: string;
  /** The folder of its platform. */
  readonly folderName: string;
  readonly fsName: string;
  readonly path: string;
}

/** The roms of this device, by what saves and versions know of them. */
export interface LocalRoms {
  /** Roms whose saves are called so; in the order of their folders. */
  byStem(stem: string): readonly LocalRom[];
  /** The rom of the library, as far as it is here; null when it is not. */
  find(rom: RemoteSave["rom"]): Promise<LocalRom | null>;
  refOf(rom: LocalRom): Promise<RomRef>;
}

/** How roms of this device are told to the server. */
export interface RomNaming {
  readonly romsBy: "name" | "sha1";
  /** Platforms whose folder is called otherwise than on the server: server's slug by folder name. */
  readonly platforms: Readonly<Record<string, string>>;
}

/** How long a look at the folders serves: one listing and the places of what it brings. */
const LOOK_AGAIN_MS = 5_000;
/** Digests that are remembered. */
const DIGESTS_MAX = 10_000;

const stemOf = (name: string) => name.replace(/(?<=.)\.[^.]+$/, "");

/** Reads `<roms>/<platform>/<rom>`; folders of discs are roms as well. */
export function openLocalRoms(root: string, { romsBy, platforms }: RomNaming): () => Promise<LocalRoms> {
  const digests = new Map<string, string>();
  const slugOf = ({ folderName }: LocalRom) =>
    (Object.hasOwn(platforms, folderName) ? platforms[folderName] : undefined) ?? folderName;
  const sha1Of = async (path: string): Promise<string | null> => {
    const { size, mtimeMs, isFile } = await describe(path);
    if (!isFile) return null;
    const name = `${path} ${size} ${mtimeMs}`;
    const digest = digests.get(name) ?? (await digestFile(path));
    if (digests.size >= DIGESTS_MAX) digests.clear();
    digests.set(name, digest);
    return digest;
  };
  const look = async (): Promise<LocalRoms> => {
    const all = await readRoms(root);
    const stems = Map.groupBy(all, ({ stem }) => stem);
    return {
      byStem: (stem) => stems.get(stem) ?? [],
      async find({ platformSlug, platformFsSlug, fsName, sha1 }) {
        const isOfPlatform = (rom: LocalRom) => [platformSlug, platformFsSlug].includes(slugOf(rom));
        const byName = all.find((rom) => rom.fsName === fsName && isOfPlatform(rom));
        if (byName !== undefined) return byName;
        const sameStem = all.find((rom) => rom.stem === stemOf(fsName) && isOfPlatform(rom));
        if (sameStem !== undefined || romsBy === "name" || sha1 === "") return sameStem ?? null;
        for (const rom of all.filter(isOfPlatform)) if ((await sha1Of(rom.path)) === sha1) return rom;
        return null;
      },
      async refOf(rom) {
        const sha1 = romsBy === "sha1" ? await sha1Of(rom.path) : null;
        return sha1 === null ? { platformSlug: slugOf(rom), fsName: rom.fsName } : { sha1 };
      },
    };
  };
  return remembered(look);
}

/** Gives what a look at the disk gave a moment ago, or looks again. */
export function remembered<T>(look: () => Promise<T>): () => Promise<T> {
  let known: { readonly atMs: number; readonly found: T } | null = null;
  return async () => {
    if (known === null || Date.now() - known.atMs > LOOK_AGAIN_MS) {
      known = { found: await look(), atMs: Date.now() };
    }
    return known.found;
  };
}

async function describe(path: string) {
  const facts = await stat(path);
  return { size: facts.size, mtimeMs: facts.mtimeMs, isFile: facts.isFile() };
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash("sha1");
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}

async function readRoms(root: string): Promise<readonly LocalRom[]> {
  const roms: LocalRom[] = [];
  for (const platform of await readEntries(root)) {
    if (!platform.isDirectory) continue;
    for (const { name, isDirectory } of await readEntries(join(root, platform.name))) {
      const path = join(root, platform.name, name);
      // A folder is a rom of several files; RetroArch names saves after the file that was opened, mostly a playlist.
      const stems = isDirectory ? await stemsIn(path) : [stemOf(name)];
      for (const stem of stems) roms.push({ stem, folderName: platform.name, fsName: name, path });
    }
  }
  return roms;
}

async function stemsIn(path: string): Promise<readonly string[]> {
  const inner = (await readEntries(path))
    .filter(({ isDirectory }) => !isDirectory)
    .map(({ name }) => stemOf(name));
  return [...new Set([basename(path), ...inner])];
}

async function readEntries(path: string) {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter(({ name }) => !name.startsWith("."))
      .map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT")) return [];
    throw thrown;
  }
}
