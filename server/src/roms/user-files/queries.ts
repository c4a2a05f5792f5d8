import type { Executor } from "@multitap/db";
import { saves, screenshots, states } from "@multitap/db/schema/assets";
import { users } from "@multitap/db/schema/users";
import { desc, eq, sql } from "drizzle-orm";
import { toInstant } from "../../base/clock.ts";
import { pairByName } from "../../base/paired-name.ts";
import { perExecutor } from "../../base/per-executor.ts";
import type { FileOwner, OwnedSave, OwnedScreenshot, RomUserFiles } from "./contract.ts";
import { PICTURES_LISTED_MAX, VERSIONS_LISTED_MAX } from "./limits.ts";

/** Stands for callers without an account, which has no row of this id. */
const NO_ACCOUNT = 0;

const ROM = sql.placeholder("romId");
const VIEWER = sql.placeholder("viewerId");

const OWNER = { username: users.username, avatarPath: users.avatarPath, ownerUpdatedAt: users.updatedAt };

const place = (table: typeof saves | typeof states | typeof screenshots) => ({
  id: table.id,
  romId: table.romId,
  userId: table.userId,
  fileName: table.fileName,
  fileNameNoTags: table.fileNameNoTags,
  fileNameNoExt: table.fileNameNoExt,
  fileExtension: table.fileExtension,
  filePath: table.filePath,
  sizeBytes: table.fileSizeBytes,
  isPublic: table.isPublic,
  isMissing: table.missingFromFs,
  createdAt: table.createdAt,
  ...OWNER,
});

/** Of too many the viewer's own stay, then the newest. */
const listVersions = (db: Executor, table: typeof saves) =>
  db
    .select({
      ...place(table),
      emulator: table.emulator,
      slot: table.slot,
      canonicalName: table.canonicalName,
      isBundle: table.isBundle,
      contentHash: table.contentHash,
      sha1: table.sha1Hash,
      originDeviceId: table.originDeviceId,
      screenshotId: table.screenshotId,
      updatedAt: table.contentUpdatedAt,
    })
    .from(table)
    .innerJoin(users, eq(users.id, table.userId))
    .where(sql`${table.romId} = ${ROM} and (${table.isPublic} or ${table.userId} = ${VIEWER})`)
    .orderBy(sql`${table.userId} = ${VIEWER} desc`, desc(table.id))
    .limit(VERSIONS_LISTED_MAX);

const prepared = perExecutor((db) => ({
  saves: listVersions(db, saves).prepare("rom_saves"),
  // Both tables have the same columns.
  states: listVersions(db, states as unknown as typeof saves).prepare("rom_states"),
  screenshots: db
    .select({
      ...place(screenshots),
      isGallery: screenshots.isGallery,
      updatedAt: screenshots.updatedAt,
    })
    .from(screenshots)
    .innerJoin(users, eq(users.id, screenshots.userId))
    .where(
      sql`${screenshots.romId} = ${ROM} and (${screenshots.isPublic} or ${screenshots.userId} = ${VIEWER})`,
    )
    .orderBy(sql`${screenshots.userId} = ${VIEWER} desc`, desc(screenshots.id))
    .limit(PICTURES_LISTED_MAX)
    .prepare("rom_screenshots"),
}));

interface Row {
  readonly id: number;
  readonly userId: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly username: string;
  readonly avatarPath: string;
  readonly ownerUpdatedAt: Date;
}

/** A row with its moments as text, and its owner apart. */
function toOwned<T extends Row>({ username, avatarPath, ownerUpdatedAt, createdAt, updatedAt, ...rest }: T) {
  const owner: FileOwner = { username, avatarPath, updatedAt: toInstant(ownerUpdatedAt) };
  return { ...rest, owner, createdAt: toInstant(createdAt), updatedAt: toInstant(updatedAt) };
}

/** The viewer's own first, each by id. */
function inOrder<T extends Pick<Row, "id" | "userId">>(rows: readonly T[], viewerId: number): readonly T[] {
  const rank = ({ userId }: T) => (userId === viewerId ? 0 : 1);
  return rows.toSorted((a, b) => rank(a) - rank(b) || a.id - b.id);
}

type VersionRow = Omit<OwnedSave, "screenshot"> & { readonly screenshotId: number | null };

/** Gives versions the pictures that they name, else those that are called alike. */
function withPictures(
  versions: readonly VersionRow[],
  pictures: readonly OwnedScreenshot[],
): readonly OwnedSave[] {
  const byId = new Map(pictures.map((picture) => [picture.id, picture]));
  const thumbnails = Map.groupBy(
    pictures.filter(({ isGallery }) => !isGallery),
    ({ userId }) => userId,
  );
  const finders = new Map([...thumbnails].map(([userId, own]) => [userId, pairByName(own)]));
  return versions.map(({ screenshotId, ...version }) => {
    const named = screenshotId === null ? null : (byId.get(screenshotId) ?? null);
    const screenshot = screenshotId === null ? (finders.get(version.userId)?.(version) ?? null) : named;
    return { ...version, screenshot };
  });
}

/** What users keep as files of a rom that a viewer may read; one statement per table. */
export async function readUserFiles(
  db: Executor,
  { romId, viewerId }: { readonly romId: number; readonly viewerId: number | null },
): Promise<RomUserFiles> {
  const viewer = viewerId ?? NO_ACCOUNT;
  const values = { romId, viewerId: viewer };
  const statements = prepared(db);
  const [saveRows, stateRows, pictureRows] = await Promise.all([
    statements.saves.execute(values),
    statements.states.execute(values),
    statements.screenshots.execute(values),
  ]);
  const pictures = inOrder(pictureRows.map(toOwned), viewer);
  return {
    saves: withPictures(inOrder(saveRows.map(toOwned), viewer), pictures),
    states: withPictures(inOrder(stateRows.map(toOwned), viewer), pictures),
    screenshots: pictures,
  };
}
