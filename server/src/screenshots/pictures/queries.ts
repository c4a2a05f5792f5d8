import type { Executor } from "@multitap/db";
import { saves, screenshots, states } from "@multitap/db/schema/assets";
import { and, desc, eq, not, or, type SQL, sql } from "drizzle-orm";
import { formatIds } from "../../base/sql.ts";
import type { Screenshot } from "../contract.ts";
import { toScreenshot } from "../queries.ts";

/** Text of one parameter as an array: a list of thousands would otherwise need as many parameters. */
const texts = (values: readonly string[]) =>
  sql`array(select jsonb_array_elements_text(${JSON.stringify(values)}::text::jsonb))`;
const numbers = (values: readonly number[]) => sql`${formatIds(values)}::text::int4[]`;

/** Pictures that versions may show. */
export interface PictureQuery {
  /** Of the pictures that versions name. */
  readonly ids: readonly number[];
  /** What versions that name none are called, and whose they are. */
  readonly names: readonly string[];
  readonly userIds: readonly number[];
  readonly romIds: readonly number[];
}

/** Pictures by their ids or names, never those of a gallery by name. */
export async function listPictures(db: Executor, query: PictureQuery): Promise<readonly Screenshot[]> {
  const { ids, names, userIds, romIds } = query;
  const byId = ids.length === 0 ? undefined : sql`${screenshots.id} = any(${numbers(ids)})`;
  const byName =
    names.length === 0
      ? undefined
      : and(
          eq(screenshots.isGallery, false),
          sql`${screenshots.romId} = any(${numbers(romIds)})`,
          sql`${screenshots.userId} = any(${numbers(userIds)})`,
          or(
            sql`${screenshots.fileName} = any(${texts(names)})`,
            sql`${screenshots.fileNameNoExt} = any(${texts(names)})`,
          ),
        );
  if (byId === undefined && byName === undefined) return [];
  const rows = await db.select().from(screenshots).where(or(byId, byName));
  return rows.map(toScreenshot);
}

/** Stands for none; no row has this id. */
const NO_PICTURE = 0;

/** The version that a picture is stored for. */
export interface PictureOwner {
  readonly kind: "saves" | "states";
  readonly id: number;
  readonly userId: number;
  readonly romId: number;
  readonly screenshotId: number | null;
}

/** Some version names the picture; a version that is left out does not count. */
function isLinked(except?: Pick<PictureOwner, "kind" | "id">): SQL {
  const other = (kind: PictureOwner["kind"], table: typeof saves | typeof states) =>
    except?.kind === kind ? sql`and ${table.id} <> ${except.id}` : sql``;
  return sql`(exists (select from ${saves} where ${saves.screenshotId} = ${screenshots.id} ${other("saves", saves)})
    or exists (select from ${states} where ${states.screenshotId} = ${screenshots.id} ${other("states", states)}))`;
}

/**
 * The picture that a new one of a version takes the place of: its own, or one of the same name that no version names.
 * What another version shows stays. Locked until the transaction ends; null when there is none.
 */
export async function findReplaced(
  db: Executor,
  owner: PictureOwner,
  fileName: string,
): Promise<number | null> {
  const isOwn = eq(screenshots.id, owner.screenshotId ?? NO_PICTURE);
  const [row] = await db
    .select({ id: screenshots.id })
    .from(screenshots)
    .where(
      and(
        eq(screenshots.userId, owner.userId),
        eq(screenshots.romId, owner.romId),
        eq(screenshots.isGallery, false),
        or(isOwn, eq(screenshots.fileName, fileName)),
        not(isLinked(owner)),
      ),
    )
    .orderBy(desc(isOwn), desc(screenshots.id))
    .limit(1)
    .for("update");
  return row?.id ?? null;
}

/** Shows or hides pictures. */
export async function setPicturesPublic(
  db: Executor,
  ids: readonly number[],
  isPublic: boolean,
): Promise<void> {
  if (ids.length === 0) return;
  await db
    .update(screenshots)
    .set({ isPublic, updatedAt: sql`clock_timestamp()` })
    .where(sql`${screenshots.id} = any(${numbers(ids)})`);
}

/** Removes those of some pictures that no version names; their bytes go to the trash by themselves. */
export async function deleteUnlinked(db: Executor, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.delete(screenshots).where(and(sql`${screenshots.id} = any(${numbers(ids)})`, not(isLinked())));
}
