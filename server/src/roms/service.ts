import * as v from "valibot";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { operation } from "../base/operation.ts";
import { type Cursor, formatCursor, parseCursor } from "../base/paging.ts";
import { Id } from "../base/schemas.ts";
import type { Hidden } from "../permissions/hidden/contract.ts";
import { getHidden, hidesRom } from "../permissions/hidden/service.ts";
import {
  FindManyRomsInput,
  FindRomInput,
  FoundRomSchema,
  FoundRomsSchema,
  GetRomInput,
  ListRomsInput,
  type Rom,
  RomPageSchema,
  type RomPart,
  type RomWithParts,
  RomWithPartsSchema,
} from "./contract.ts";
import { listRomDetails } from "./details/queries.ts";
import { CURSOR_VALUES, type RomOrder, USER_ORDERS } from "./filters/contract.ts";
import { toVisibleFilter } from "./filters/service.ts";
import { listRomsByKey } from "./lists/queries.ts";
import { findRomsByMarks } from "./marks/queries.ts";
import { getTotal } from "./offset-lists/service.ts";
import { findRomById, findRomByMark } from "./queries.ts";
import { romNotFound } from "./rules.ts";

/**
 * One page of roms behind a cursor; stable while a scan inserts.
 * @throws AppError `PAGE_CURSOR_INVALID` for a cursor of another order.
 */
export const listRoms = operation(
  { type: "query", scope: "roms.read", input: ListRomsInput, output: RomPageSchema },
  async (ctx, input) => {
    const { cursor, limit, withTotal, with: parts, orderBy, direction, ...asked } = input;
    const order = `roms:${orderBy}:${direction}`;
    const after = cursor === undefined ? null : checkCursor(parseCursor(cursor, order), orderBy);
    const filter = { ...(await toVisibleFilter(ctx, asked)), touched: touchedBy(orderBy) };
    const [rows, total] = await Promise.all([
      // One row more than asked for tells whether there is a next page.
      listRomsByKey(ctx.db, { filter, orderBy, direction, cursor: after, limit: limit + 1 }),
      withTotal ? getTotal(ctx, filter) : null,
    ]);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    const { hidden } = filter;
    return {
      items: await addParts(
        ctx,
        page.map(({ rom }) => rom),
        { parts, hidden },
      ),
      nextCursor: hasMore ? formatCursor({ order, value: last.value, id: last.rom.id }) : null,
      total,
    };
  },
);

/** What an order asks for beside the filter: something to be ordered by. */
function touchedBy(orderBy: RomOrder): "ever" | "played" | undefined {
  if (orderBy === "lastPlayedAt") return "played";
  return USER_ORDERS.some((order) => order === orderBy) ? "ever" : undefined;
}

/** Refuses what no page of ours can have ended with, before the database is asked about it. */
function checkCursor(cursor: Cursor, orderBy: RomOrder): Cursor {
  if (v.is(CURSOR_VALUES[orderBy], cursor.value) && v.is(Id, cursor.id)) return cursor;
  throw new AppError("invalid", "PAGE_CURSOR_INVALID", { message: "cursor does not belong to this list" });
}

/**
 * One rom with the parts that were asked for.
 * @throws AppError `ROMS_NOT_FOUND`.
 */
export const getRom = operation(
  { type: "query", scope: "roms.read", input: GetRomInput, output: RomWithPartsSchema },
  async (ctx, { romId, with: parts }) => {
    const [rom, hidden] = await Promise.all([findRomById(ctx.db, romId), getHidden(ctx)]);
    if (rom === null || hidesRom(hidden, rom)) throw romNotFound(romId);
    const [withParts] = await addParts(ctx, [rom], { parts, hidden });
    return withParts ?? rom;
  },
);

/**
 * One rom, for other domains: inside an operation whose scope was asked before.
 * @throws AppError `ROMS_NOT_FOUND`, also for a hidden one.
 */
export async function requireVisibleRom(
  ctx: Pick<Context, "db" | "ports" | "identity">,
  romId: number,
): Promise<Rom> {
  const [rom, hidden] = await Promise.all([findRomById(ctx.db, romId), getHidden(ctx)]);
  if (rom === null || hidesRom(hidden, rom)) throw romNotFound(romId);
  return rom;
}

/** The first rom that carries a mark (hash, or platform and file name), or null. */
export const findRom = operation(
  { type: "query", scope: "roms.read", input: FindRomInput, output: FoundRomSchema },
  async (ctx, mark) => await findRomByMark(ctx.db, mark, await getHidden(ctx)),
);

/**
 * The first rom that carries each mark, in the order of the marks; null where there is none. One statement for all.
 */
export const findManyRoms = operation(
  { type: "query", scope: "roms.read", input: FindManyRomsInput, output: FoundRomsSchema },
  async (ctx, { marks }) => await findRomsByMarks(ctx.db, marks, await getHidden(ctx)),
);

async function addParts(
  ctx: Context,
  page: readonly Rom[],
  { parts, hidden }: { readonly parts: readonly RomPart[]; readonly hidden: Hidden },
): Promise<readonly RomWithParts[]> {
  if (parts.length === 0) return page;
  const userId = ctx.identity.kind === "user" ? ctx.identity.userId : null;
  const details = await listRomDetails(
    ctx.db,
    page.map((rom) => rom.id),
    { userId, withFiles: parts.includes("files"), hidden },
  );
  const byId = new Map(details.map((each) => [each.id, each]));
  return page.map((rom) => {
    const full = byId.get(rom.id);
    return full === undefined
      ? rom
      : { ...rom, ...Object.fromEntries(parts.map((part) => [part, full[part]])) };
  });
}
