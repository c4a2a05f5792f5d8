import { dirname, join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import type { LibraryConfig } from "../../base/library-config.ts";
import type { ScanMedia } from "../../base/library-config-readings.ts";
import { inTransaction } from "../../base/transaction.ts";
import type { FoundMedium, RomAnswer, Said } from "../../metadata/contract.ts";
import { coverPathsOf, readCover, storeCover } from "../covers/service.ts";
import { toRomResources } from "../disk-changes/rules.ts";
import { mergeStoredMetadata } from "../merging/service.ts";
import { STORED_AT_ONCE_ROMS } from "./limits.ts";
import { lockStoredRoms, type StoredAnswer, storeAnsweredRoms, storeProviderData } from "./queries.ts";
import { mayReplace, mergeTexts, type RomColumns, type StoredRom } from "./rules.ts";

/**
 * Stores what a provider said of some roms: its own metadata as they are, the texts of the rom as far as nobody who
 * counts more has said them, media below the resources, and what is merged of all providers. Storing the same again
 * changes nothing.
 */
export async function storeProviderAnswers(ctx: Context, said: Said): Promise<void> {
  const { scan } = await ctx.ports.settings.read();
  for (let start = 0; start < said.answers.length; start += STORED_AT_ONCE_ROMS) {
    ctx.signal.throwIfAborted();
    const answers = said.answers.slice(start, start + STORED_AT_ONCE_ROMS);
    await storeSome(ctx, { ...said, answers }, scan);
  }
  ctx.noteWrite();
}

async function storeSome(ctx: Context, said: Said, scan: LibraryConfig["scan"]): Promise<void> {
  const { provider, idColumn, mode, answers } = said;
  const weight = { provider, mode, priority: scan.metadataPriority };
  const perRom = new Map(answers.map((answer) => [answer.romId, answer]));
  await inTransaction(ctx, async (tx) => {
    const stored: StoredAnswer[] = [];
    for (const rom of await lockStoredRoms(tx.db, [...perRom.keys()])) {
      const answer = perRom.get(rom.id);
      if (answer === undefined) continue;
      const isReplacing = mayReplace(rom, weight);
      stored.push(await toStored(tx, { rom, answer, isReplacing, wanted: scan.media }));
    }
    if (stored.length === 0) return;
    const romIds = stored.map(({ romId }) => romId);
    await storeProviderData(tx.db, provider, stored);
    await storeAnsweredRoms(tx.db, idColumn, stored);
    await mergeStoredMetadata(tx.db, romIds);
    tx.raise({ topic: "library", userId: null, data: { change: "updated", entity: "rom", ids: romIds } });
  });
}

interface Storing {
  readonly rom: StoredRom;
  readonly answer: RomAnswer;
  readonly isReplacing: boolean;
  /** Kinds of media that the operator wants. */
  readonly wanted: readonly ScanMedia[];
}

async function toStored(ctx: Context, storing: Storing): Promise<StoredAnswer> {
  const { rom, answer, isReplacing, wanted } = storing;
  const kinds: Record<string, string> = {};
  for (const medium of answer.media) {
    const isWanted = wanted.some((kind) => kind === medium.kind);
    if (medium.kind === "cover" || medium.kind === "screenshot" || medium.kind === "manual" || !isWanted)
      continue;
    const path = await place(ctx, medium, {
      rom,
      name: `${medium.kind}/${medium.kind}${extensionOf(medium)}`,
    });
    if (path !== null) kinds[`${medium.kind}_path`] = path;
  }
  const columns: RomColumns = {
    ...mergeTexts(rom, answer, isReplacing),
    ...(await storeCoverOf(ctx, storing)),
    ...(await storeScreenshotOf(ctx, storing)),
    ...(await storeManualOf(ctx, storing)),
    pathVideo: rom.pathVideo ?? kinds.video_path ?? null,
  };
  return { romId: rom.id, providerId: answer.providerId, columns, data: { ...answer.metadata, ...kinds } };
}

function mediumOf({ answer }: Storing, kind: FoundMedium["kind"]): FoundMedium | null {
  return answer.media.find((medium) => medium.kind === kind) ?? null;
}

type CoverColumns = Pick<RomColumns, "urlCover" | "pathCoverSmall" | "pathCoverLarge">;

/** A cover that is there stays, unless it came from elsewhere and this answer counts more. */
async function storeCoverOf(ctx: Context, storing: Storing): Promise<CoverColumns> {
  const { rom, isReplacing } = storing;
  const { urlCover, pathCoverSmall, pathCoverLarge } = rom;
  const present = { urlCover, pathCoverSmall, pathCoverLarge };
  const medium = mediumOf(storing, "cover");
  if (medium === null || (pathCoverSmall !== "" && (!isReplacing || urlCover === medium.url))) return present;
  const owner = { romId: rom.id, platformId: rom.platformId };
  const cover = await attempt(ctx, medium, async () => {
    const sizeBytes = (await ctx.ports.files.find(medium.path))?.sizeBytes ?? 0;
    const { path } = medium;
    const file = { fieldName: "cover", fileName: path, contentType: "", sizeBytes, content: { path } };
    const prepared = await readCover(ctx, file);
    await storeCover(ctx, owner, prepared);
    return coverPathsOf(owner, prepared);
  });
  return cover === null ? present : { urlCover: medium.url, ...cover };
}

type ScreenshotColumns = Pick<RomColumns, "urlScreenshots" | "pathScreenshots">;

async function storeScreenshotOf(ctx: Context, storing: Storing): Promise<ScreenshotColumns> {
  const { urlScreenshots, pathScreenshots } = storing.rom;
  const medium = mediumOf(storing, "screenshot");
  const isWanted = storing.wanted.includes("screenshot");
  if (medium === null || !isWanted || urlScreenshots.length > 0) return { urlScreenshots, pathScreenshots };
  const path = await place(ctx, medium, { rom: storing.rom, name: "screenshots/0.jpg" });
  return path === null
    ? { urlScreenshots, pathScreenshots }
    : { urlScreenshots: [medium.url], pathScreenshots: [path] };
}

type ManualColumns = Pick<RomColumns, "urlManual" | "pathManual">;

async function storeManualOf(ctx: Context, storing: Storing): Promise<ManualColumns> {
  const { id, urlManual, pathManual } = storing.rom;
  const medium = mediumOf(storing, "manual");
  const isWanted = storing.wanted.includes("manual");
  if (medium === null || !isWanted || urlManual !== "" || extensionOf(medium) !== ".pdf") {
    return { urlManual, pathManual };
  }
  const path = await place(ctx, medium, { rom: storing.rom, name: `manual/${id}.pdf` });
  return path === null ? { urlManual, pathManual } : { urlManual: medium.url, pathManual: path };
}

/** The ending of the file, which becomes part of a name of ours: letters and digits alone. */
function extensionOf({ path }: FoundMedium): string {
  return /\.[a-z0-9]{1,8}$/i.exec(path)?.[0].toLowerCase() ?? "";
}

/** Whose medium it becomes, under which name below the rom's resources. */
interface Target {
  readonly rom: Pick<StoredRom, "id" | "platformId">;
  readonly name: string;
}

/** Puts a file below the resources of a rom, as a second name where the disks allow it; one that is there stays. */
async function place(ctx: Context, medium: FoundMedium, { rom, name }: Target): Promise<string | null> {
  const { files, space } = ctx.ports;
  const path = `${toRomResources(rom.platformId, rom.id)}/${name}`;
  const target = join(ctx.facts.resourcesPath, path);
  return await attempt(ctx, medium, async () => {
    if ((await files.find(target)) !== null) return path;
    const facts = await files.find(medium.path);
    await space.assertSpace(facts?.sizeBytes ?? 0, { path: ctx.facts.resourcesPath });
    await files.createFolder(dirname(target));
    await files.concatenate([medium.path], target);
    return path;
  });
}

/** One file that cannot be read must not take the rest of an answer away; a full disk ends the work. */
async function attempt<T>(ctx: Context, { path }: FoundMedium, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!isAppError(error) || error.kind === "storage_full") throw error;
    ctx.ports.log.warn("a medium cannot be stored", { path, error });
    return null;
  }
}
