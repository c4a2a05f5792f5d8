import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { bundleUnsafe } from "../sync/errors.ts";
import { isSafePath } from "../sync/moves.ts";
import type { RemoteSave, SaveStore } from "../sync/types.ts";
import { createFileSaveStore, type PlacedSave, type SaveLayout } from "./file-save-store.ts";
import { parseRetroArchName, suffixOfState } from "./retroarch-names.ts";
import { type LocalRom, type LocalRoms, openLocalRoms, remembered } from "./retroarch-roms.ts";
import { listFolder, walkFiles } from "./swap.ts";

/** Where RetroArch keeps things, and how they are told to the server. */
export interface RetroArchFolders {
  /** RetroArch's `savefile_directory`. Sub-folders per core or content, two deep at most, are looked into. */
  readonly saves: string;
  /** RetroArch's `savestate_directory`; states stay out of the sync when it is left out. */
  readonly states?: string | undefined;
  /** Holds `<platform>/<rom>`, with the names of the server's library. */
  readonly roms: string;
  /** The slot of saves; `main` unless said. */
  readonly slot?: string | undefined;
  /** Roms whose files are called otherwise here are found by their bytes, which are read for it; `name` unless said. */
  readonly romsBy?: "name" | "sha1" | undefined;
  /** Platforms whose folder has another name here: the server's slug by the folder's name. */
  readonly platforms?: Readonly<Record<string, string>> | undefined;
}

/** Folders of RetroArch's own below a saves folder: content, and core. */
const DEPTH_MAX = 2;
const SLOT = "main";

/** One save or state as it lies here: all files of one stem in one folder, or one state. */
interface Group {
  readonly kind: "save" | "state";
  readonly root: string;
  /** Below the root; "" for the root itself. */
  readonly below: string;
  readonly stem: string;
  /** Of a state. */
  readonly stateSlot: string | null;
  readonly names: readonly string[];
}

/**
 * Makes a store of RetroArch's saves and states. `.srm`, `.rtc` and others of one game are one save. Saves of a game
 * that several cores have count as one: the one that was written last. States belong to the core whose folder they
 * are in. Nothing takes part whose rom is not in `roms`.
 * @example
 * const store = retroArchSaveStore({ saves: "/ra/saves", states: "/ra/states", roms: "/roms" });
 */
export function retroArchSaveStore(folders: RetroArchFolders): SaveStore {
  const { slot = SLOT, romsBy = "name", platforms = {} } = folders;
  const roots = [folders.saves, ...(folders.states === undefined ? [] : [folders.states])].map((path) =>
    resolve(path),
  );
  const [saves = "", states] = roots;
  const readRoms = openLocalRoms(resolve(folders.roms), { romsBy, platforms });
  const about = { saves, states: states ?? null, slot, readRoms };
  const readSaves = remembered(async () => {
    const groups = await listGroups(about, await readRoms());
    return groups.filter(({ kind }) => kind === "save");
  });
  const scene: Scene = { ...about, readSaves };
  const layout: SaveLayout = {
    roots: [...new Set(roots)],
    async *list(signal) {
      const roms = await readRoms();
      for (const group of await listGroups(scene, roms, signal)) yield await toSave(scene, roms, group);
    },
    locate: (remote) => locate(scene, remote),
    async parse(key) {
      const place = parseKey(scene, key);
      if (place === null) return null;
      const roms = await readRoms();
      const rom = chooseRom(roms.byStem(place.stem), place.below);
      if (rom === null) return null;
      const names = await listFolder(join(place.root, place.below));
      const own = names.filter((name) => belongs(name, place)).sort();
      return await toSave(scene, roms, { ...place, rom, names: own });
    },
    toPath: (save, entryPath) => toPath(scene, save, entryPath),
  };
  return createFileSaveStore(layout);
}

interface Scene {
  readonly saves: string;
  readonly states: string | null;
  readonly slot: string;
  readRoms(): Promise<LocalRoms>;
  /** The saves that were here a moment ago: a thousand versions that come at once look for their places. */
  readSaves(): Promise<readonly KnownGroup[]>;
}

type Place = Omit<Group, "names">;

/** The key says everything: kind, folder, stem, and of a state its slot. */
function keyOf({ kind, below, stem, stateSlot }: Place): string {
  const path = below === "" ? stem : `${below}/${stem}`;
  return kind === "save" ? `save:${path}` : `state:${path}${suffixOfState(stateSlot ?? "0")}`;
}

function parseKey({ saves, states }: Scene, key: string): Place | null {
  const [, kind, path = ""] = /^(save|state):(.+)$/s.exec(key) ?? [];
  if (kind === undefined || !isSafePath(path) || path.split("/").length > DEPTH_MAX + 1) return null;
  const below = dirname(path) === "." ? "" : dirname(path);
  if (kind === "save") return { kind: "save", root: saves, below, stem: basename(path), stateSlot: null };
  const name = parseRetroArchName(basename(path));
  if (states === null || name?.kind !== "state") return null;
  return { kind: "state", root: states, below, stem: name.stem, stateSlot: name.slot };
}

function belongs(fileName: string, { kind, stem, stateSlot }: Place): boolean {
  const name = parseRetroArchName(fileName);
  return name !== null && name.kind === kind && name.stem === stem && name.slot === stateSlot;
}

/** A group whose rom is here. */
interface KnownGroup extends Group {
  readonly rom: LocalRom;
}

/** Everything whose rom is here; of one game's saves in several folders the one that was written last. */
async function listGroups(
  scene: Pick<Scene, "saves" | "states">,
  roms: LocalRoms,
  signal?: AbortSignal,
): Promise<readonly KnownGroup[]> {
  const groups = [
    ...(await readGroups(scene.saves, "save", signal)),
    ...(scene.states === null ? [] : await readGroups(scene.states, "state", signal)),
  ];
  const newest = new Map<string, KnownGroup & { readonly writtenAtMs: number }>();
  for (const group of groups) {
    const rom = chooseRom(roms.byStem(group.stem), group.below);
    if (rom === null) continue;
    const name = group.kind === "save" ? `save ${rom.path} ${group.stem}` : keyOf(group);
    const writtenAtMs = await writtenAt(group);
    const other = newest.get(name);
    if (other === undefined || other.writtenAtMs < writtenAtMs)
      newest.set(name, { ...group, rom, writtenAtMs });
  }
  return [...newest.values()];
}

async function writtenAt({ root, below, names }: Group): Promise<number> {
  const times = names.map(async (name) => (await stat(join(root, below, name))).mtimeMs);
  return Math.max(...(await Promise.all(times)));
}

async function readGroups(
  root: string,
  kind: Group["kind"],
  signal?: AbortSignal,
): Promise<readonly Group[]> {
  const groups = new Map<string, Group>();
  for await (const path of walkFiles(root, { depthMax: DEPTH_MAX, signal })) {
    const parsed = parseRetroArchName(basename(path));
    if (parsed === null || parsed.kind !== kind) continue;
    const below = dirname(path) === "." ? "" : dirname(path);
    const place = { kind, root, below, stem: parsed.stem, stateSlot: parsed.slot };
    const key = keyOf(place);
    groups.set(key, { ...place, names: [...(groups.get(key)?.names ?? []), basename(path)] });
  }
  return [...groups.values()];
}

/** Of several roms of one name the one whose platform the folder is called after; null when it cannot be told. */
function chooseRom(roms: readonly LocalRom[], below: string): LocalRom | null {
  if (roms.length === 1) return roms[0] ?? null;
  return roms.find(({ folderName }) => below.split("/").includes(folderName)) ?? null;
}

async function toSave(scene: Scene, roms: LocalRoms, group: KnownGroup): Promise<PlacedSave> {
  const { kind, root, below, names, stateSlot, rom } = group;
  const stateLane = below === "" ? stateSlot : `${below} ${stateSlot}`;
  return {
    key: keyOf(group),
    rom: await roms.refOf(rom),
    kind,
    slot: kind === "save" ? scene.slot : stateLane,
    root,
    folder: join(root, below),
    paths: names,
  };
}

async function locate(scene: Scene, { kind, slot, rom: about }: RemoteSave): Promise<string | null> {
  const rom = await (await scene.readRoms()).find(about);
  if (rom === null || slot === null) return null;
  const { stem } = rom;
  if (kind === "save") {
    if (slot !== scene.slot) return null;
    const below = await chooseSaveFolder(scene, rom);
    return keyOf({ kind, root: scene.saves, below, stem, stateSlot: null });
  }
  const [, below = "", stateSlot = ""] = /^(?:(.+) )?([^ ]+)$/s.exec(slot) ?? [];
  if (scene.states === null || suffixOfState(stateSlot) === null) return null;
  const isPlace = below === "" || (isSafePath(below) && below.split("/").length <= DEPTH_MAX);
  return isPlace ? keyOf({ kind, root: scene.states, below, stem, stateSlot }) : null;
}

/** Where a save of this rom is, or else where saves of its platform are, so that the core finds it. */
async function chooseSaveFolder(scene: Scene, { path, stem, folderName }: LocalRom): Promise<string> {
  const groups = await scene.readSaves();
  const own = groups.find(({ rom }) => rom.path === path && rom.stem === stem);
  if (own !== undefined) return own.below;
  const counts = new Map<string, number>();
  for (const { below, rom } of groups) {
    if (rom.folderName === folderName) counts.set(below, (counts.get(below) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? "";
}

/** What arrives is called after the rom as it is called here; the extension says which file of the save it is. */
function toPath(scene: Scene, save: PlacedSave, entryPath: string): string {
  const place = parseKey(scene, save.key);
  const name = parseRetroArchName(basename(entryPath));
  if (place === null || entryPath.includes("/") || !isSafePath(entryPath)) throw bundleUnsafe(entryPath);
  if (place.kind === "state")
    return join(save.folder, `${place.stem}${suffixOfState(place.stateSlot ?? "0")}`);
  // Other apps' names may be none of RetroArch's; its cores read the usual one.
  const suffix = name?.kind === "save" ? name.suffix : ".srm";
  return join(save.folder, `${place.stem}${suffix}`);
}
