import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import { createUuid } from "../../base/ids.ts";
import { perPorts } from "../../base/per-ports.ts";
import type { AnsweringProvider, AskedRom, FoundMedium, RomAnswer } from "../contract.ts";
import {
  GAMELIST_BYTES_MAX,
  GAMELIST_KEPT_MS,
  GAMELIST_SUMMARY_CHARS_MAX,
  GAMELIST_VALUES_MAX,
  GAMELISTS_KEPT_MAX,
} from "../limits.ts";
import { type GamelistEntry, parseGamelist, textOf } from "./gamelist-file.ts";
import { findMedia, listMediaFolders, type MediaFolders } from "./gamelist-media.ts";

/**
 * What a `gamelist.xml` beside the roms says, as front ends of the EmulationStation family write it. It needs no
 * network and is always asked; a file that is damaged is reported and says nothing.
 */
export const gamelistProvider: AnsweringProvider = {
  name: "gamelist",
  idColumn: "gamelist_id",
  isEnabled: () => true,
  ask,
};

async function ask(
  ctx: Context,
  roms: readonly AskedRom[],
  signal: AbortSignal,
): Promise<readonly RomAnswer[]> {
  const answers: RomAnswer[] = [];
  for (const [fsPath, own] of Map.groupBy(roms, (rom) => rom.fsPath)) {
    const list = await readList(ctx, fsPath, signal);
    if (list === null) continue;
    for (const rom of own) {
      signal.throwIfAborted();
      const entry = list.entries.get(rom.fsName);
      if (entry !== undefined) answers.push(await toAnswer(ctx, rom, { entry, list }));
    }
  }
  return answers;
}

/** A list as it was read last. */
interface ReadList {
  /** Says whether the file on disk is still the one that was read. */
  readonly mark: string;
  readonly readAtMs: number;
  readonly platformFolder: string;
  readonly libraryPath: string;
  readonly entries: ReadonlyMap<string, GamelistEntry>;
  readonly folders: MediaFolders;
}

/** Roms of a platform come in batches, one shortly after the other. */
const keptLists = perPorts(() => new Map<string, ReadList>());

/** The list of a platform's folder; null when there is none that can be read. */
async function readList(ctx: Context, fsPath: string, signal: AbortSignal): Promise<ReadList | null> {
  const { files, log } = ctx.ports;
  const kept = keptLists(ctx.ports);
  const platformFolder = join(ctx.facts.libraryPath, fsPath);
  const path = join(platformFolder, "gamelist.xml");
  try {
    const facts = await files.find(path);
    if (facts?.kind !== "file") return null;
    const mark = `${facts.sizeBytes} ${facts.modifiedAtMs} ${facts.inode}`;
    const known = kept.get(path);
    const nowMs = ctx.ports.clock.now().getTime();
    if (known?.mark === mark && nowMs - known.readAtMs < GAMELIST_KEPT_MS) return known;
    const text = await files.readText(path, { maxBytes: GAMELIST_BYTES_MAX });
    const { entries, problem } = await parseGamelist(text, signal);
    if (problem !== null) log.warn("a gamelist.xml is damaged and was not read", { path, problem });
    const folders = await listMediaFolders(ctx, platformFolder);
    const libraryPath = await files.realPath(ctx.facts.libraryPath);
    const list: ReadList = { mark, readAtMs: nowMs, platformFolder, libraryPath, entries, folders };
    kept.delete(path);
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - GAMELISTS_KEPT_MAX + 1))) {
      kept.delete(oldest);
    }
    kept.set(path, list);
    return list;
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.warn("a gamelist.xml cannot be read", { path, error });
    return null;
  }
}

interface Found {
  readonly entry: GamelistEntry;
  readonly list: ReadList;
}

async function toAnswer(ctx: Context, rom: AskedRom, { entry, list }: Found): Promise<RomAnswer> {
  const media = await findMedia(ctx, { ...list, entry, stem: rom.fsNameNoExt });
  return {
    romId: rom.romId,
    providerId: rom.knownId ?? createUuid(),
    name: textOf(entry, "name"),
    sortName: textOf(entry, "sortname"),
    summary: textOf(entry, "desc", GAMELIST_SUMMARY_CHARS_MAX),
    regions: listOf(entry, "region"),
    languages: listOf(entry, "lang"),
    media,
    metadata: toMetadata(entry, media),
  };
}

/** Values separated by commas. */
function listOf(entry: GamelistEntry, tag: string): readonly string[] {
  const values = textOf(entry, tag)
    .split(",")
    .map((value) => value.trim());
  return [...new Set(values.filter((value) => value !== ""))].slice(0, GAMELIST_VALUES_MAX);
}

function toMetadata(entry: GamelistEntry, media: readonly FoundMedium[]): RomAnswer["metadata"] {
  const present = (tags: readonly string[]) =>
    tags.map((tag) => textOf(entry, tag)).filter((text) => text !== "");
  const said: Readonly<Record<string, string>> = {
    rating: textOf(entry, "rating"),
    first_release_date: textOf(entry, "releasedate"),
    player_count: textOf(entry, "players"),
    md5_hash: textOf(entry, "md5"),
  };
  return {
    ...Object.fromEntries(Object.entries(said).filter(([, text]) => text !== "")),
    companies: present(["developer", "publisher"]),
    franchises: present(["family"]),
    genres: present(["genre"]),
    ...Object.fromEntries(media.map(({ kind, url }) => [`${kind}_url`, url])),
  };
}
