import { type FSWatcher, watch } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { WATCH_INOTIFY_SHARE, WATCH_LINK_DEPTH_MAX, WATCH_LINKS_MAX } from "./limits.ts";
import type { Driver, DriverOptions } from "./polling.ts";
import { below, depthOf, inFlight, listEntries, type TreeEntry } from "./tree.ts";

/** Why the system cannot tell. */
export interface NativeLimit {
  /** Folders that were to be watched. */
  readonly folderCount: number;
  /** Watches the system allows our user; null when it does not say. */
  readonly allowed: number | null;
  readonly cause: unknown;
}

export interface NativeOptions extends DriverOptions {
  /** Called at most once, when watching this way cannot begin or go on. */
  onLimit(limit: NativeLimit): void;
}

interface Native {
  readonly options: NativeOptions;
  /** Watchers by the path they stand for; the empty one is the folder itself. */
  readonly watchers: Map<string, FSWatcher>;
  folderCount: number;
  allowed: number | null;
  isClosed: boolean;
}

/**
 * Lets the system tell. The runtime's recursive watch takes one inotify watch per folder and next to no memory,
 * and follows folders that are created later. It does not follow links, so those get watches of their own.
 */
export function watchNatively(options: NativeOptions): Driver {
  const native: Native = { options, watchers: new Map(), folderCount: 0, allowed: null, isClosed: false };
  return {
    ready: begin(native),
    folderCount: () => native.folderCount,
    close: () => close(native),
  };
}

function close(native: Native): void {
  native.isClosed = true;
  for (const watcher of native.watchers.values()) watcher.close();
  native.watchers.clear();
}

async function begin(native: Native): Promise<void> {
  const [tree, allowed] = await Promise.all([surveyTree(native.options.folder), readAllowedWatches()]);
  native.folderCount = tree.folderCount;
  native.allowed = allowed;
  if (allowed !== null && tree.folderCount > allowed * WATCH_INOTIFY_SHARE) {
    giveUp(native, null);
    return;
  }
  for (const path of ["", ...tree.links]) watchBelow(native, path);
}

function giveUp(native: Native, cause: unknown): void {
  if (native.isClosed) return;
  close(native);
  const { folderCount, allowed } = native;
  native.options.onLimit({ folderCount, allowed, cause });
}

function watchBelow(native: Native, path: string): void {
  if (native.isClosed || native.watchers.has(path) || native.watchers.size > WATCH_LINKS_MAX) return;
  try {
    const watcher = watch(join(native.options.folder, path), { recursive: true, persistent: false });
    native.watchers.set(path, watcher);
    watcher.on("change", (kind, name) => onEvent(native, path, { kind, name }));
    watcher.on("error", (error) => onFailure(native, path, error));
  } catch (error) {
    onFailure(native, path, error);
  }
}

/** Ways of saying that no more can be watched; the first one is also said for a disk without room. */
const LIMIT_CODES: ReadonlySet<unknown> = new Set(["ENOSPC", "EMFILE", "ENFILE", "ENOMEM"]);

function onFailure(native: Native, path: string, error: unknown): void {
  if (native.isClosed) return;
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (LIMIT_CODES.has(code)) {
    giveUp(native, error);
  } else if (path === "" && code === "ENOENT") {
    native.options.onLost();
  } else {
    const message = `${join(native.options.folder, path)} cannot be watched`;
    native.options.onProblem({ kind: "failed", message, cause: error });
  }
}

interface RawEvent {
  readonly kind: string;
  readonly name: string | Buffer | null;
}

function onEvent(native: Native, base: string, { kind, name }: RawEvent): void {
  if (native.isClosed) return;
  // Without a name it was the watched folder itself that went, or came to stand elsewhere.
  if (typeof name !== "string" || name === "") {
    onOwnEvent(native, base);
    return;
  }
  const path = below(base, name);
  if (kind === "rename" && depthOf(path) <= WATCH_LINK_DEPTH_MAX) void followLink(native, path);
  if (native.options.isIgnored(path, null)) return;
  native.options.onChange(split(path));
}

function onOwnEvent(native: Native, base: string): void {
  if (base === "") {
    native.options.onLost();
    return;
  }
  native.watchers.get(base)?.close();
  native.watchers.delete(base);
  native.options.onChange(split(base));
}

function split(path: string): { readonly folder: string; readonly name: string } {
  const folder = dirname(path);
  return { folder: folder === "." ? "" : folder, name: basename(path) };
}

/** A link to a folder may have come, or have gone. */
async function followLink(native: Native, path: string): Promise<void> {
  native.watchers.get(path)?.close();
  native.watchers.delete(path);
  const parent = join(native.options.folder, dirname(path));
  const entries = await listEntries(parent).catch((error: unknown) => {
    onFailure(native, path, error);
    return [];
  });
  const entry = entries.find(({ name }) => name === basename(path));
  if (entry?.isLink && entry.isFolder) watchBelow(native, path);
}

interface Tree {
  readonly folderCount: number;
  /** Links to folders in the upper levels. */
  readonly links: readonly string[];
}

/** Counts the folders that would each take a watch, and finds the links that need one of their own. */
async function surveyTree(root: string): Promise<Tree> {
  const links: string[] = [];
  let folderCount = 1;
  let level = [""];
  while (level.length > 0) {
    const next: string[] = [];
    await inFlight(level, async (path) => {
      for (const { name, isLink } of await listFolders(root, path)) {
        folderCount += 1;
        next.push(below(path, name));
        if (isLink) links.push(below(path, name));
      }
    });
    level = next;
  }
  return { folderCount, links: links.sort() };
}

/** Folders in a folder; links to folders only in the upper levels, so that none leads in circles. */
async function listFolders(root: string, path: string): Promise<readonly Omit<TreeEntry, "isFolder">[]> {
  const full = join(root, path);
  if (depthOf(path) < WATCH_LINK_DEPTH_MAX) {
    return (await listEntries(full).catch(nothingWhenUnreadable)).filter(({ isFolder }) => isFolder);
  }
  const entries = await readdir(full, { withFileTypes: true }).catch(nothingWhenUnreadable);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => ({ name, isLink: false }));
}

/** What cannot be listed cannot be watched either, which is told when that is tried. */
function nothingWhenUnreadable(error: unknown): [] {
  if (error instanceof Error && "code" in error) return [];
  throw error;
}

/** How many inotify watches our user may have; null on other systems. */
async function readAllowedWatches(): Promise<number | null> {
  const [own, all] = await Promise.all(
    ["/proc/sys/user/max_inotify_watches", "/proc/sys/fs/inotify/max_user_watches"].map(readNumber),
  );
  const known = [own, all].filter((limit) => limit !== null && limit !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}

async function readNumber(path: string): Promise<number | null> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  });
  const value = Number.parseInt(text, 10);
  return Number.isSafeInteger(value) ? value : null;
}
