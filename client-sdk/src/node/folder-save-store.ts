import { join, resolve } from "node:path";
import { bundleUnsafe } from "../sync/errors.ts";
import { isSafePath } from "../sync/moves.ts";
import type { SaveStore } from "../sync/types.ts";
import { createFileSaveStore, type PlacedSave, type SaveLayout } from "./file-save-store.ts";
import { listFolder, walkFiles } from "./swap.ts";

/** Folders below a save that are looked into. */
const DEPTH_MAX = 8;
const KINDS = ["save", "state"] as const;
/** A slot that is none, as a folder. */
const NO_SLOT = "_";

/**
 * Makes a store of a folder that is laid out by roms: `saves/<platform>/<rom>/<slot>/…` and the same below `states`.
 * All files of a slot's folder are one save. Names of platforms and roms are those of the server's library; a slot
 * that is none is called `_`, and what no file system takes is written as `%2F` is for `/`.
 * @param path Made with the first save. What the sync itself needs lies in `.multitap-sync`, the trash among it.
 * @example
 * const sync = createSync(client, { deviceId, store: folderSaveStore("/home/ana/saves") });
 */
export function folderSaveStore(path: string): SaveStore {
  const root = resolve(path);
  const layout: SaveLayout = {
    roots: [root],
    async *list(signal) {
      for (const kind of KINDS) {
        for (const platform of await listNames(root, `${kind}s`)) {
          for (const rom of await listNames(root, `${kind}s`, platform)) {
            for (const slot of await listNames(root, `${kind}s`, platform, rom)) {
              const save = await parse(root, `${kind}s/${platform}/${rom}/${slot}`, signal);
              if (save !== null && save.paths.length > 0) yield save;
            }
          }
        }
      }
    },
    async locate({ kind, slot, rom }) {
      const names = [rom.platformSlug, rom.fsName].map(escapeName);
      return [`${kind}s`, ...names, slot === null ? NO_SLOT : escapeName(slot)].join("/");
    },
    parse: (key) => parse(root, key),
    toPath({ folder }, entryPath) {
      if (!isSafePath(entryPath) || entryPath.split("/").some((part) => part.startsWith("."))) {
        throw bundleUnsafe(entryPath);
      }
      return join(folder, entryPath);
    },
  };
  return createFileSaveStore(layout);
}

async function listNames(root: string, ...below: readonly string[]): Promise<readonly string[]> {
  const names = await listFolder(join(root, ...below));
  return names.filter((name) => !name.startsWith(".")).sort();
}

async function parse(root: string, key: string, signal?: AbortSignal): Promise<PlacedSave | null> {
  const [folderName, platform, rom, slot, ...more] = key.split("/");
  const kind = KINDS.find((each) => `${each}s` === folderName);
  if (kind === undefined || platform === undefined || rom === undefined || slot === undefined) return null;
  const names = [platform, rom, slot];
  // Only keys that `escapeName` can give: none leads out of the folder.
  if (more.length > 0 || names.some((name) => escapeName(unescapeName(name)) !== name && name !== NO_SLOT))
    return null;
  const folder = join(root, folderName ?? "", platform, rom, slot);
  const paths: string[] = [];
  for await (const path of walkFiles(folder, { depthMax: DEPTH_MAX, signal })) paths.push(path);
  return {
    key,
    rom: { platformSlug: unescapeName(platform), fsName: unescapeName(rom) },
    kind,
    slot: slot === NO_SLOT ? null : unescapeName(slot),
    root,
    folder,
    paths,
  };
}

/** Writes any text as a name that every file system takes. */
function escapeName(text: string): string {
  const escaped = text
    .replace(/[%/\\:*?"<>|\p{Cc}]|^[._\s]|[.\s]$/gu, encodeChar)
    .replace(/^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))/i, "%00");
  return escaped === "" ? "%00" : escaped;
}

function encodeChar(char: string): string {
  return Array.from(new TextEncoder().encode(char), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(
    "",
  );
}

function unescapeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("%00", ""));
  } catch (thrown) {
    // Somebody else's folder.
    if (thrown instanceof URIError) return name;
    throw thrown;
  }
}
