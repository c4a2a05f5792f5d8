import type { Context } from "../../base/context.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import { raiseOwnChange } from "../access/service.ts";
import { keepRomPlaces, type Play, upsertLastPlayed, upsertPlays } from "./queries.ts";

/** Notes that a user played a rom now, for other domains. */
export async function noteLastPlayed(
  ctx: Pick<Context, "db">,
  play: { readonly romId: number; readonly userId: number },
): Promise<void> {
  await upsertLastPlayed(ctx.db, play);
}

/** Those of some rom ids that the caller may see; they are kept from being removed until the transaction ends. */
export async function keepVisibleRoms(ctx: Context, romIds: readonly number[]): Promise<ReadonlySet<number>> {
  const asked = [...new Set(romIds)];
  if (asked.length === 0) return new Set();
  const hidden = await getHidden(ctx);
  const places = await keepRomPlaces(ctx.db, asked);
  return new Set(places.filter((place) => !hidesRom(hidden, place)).map(({ id }) => id));
}

/**
 * Notes what a user played, as is told afterwards, for other domains. Only what is later than what is known counts:
 * it makes the rom one that is being played now, and one that was not begun or finished before one under way.
 */
export async function noteRomsPlayed(ctx: Context, userId: number, plays: readonly Play[]): Promise<void> {
  if (plays.length === 0) return;
  const changed = await upsertPlays(ctx.db, userId, plays);
  if (changed.length > 0) raiseOwnChange(ctx, userId, changed);
}
