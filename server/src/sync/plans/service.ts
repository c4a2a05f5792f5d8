import { type FilePlace, type Lanes, readLanesToCompare } from "../../assets/lanes/service.ts";
import type { VersionHead } from "../../assets/versions/contract.ts";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { operation } from "../../base/operation.ts";
import { noteSighting } from "../../devices/service.ts";
import { chooseVisibleRomIds } from "../../roms/access/service.ts";
import { findManyRoms } from "../../roms/service.ts";
import {
  requireSyncingDevice,
  type SyncingDevice,
  toServerFile,
  toSyncedFile,
} from "../negotiation/service.ts";
import { type Outcome, recordOutcome } from "../outcomes/service.ts";
import { compare, type Decision, decideAbsent, isNews, names } from "../rules.ts";
import {
  type CommonBase,
  type LocalEntry,
  type PlannedAction,
  PlanSyncInput,
  type RemotePlan,
  RemotePlanSchema,
} from "./contract.ts";
import { toRemoteSave } from "./rules.ts";

/**
 * Compares everything that a device has, of any number of roms, with what the server has, and says what the device is
 * to do. Without `isDryRun` a session begins, conflicts are noted, and identical files count as synced.
 * @throws AppError `SYNC_DEVICE_REQUIRED`, `DEVICES_NOT_FOUND`, `SYNC_DISABLED`.
 */
export const planSync = operation(
  { type: "mutation", scope: "assets.read", input: PlanSyncInput, output: RemotePlanSchema },
  async (ctx, { deviceId, entries, kinds, romIds, direction, isDryRun }): Promise<RemotePlan> => {
    const device = await requireSyncingDevice(ctx, deviceId);
    const [roms, lanes] = await Promise.all([
      resolveRoms(ctx, entries),
      readLanesToCompare(ctx, device.id, {
        userId: device.userId,
        kinds: kinds.map((kind) => (kind === "save" ? "saves" : "states")),
        romIds,
      }),
    ]);
    const scope = romIds === undefined ? null : new Set(romIds);
    const steps = [
      ...planEntries(entries, { roms, lanes, scope }),
      ...(await planAbsent(ctx, lanes, { entries, roms })),
    ].map((step) => limitDirection(step, direction));
    const actions = steps.map(({ action }) => action);
    if (isDryRun) return { sessionId: null, actions };
    const { id: sessionId } = await recordOutcome(ctx, device, toOutcome(device, steps));
    await noteSighting(ctx, device.id);
    return { sessionId, actions };
  },
);

/** The rom of each entry; null where the caller sees none. */
async function resolveRoms(
  ctx: Context,
  entries: readonly LocalEntry[],
): Promise<ReadonlyMap<LocalEntry, number | null>> {
  const byId = entries.flatMap(({ rom }) => (typeof rom === "number" ? [rom] : []));
  const marked = entries.flatMap(({ rom }) => (typeof rom === "number" ? [] : [rom]));
  const keys = [...new Map(marked.map((mark) => [JSON.stringify(mark), mark])).entries()];
  const [visible, found] = await Promise.all([
    chooseVisibleRomIds(ctx, byId),
    keys.length === 0 ? [] : findManyRoms.run(ctx, { marks: keys.map(([, mark]) => mark) }),
  ]);
  const idOf = new Map(keys.map(([key], index) => [key, found[index]?.id ?? null]));
  return new Map(
    entries.map((entry) => {
      const { rom } = entry;
      if (typeof rom !== "number") return [entry, idOf.get(JSON.stringify(rom)) ?? null];
      return [entry, visible.has(rom) ? rom : null];
    }),
  );
}

/** One action, and what it was made from. */
interface Step {
  readonly action: PlannedAction;
  readonly head: VersionHead | null;
  readonly entry: LocalEntry | null;
  /** It is to be noted that the device has the version. */
  readonly hasNews: boolean;
}

interface Scene {
  readonly roms: ReadonlyMap<LocalEntry, number | null>;
  readonly lanes: Lanes<VersionHead>;
  readonly scope: ReadonlySet<number> | null;
}

function toPlace(entry: LocalEntry, romId: number): FilePlace {
  const { slot, name: fileName } = entry;
  return { kind: entry.kind === "save" ? "saves" : "states", romId, slot, fileName };
}

function planEntries(entries: readonly LocalEntry[], { roms, lanes, scope }: Scene): readonly Step[] {
  return entries.flatMap((entry): Step[] => {
    const romId = roms.get(entry) ?? null;
    if (romId === null) return [idle(entry, "The library has no such rom")];
    if (scope !== null && !scope.has(romId)) return [];
    const place = toPlace(entry, romId);
    const head = lanes.findHead(place);
    const baseline = lanes.findBaseline(place, head);
    const base = toSyncedFile(baseline);
    const common = baseline === null ? null : toBase(baseline);
    if (head === null) {
      const wasThere = base !== null && names(entry.hash, base);
      const action = wasThere ? "trash" : "upload";
      const reason = wasThere ? "Removed on the server" : "Save exists on client but not on server";
      return [step({ entry, head, action, reason, romId, base: common })];
    }
    const device = { hash: entry.hash, updatedAt: new Date(entry.modifiedAt) };
    const decision = compare(device, toServerFile(head), base);
    return [step({ entry, head, ...toAction(decision), romId, base: common })];
  });
}

function idle(entry: LocalEntry, reason: string): Step {
  return step({ entry, head: null, action: "none", reason, romId: null, base: null });
}

interface StepFacts {
  readonly entry: LocalEntry | null;
  readonly head: VersionHead | null;
  readonly action: PlannedAction["action"];
  readonly reason: string;
  readonly romId: number | null;
  readonly base: CommonBase | null;
  readonly hasNews?: boolean | undefined;
}

function step({ entry, head, hasNews = false, ...rest }: StepFacts): Step {
  const remote = head === null ? null : toRemoteSave(head);
  return { action: { key: entry?.key ?? null, ...rest, remote }, head, entry, hasNews };
}

function toAction(decision: Decision) {
  const { verdict, reason } = decision;
  return { action: verdict === "no_op" ? ("none" as const) : verdict, reason, hasNews: isNews(decision) };
}

function toBase(baseline: { readonly contentHash: string | null; readonly syncedAt: Date }): CommonBase {
  return { contentHash: baseline.contentHash, at: toInstant(baseline.syncedAt) };
}

/** What the device did not name. */
async function planAbsent(
  ctx: Context,
  lanes: Lanes<VersionHead>,
  { entries, roms }: { readonly entries: readonly LocalEntry[]; readonly roms: Scene["roms"] },
): Promise<readonly Step[]> {
  const named = new Set<number>();
  for (const entry of entries) {
    const romId = roms.get(entry) ?? null;
    const head = romId === null ? null : lanes.findHead(toPlace(entry, romId));
    if (head !== null) named.add(head.id);
  }
  const absent = lanes.heads.filter(({ id }) => !named.has(id));
  const visible = await chooseVisibleRomIds(
    ctx,
    absent.map(({ romId }) => romId),
  );
  return absent.flatMap((head): Step[] => {
    if (!visible.has(head.romId)) return [];
    const baseline = lanes.findBaselineOf(head);
    const decision = decideAbsent(toServerFile(head), toSyncedFile(baseline));
    if (decision === null) return [];
    const base = baseline === null ? null : toBase(baseline);
    return [step({ entry: null, head, ...toAction(decision), romId: head.romId, base })];
  });
}

/** What a device that syncs one way leaves alone. */
const LEFT_ALONE = { upload: ["download", "trash"], download: ["upload"], both: [] } as const;

function limitDirection(planned: Step, direction: keyof typeof LEFT_ALONE): Step {
  const leftAlone: readonly string[] = LEFT_ALONE[direction];
  if (!leftAlone.includes(planned.action.action)) return planned;
  return { ...planned, action: { ...planned.action, action: "none" } };
}

function toOutcome(device: SyncingDevice, steps: readonly Step[]): Outcome {
  return {
    plannedCount: steps.filter(({ action }) => action.action !== "none").length,
    identical: steps.flatMap(({ hasNews, head }) => (hasNews ? (head ?? []) : [])),
    conflicts: steps.flatMap(({ action, head, entry }) =>
      action.action === "conflict" && head !== null
        ? [{ head, deviceId: device.id, deviceHash: entry?.hash ?? null, reason: action.reason }]
        : [],
    ),
  };
}
