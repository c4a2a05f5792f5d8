import type { Executor } from "@multitap/db";
import { isUniqueViolation } from "@multitap/db/errors";
import { romProviderMetadata, roms } from "@multitap/db/schema/roms";
import { and, eq, sql } from "drizzle-orm";
import type { AnswerChange, ChangeableRom, RomPatch } from "./rules.ts";

/** Tells whether a failed statement met a rom that has the name already. */
export function isNameTaken(error: unknown): boolean {
  return isUniqueViolation(error);
}

const COLUMNS = {
  id: roms.id,
  platformId: roms.platformId,
  fsName: roms.fsName,
  fsPath: roms.fsPath,
  fsNameNoTags: roms.fsNameNoTags,
  isFolder: roms.isFolder,
  name: roms.name,
  nameSortKey: roms.nameSortKey,
  slug: roms.slug,
  summary: roms.summary,
  igdbId: roms.igdbId,
  sgdbId: roms.sgdbId,
  mobyId: roms.mobyId,
  ssId: roms.ssId,
  raId: roms.raId,
  launchboxId: roms.launchboxId,
  hasheousId: roms.hasheousId,
  tgdbId: roms.tgdbId,
  hltbId: roms.hltbId,
  flashpointId: roms.flashpointId,
  gamelistId: roms.gamelistId,
  libretroId: roms.libretroId,
  pathCoverSmall: roms.pathCoverSmall,
  pathCoverLarge: roms.pathCoverLarge,
  urlCover: roms.urlCover,
  urlManual: roms.urlManual,
  urlScreenshots: roms.urlScreenshots,
  pathScreenshots: roms.pathScreenshots,
  updatedAt: roms.updatedAt,
};

/** A rom as a change sees it, or null. */
export async function findChangeable(db: Executor, romId: number): Promise<ChangeableRom | null> {
  const [row] = await db.select(COLUMNS).from(roms).where(eq(roms.id, romId));
  return row ?? null;
}

/** The same, locked until the transaction ends. */
export async function lockChangeable(db: Executor, romId: number): Promise<ChangeableRom | null> {
  const [row] = await db.select(COLUMNS).from(roms).where(eq(roms.id, romId)).for("update");
  return row ?? null;
}

/** Stores what differs, and when. */
export async function updateRomRow(
  db: Executor,
  romId: number,
  patch: RomPatch & { readonly updatedAt: Date },
): Promise<void> {
  const { id: _id, ...set } = patch;
  await db.update(roms).set(set).where(eq(roms.id, romId));
}

/** Stores and removes what providers said of a rom. */
export async function storeAnswers(
  db: Executor,
  romId: number,
  answers: readonly AnswerChange[],
): Promise<void> {
  if (answers.length === 0) return;
  const { provider } = romProviderMetadata;
  await db
    .delete(romProviderMetadata)
    .where(
      and(
        eq(romProviderMetadata.romId, romId),
        sql`${provider} in (select jsonb_array_elements_text(${JSON.stringify(answers.map(([name]) => name))}::jsonb))`,
      ),
    );
  const stored = answers.flatMap(([name, data]) => (data === null ? [] : [{ romId, provider: name, data }]));
  if (stored.length > 0) await db.insert(romProviderMetadata).values(stored);
}
