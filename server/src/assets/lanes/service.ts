import type { Context } from "../../base/context.ts";
import type { Baseline } from "../baselines/contract.ts";
import { readBaselines, readUntrackedIds } from "../baselines/service.ts";
import { sanitizeFileName, toCanonicalName } from "../rules.ts";
import { canonicalNameOf, chooseBaseline, chooseHead } from "../uploads/rules.ts";
import type { Version, VersionHead, VersionKind } from "../versions/contract.ts";
import { type HeadsFilter, listAllHeads, listHeadsToCompare } from "./queries.ts";

/** Which save a file of a device would be a version of. */
export interface FilePlace {
  readonly kind: VersionKind;
  readonly romId: number;
  readonly slot: string | null;
  readonly fileName: string;
}

/** The newest version of every save of a user, and what one device last had of them or was told about them. */
export interface Lanes<H extends VersionHead = Version> {
  readonly heads: readonly H[];
  /** The version that a file would go on top of, by the rule of uploads. */
  findHead(place: FilePlace): H | null;
  /** What the device last had of the same save. */
  findBaseline(place: FilePlace, head: VersionHead | null): Baseline | null;
  /** Roms of which the device ever had something. */
  readonly syncedRomIds: ReadonlySet<number>;
  /** What the device last had of the save that a version belongs to. */
  findBaselineOf(head: VersionHead): Baseline | null;
  /** Everything that the device last had. */
  readonly baselines: readonly Baseline[];
  /** Ids of the saves that the device was told to leave alone. */
  readonly untrackedIds: ReadonlySet<number>;
  /** Tells whether it is one of them; states are always tracked. */
  isUntracked(head: Pick<VersionHead, "kind" | "id">): boolean;
}

const key = (kind: VersionKind, romId: number, slot: string | null) =>
  `${kind}:${romId}:${slot === null ? "" : `=${slot}`}`;

/** Reads both in three statements, however many there are. */
export async function readLanes(
  ctx: Pick<Context, "db">,
  deviceId: string,
  filter: HeadsFilter,
): Promise<Lanes> {
  const memory = await readMemory(ctx, deviceId);
  return toLanes(await listAllHeads(ctx.db, filter), memory);
}

/** The same with what a comparison needs alone. */
export async function readLanesToCompare(
  ctx: Pick<Context, "db">,
  deviceId: string,
  filter: HeadsFilter,
): Promise<Lanes<VersionHead>> {
  const memory = await readMemory(ctx, deviceId);
  return toLanes(await listHeadsToCompare(ctx.db, filter), memory);
}

type Memory = Pick<Lanes, "baselines" | "untrackedIds">;

/**
 * What the device had is read before what there is. What it stores in between is at worst a conflict then; the other way
 * round it would be something that the device had and that was removed here, or that is older here.
 */
async function readMemory(ctx: Pick<Context, "db">, deviceId: string): Promise<Memory> {
  const [baselines, untrackedIds] = await Promise.all([
    readBaselines(ctx, deviceId),
    readUntrackedIds(ctx, deviceId),
  ]);
  return { baselines, untrackedIds };
}

function toLanes<H extends VersionHead>(heads: readonly H[], { baselines, untrackedIds }: Memory): Lanes<H> {
  const headsOf = Map.groupBy(heads, ({ kind, romId, slot }) => key(kind, romId, slot));
  const baselinesOf = Map.groupBy(baselines, ({ kind, romId, slot }) => key(kind, romId, slot));
  const findBaseline = ({ kind, romId, slot, fileName }: FilePlace, head: VersionHead | null) =>
    chooseBaseline(baselinesOf.get(key(kind, romId, slot)) ?? [], {
      head,
      canonicalName: canonicalNameOf(fileName, slot),
    });
  return {
    heads,
    findHead: ({ kind, romId, slot, fileName }) =>
      chooseHead(headsOf.get(key(kind, romId, slot)) ?? [], {
        slot,
        canonicalName: canonicalNameOf(fileName, slot),
      }),
    findBaseline,
    syncedRomIds: new Set(baselines.map(({ romId }) => romId)),
    findBaselineOf: (head) => findBaseline({ ...head, fileName: head.canonicalName }, head),
    baselines,
    untrackedIds,
    isUntracked: ({ kind, id }) => kind === "saves" && untrackedIds.has(id),
  };
}

/**
 * The name that all versions of a sent file share in a slot, and whether the sent one carried a moment of one of them.
 * @throws AppError `ASSETS_NAME_INVALID`.
 */
export function toSavedName(sent: string): { readonly name: string; readonly isTagged: boolean } {
  const fileName = sanitizeFileName(sent, "saves");
  const name = toCanonicalName(fileName);
  return { name, isTagged: name !== fileName };
}
