import type { Context } from "../../base/context.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import { romNotFound } from "../rules.ts";
import { keepRomPlace, listRomPlaces } from "./queries.ts";

/**
 * Asks whether the caller may see a rom, and keeps it from being removed until the transaction ends.
 * @param hidden Read before the transaction, where it may come from memory.
 * @throws AppError `ROMS_NOT_FOUND`.
 */
export async function keepVisibleRom(ctx: Pick<Context, "db">, romId: number, hidden: Hidden): Promise<void> {
  const rom = await keepRomPlace(ctx.db, romId);
  if (rom === null || hidesRom(hidden, rom)) throw romNotFound(romId);
}

/** Tells the account itself, in its other apps, that what it sees of some roms is another now. */
export function raiseOwnChange(ctx: Context, userId: number, romIds: readonly number[]): void {
  ctx.raise({ topic: "library", userId, data: { change: "updated", entity: "rom", ids: romIds } });
}

/** Those of some rom ids that the caller may see. */
export async function chooseVisibleRomIds(
  ctx: Pick<Context, "db" | "ports" | "identity">,
  romIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const asked = [...new Set(romIds)];
  if (asked.length === 0) return new Set();
  const [hidden, places] = await Promise.all([getHidden(ctx), listRomPlaces(ctx.db, asked)]);
  return new Set(places.filter((place) => !hidesRom(hidden, place)).map(({ id }) => id));
}

/** Tells whether the caller may see a rom. */
export async function isRomVisible(
  ctx: Pick<Context, "db" | "ports" | "identity">,
  romId: number,
): Promise<boolean> {
  return (await chooseVisibleRomIds(ctx, [romId])).has(romId);
}
