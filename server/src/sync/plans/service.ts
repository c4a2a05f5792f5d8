import type { Baseline } from "../../assets/baselines/contract.ts";
import { type FilePlace, type Lanes, readLanesToCompare } from "../../assets/lanes/service.ts";
import type { VersionHead } from "../../assets/versions/contract.ts";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { operation } from "../../base/operation.ts";
import { noteSighting } from "../../devices/service.ts";
import { chooseVisibleRomIds } from "../../roms/access/service.ts";
import { findManyRoms } from "../../roms/service.ts";
import { requireSyncingDevice, type SyncingDevice } from "../negotiation/service.ts";
import { type Outcome, recordOutcome } from "../outcomes/service.ts";
import {
  compare,
  type Decision,
  type Direction,
  decideAbsent,
  direct,
  isNews,
  NOT_ON_SERVER,
  names,
  ONLY_UPLOADS,
  readDirection,
  toServerFile,
  toSyncedFile,
  UNTRACKED,
} from "../rules.ts";
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
    const scene: Scene = {
      roms,
      lanes,
      scope: romIds === undefined ? null : new Set(romIds),
      kinds: new Set(kinds),
      way: readDirection(device.syncConfig),
    };
    const steps = [...planEntries(entries, scene), ...(await planAbsent(ctx, entries, scene))].map((step) =>
      limitDirection(step, direction),
    );
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
  /** The roms that the plan is for; null for all. */
  readonly scope: ReadonlySet<number> | null;
  readonly kinds: ReadonlySet<LocalEntry["kind"]>;
  /** The way that the device syncs, whatever it asks for. */
  readonly way: Direction;
}

function toPlace(entry: LocalEntry, romId: number): FilePlace {
  const { slot, name: fileName } = entry;
  return { kind: entry.kind === "save" ? "saves" : "states", romId, slot, fileName };
}

function planEntries(entries: readonly LocalEntry[], scene: Scene): readonly Step[] {
  const { roms, lanes, scope, kinds, way } = scene;
  return entries.flatMap((entry): Step[] => {
    // What nobody asked for was not read either, and must not look as if it were gone.
    if (!kinds.has(entry.kind)) return [];
    const romId = roms.get(entry) ?? null;
    if (romId === null) return [idle(entry, "The library has no such rom")];
    if (scope !== null && !scope.has(romId)) return [];
    const place = toPlace(entry, romId);
    const head = lanes.findHead(place);
    const baseline = lanes.findBaseline(place, head);
    const base = baseline === null ? null : toBase(baseline);
    if (head === null) return [step({ entry, head, ...decideGone(entry, baseline, way), romId, base })];
    const decision = lanes.isUntracked(head) ? UNTRACKED : compareEntry(entry, head, baseline);
    return [step({ entry, head, ...toAction(direct(decision, way)), romId, base })];
  });
}

function compareEntry(entry: LocalEntry, head: VersionHead, baseline: Baseline | null): Decision {
  const device = { hash: entry.hash, updatedAt: new Date(entry.modifiedAt) };
  return compare(device, toServerFile(head), toSyncedFile(baseline));
}

/** What is to be done about a file of which the server has no version. */
function decideGone(entry: LocalEntry, baseline: Baseline | null, way: Direction) {
  const base = toSyncedFile(baseline);
  const wasThere = base !== null && names(entry.hash, base);
  if (!wasThere) return toAction(direct(NOT_ON_SERVER, way));
  if (way === "push_only") return { action: "none" as const, reason: ONLY_UPLOADS };
  return { action: "trash" as const, reason: "Removed on the server" };
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
  entries: readonly LocalEntry[],
  { lanes, roms, way }: Scene,
): Promise<readonly Step[]> {
  const named = new Set<number>();
  for (const entry of entries) {
    const romId = roms.get(entry) ?? null;
    const head = romId === null ? null : lanes.findHead(toPlace(entry, romId));
    if (head !== null) named.add(head.id);
  }
  const absent = lanes.heads.filter((head) => !named.has(head.id) && !lanes.isUntracked(head));
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
    return [step({ entry: null, head, ...toAction(direct(decision, way)), romId: head.romId, base })];
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
