import { advance, BEGINNING, type Place } from "../../base/change-feed.ts";
import type { Context } from "../../base/context.ts";
import type { Version, VersionKind } from "../versions/contract.ts";
import { listVersionRemovals, listVersionsBehind, readHorizon, type VersionRemoval } from "./queries.ts";

/** Where a reader is in each of the streams. */
export interface ChangePlaces {
  readonly saves: Place;
  readonly states: Place;
  readonly removed: Place;
}

/** One page of what became of a user's versions. */
export interface VersionChanges {
  readonly versions: readonly Version[];
  readonly removals: readonly VersionRemoval[];
  readonly places: ChangePlaces;
  readonly hasMore: boolean;
  /** The database's clock, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/**
 * Reads what became of a user's versions behind some places; null begins. Nothing that commits late is missed;
 * instead a version may come again.
 */
export async function readVersionChanges(
  ctx: Pick<Context, "db">,
  {
    userId,
    places,
    kinds,
    limit,
  }: {
    readonly userId: number;
    readonly places: ChangePlaces | null;
    readonly kinds: readonly VersionKind[];
    readonly limit: number;
  },
): Promise<VersionChanges> {
  // Before the rows; see there.
  const { nowMs, horizonMs } = await readHorizon(ctx.db);
  // Who begins holds nothing that could be removed.
  const from = places ?? { saves: BEGINNING, states: BEGINNING, removed: { atMs: horizonMs, id: 0 } };
  const read = async (kind: VersionKind) =>
    kinds.includes(kind) ? await listVersionsBehind(ctx.db, kind, { userId, place: from[kind], limit }) : [];
  const [saves, states, removals] = await Promise.all([
    read("saves"),
    read("states"),
    places === null ? [] : listVersionRemovals(ctx.db, { userId, place: from.removed, limit }),
  ]);
  const follow = (place: Place, rows: readonly Place[]) =>
    advance(place, { last: rows.at(-1) ?? null, isFull: rows.length === limit }, horizonMs);
  const next = {
    saves: follow(from.saves, saves.map(toPlace)),
    states: follow(from.states, states.map(toPlace)),
    removed: follow(from.removed, removals),
  };
  return {
    versions: [...saves, ...states],
    removals: removals.filter(({ kind }) => kinds.includes(kind)),
    places: { saves: next.saves.place, states: next.states.place, removed: next.removed.place },
    hasMore: next.saves.hasMore || next.states.hasMore || next.removed.hasMore,
    nowMs,
  };
}

const toPlace = ({ id, updatedAt }: Version): Place => ({ id, atMs: updatedAt.getTime() });
