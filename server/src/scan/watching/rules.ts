import * as v from "valibot";
import { compileExclusions } from "../../base/exclusions.ts";
import { compileGlobs } from "../../base/glob.ts";
import { ALWAYS_IGNORED_NAMES, type LibraryConfig } from "../../base/library-config.ts";
import {
  PENDING_ALL,
  type Pending,
  type PendingChange,
  type Place,
  StoredPendingSchema,
} from "./contract.ts";
import { WATCHING_PENDING_MAX } from "./limits.ts";

/** How to read paths of the library. */
export interface LibraryMap {
  /**
   * Whether a path below the library is no part of it: an excluded name, or a file on its way.
   * @param isFolder Null when that is not known.
   */
  isIgnored(path: string, isFolder: boolean | null): boolean;
  /** What a change in a folder belongs to. `name` is the entry in it; null when any may have changed. */
  locate(folder: string, name: string | null): Place;
}

/** Names that uploads and moves use on their way, RomM's included; see also `isPartialName` of the files port. */
const ON_ITS_WAY = /^(?:\.multitap-.*\.partial|\..*\.assembling|\.romm_tmp_.*)$/;

/** Reads the paths of a library by its layout; a null structure is treated as the one that may come, `a` or `b`. */
export function createLibraryMap(config: LibraryConfig, structure: "a" | "b" | null): LibraryMap {
  const bases = [config.romsFolder, config.firmwareFolder];
  const split = structure === "a" ? splitShared : structure === "b" ? splitOwn : () => null;
  const isExcluded = compileInside(config);
  const { isPlatformExcluded } = compileExclusions(config);
  return {
    isIgnored(path, isFolder) {
      if (path.split("/").some((name) => ON_ITS_WAY.test(name))) return true;
      const inside = split(path, bases);
      if (inside === null && structure === "a") return !leadsTo(path, bases);
      if (isPlatformExcluded(inside?.fsSlug ?? path.split("/", 1)[0] ?? "")) return true;
      return inside !== null && isExcluded(inside.names, isFolder);
    },
    locate(folder, name) {
      const inside = split(folder, bases);
      if (inside !== null) return { kind: "platform", fsSlug: inside.fsSlug };
      return structure === "a" ? locateShared(config, folder, name) : locateOwn(config, folder, name);
    },
  };
}

/** A change beside the platforms' own folders of structure A. */
function locateShared(
  { romsFolder, firmwareFolder }: LibraryConfig,
  folder: string,
  name: string | null,
): Place {
  if (folder === romsFolder) return { kind: "platforms" };
  // A new folder of firmware is also told by itself, so nothing is lost without its name.
  if (folder === firmwareFolder) return name === null ? { kind: "none" } : { kind: "platform", fsSlug: name };
  const isOnTheWay = name === null || leadsTo(join(folder, name), [romsFolder, firmwareFolder]);
  return { kind: isOnTheWay ? "all" : "none" };
}

/** The same for structure B, and for a library that has none yet. */
function locateOwn({ firmwareFolder }: LibraryConfig, folder: string, name: string | null): Place {
  if (folder !== "" && name === firmwareFolder) return { kind: "platform", fsSlug: folder };
  return { kind: folder === "" && name === null ? "all" : "platforms" };
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

interface Inside {
  readonly fsSlug: string;
  /** Names below the platform's folder. */
  readonly names: readonly string[];
}

/** `roms/<platform>/…` */
function splitShared(path: string, bases: readonly string[]): Inside | null {
  const base = bases.find((each) => path.startsWith(`${each}/`));
  if (base === undefined) return null;
  const [fsSlug = "", ...names] = path.slice(base.length + 1).split("/");
  return { fsSlug, names };
}

/** `<platform>/roms/…` */
function splitOwn(path: string, bases: readonly string[]): Inside | null {
  const slash = path.indexOf("/");
  if (slash < 0) return null;
  const rest = path.slice(slash + 1);
  const base = bases.find((each) => rest === each || rest.startsWith(`${each}/`));
  if (base === undefined) return null;
  const names = rest === base ? [] : rest.slice(base.length + 1).split("/");
  return { fsSlug: path.slice(0, slash), names };
}

/** Whether a path is one of the bases or on the way to it. */
function leadsTo(path: string, bases: readonly string[]): boolean {
  return bases.some((base) => base === path || base.startsWith(`${path}/`));
}

type InsideTest = (names: readonly string[], isFolder: boolean | null) => boolean;

/** Exclusions inside a platform's folder. A name that may be a file or a folder is tested as both. */
function compileInside(config: LibraryConfig): InsideTest {
  const { isRomFileExcluded, isRomFolderExcluded, isPartExcluded } = compileExclusions(config);
  const disabled = new Set(config.excludeDisabledDefaults);
  const isLeftBehind = compileGlobs(ALWAYS_IGNORED_NAMES.filter((name) => !disabled.has(name)));
  return ([first, ...parts], isFolder) => {
    if (first === undefined) return false;
    const last = parts.at(-1);
    if (last === undefined) {
      return (
        (isFolder !== true && isRomFileExcluded(first)) || (isFolder !== false && isRomFolderExcluded(first))
      );
    }
    if (isRomFolderExcluded(first) || parts.some(isLeftBehind)) return true;
    return isFolder !== true && isPartExcluded(last);
  };
}

/** Adds a change that happened now. More platforms than may wait become everything. */
export function addChange(pending: Pending, key: string, nowMs: number): Pending {
  const before = pending.get(key);
  const next = new Map(pending).set(key, { firstAtMs: before?.firstAtMs ?? nowMs, lastAtMs: nowMs });
  if (next.size <= WATCHING_PENDING_MAX) return next;
  const firstAtMs = Math.min(...[...next.values()].map((change) => change.firstAtMs));
  return new Map([[PENDING_ALL, { firstAtMs, lastAtMs: nowMs }]]);
}

export interface DelayRule {
  /** Quiet time after which changes are scanned. */
  readonly delayMs: number;
  /** Time after the first change at which they are scanned anyway. */
  readonly delayMaxMs: number;
}

/**
 * Chooses what to scan now. Changes within one delay of each other belong together and are scanned at once,
 * because a file that moved from one platform to another is recognised only when both are looked at.
 * @returns Keys of `pending`; empty when nothing is due.
 */
export function chooseDue(pending: Pending, nowMs: number, rule: DelayRule): readonly string[] {
  const due: string[] = [];
  for (const group of groupChanges(pending, rule.delayMs)) {
    const isQuiet = nowMs - group.lastAtMs >= rule.delayMs;
    if (isQuiet || nowMs - group.firstAtMs >= rule.delayMaxMs) due.push(...group.keys);
  }
  return due;
}

interface ChangeGroup extends PendingChange {
  readonly keys: readonly string[];
}

function groupChanges(pending: Pending, delayMs: number): readonly ChangeGroup[] {
  const groups: ChangeGroup[] = [];
  const sorted = [...pending].sort(([, a], [, b]) => a.firstAtMs - b.firstAtMs);
  for (const [key, change] of sorted) {
    const group = groups.at(-1);
    if (group === undefined || change.firstAtMs > group.lastAtMs + delayMs) {
      groups.push({ ...change, keys: [key] });
      continue;
    }
    groups[groups.length - 1] = {
      keys: [...group.keys, key],
      firstAtMs: group.firstAtMs,
      lastAtMs: Math.max(group.lastAtMs, change.lastAtMs),
    };
  }
  return groups;
}

/** Takes scanned changes out of what waits, but not those that went on after they were chosen. */
export function withoutScanned(pending: Pending, chosen: Pending): Pending {
  return new Map([...pending].filter(([key, change]) => chosen.get(key) !== change));
}

/** Writes pending changes as text. */
export function formatPending(pending: Pending): string {
  return JSON.stringify([...pending].map(([key, { firstAtMs }]) => [key, firstAtMs]));
}

/** Reads pending changes back; the delay begins anew. Damaged text means that everything may have changed. */
export function parsePending(text: string | null, nowMs: number): Pending {
  if (text === null) return new Map();
  const all: Pending = new Map([[PENDING_ALL, { firstAtMs: nowMs, lastAtMs: nowMs }]]);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), StoredPendingSchema), text);
  if (!parsed.success) return all;
  return new Map(
    parsed.output.map(([key, firstAtMs]) => [
      key,
      { firstAtMs: Math.min(firstAtMs, nowMs), lastAtMs: nowMs },
    ]),
  );
}

/** File systems whose changes are not announced to us, because they happen on another machine or behind a layer. */
const SILENT_FILE_SYSTEMS: ReadonlySet<string> = new Set([
  "nfs",
  "cifs",
  "smb",
  "smb3",
  "9p",
  "fuse",
  "ceph",
  "gpfs",
  "lustre",
]);

/** Whether changes on a file system have to be looked for; null is a type we do not know. */
export function needsPolling(fsType: string | null): boolean {
  return fsType !== null && SILENT_FILE_SYSTEMS.has(fsType);
}
