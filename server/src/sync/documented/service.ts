import { type Lanes, readLanesToCompare } from "../../assets/lanes/service.ts";
import type { VersionHead } from "../../assets/versions/contract.ts";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { operation } from "../../base/operation.ts";
import { noteSighting } from "../../devices/service.ts";
import { chooseVisibleRomIds } from "../../roms/access/service.ts";
import { negotiate, requireSyncingDevice, type SyncingDevice } from "../negotiation/service.ts";
import { type Outcome, recordOutcome } from "../outcomes/service.ts";
import {
  compare,
  type Decision,
  decideAbsent,
  direct,
  isNews,
  isStateName,
  NOT_ON_SERVER,
  readDirection,
  toServerFile,
  toSyncedFile,
  UNTRACKED,
} from "../rules.ts";
import {
  type DocumentedOperation,
  type DocumentedPlan,
  EitherPlanSchema,
  NegotiateEitherInput,
} from "./contract.ts";
import { type DeviceSettings, readDeviceSettings, toDestination } from "./rules.ts";

/**
 * Compares what a device has with what the server has, in whichever of the two protocols it speaks.
 * @throws AppError `SYNC_DEVICE_REQUIRED`, `DEVICES_NOT_FOUND`, `SYNC_DISABLED`.
 */
export const negotiateEither = operation(
  { type: "mutation", scope: "assets.read", input: NegotiateEitherInput, output: EitherPlanSchema },
  async (ctx, input) => {
    if (!("roms" in input)) return await negotiate.run(ctx, input);
    const device = await requireSyncingDevice(ctx, input.deviceId);
    const files = input.roms.flatMap(({ romId, saves }) => saves.map((file) => ({ romId, ...file })));
    const romIds = input.roms.map(({ romId }) => romId);
    const plan = await planDocumented(ctx, device, { files, romIds, isDryRun: input.isDryRun });
    await noteSighting(ctx, device.id);
    return plan;
  },
);

/** One file as the device names it. */
interface DocumentedFile {
  readonly romId: number;
  readonly file: string;
  readonly modifiedAt: string;
  readonly sha1: string | null;
}

interface Step {
  readonly operation: DocumentedOperation;
  readonly decision: Decision;
  readonly head: VersionHead | null;
  readonly file: DocumentedFile | null;
}

/**
 * Plans in the protocol that lists roms with their files: a file is paired with the newest version of its rom that has
 * its name, in whatever slot; names of states go to the states. What the device did not name is offered only for roms
 * that it listed or synced before.
 */
async function planDocumented(
  ctx: Context,
  device: SyncingDevice,
  {
    files,
    romIds,
    isDryRun,
  }: {
    readonly files: readonly DocumentedFile[];
    readonly romIds: readonly number[];
    readonly isDryRun: boolean;
  },
): Promise<DocumentedPlan> {
  const lanes = await readLanesToCompare(ctx, device.id, {
    userId: device.userId,
    kinds: ["saves", "states"],
  });
  const newest = indexNewest(lanes.heads);
  const settings = readDeviceSettings(device.syncConfig);
  const direction = readDirection(device.syncConfig);
  const named = files.map((file) => planFile(file, { lanes, newest, settings }));
  const seen = new Set(named.flatMap(({ head }) => head?.id ?? []));
  const absent = await planAbsent(ctx, lanes, { newest, seen, settings, listed: new Set(romIds) });
  const steps = [...named, ...absent].map(({ decision, ...step }): Step => {
    const directed = direct(decision, direction);
    const operation = { ...step.operation, action: directed.verdict, reason: directed.reason };
    return { ...step, decision: directed, operation };
  });
  const documented = steps.map(({ operation }) => operation);
  if (isDryRun) return { sessionUuid: null, documented };
  const { uuid } = await recordOutcome(ctx, device, toOutcome(device, { steps, settings }));
  return { sessionUuid: uuid, documented };
}

const keyOf = (kind: string, romId: number, name: string) => `${kind}:${romId}:${name}`;

/** The newest version of each name of each rom; `heads` come newest first. */
function indexNewest(heads: readonly VersionHead[]): ReadonlyMap<string, VersionHead> {
  const newest = new Map<string, VersionHead>();
  for (const head of heads) {
    const key = keyOf(head.kind, head.romId, head.canonicalName);
    if (!newest.has(key)) newest.set(key, head);
  }
  return newest;
}

interface Scene {
  readonly lanes: Lanes<VersionHead>;
  readonly newest: ReadonlyMap<string, VersionHead>;
  readonly settings: DeviceSettings;
}

function planFile(file: DocumentedFile, { lanes, newest, settings }: Scene): Step {
  const kind = isStateName(file.file) ? "states" : "saves";
  const head = newest.get(keyOf(kind, file.romId, file.file)) ?? null;
  const decision = head === null ? NOT_ON_SERVER : decideNamed(file, head, lanes);
  const operation = toOperation(decision, { head, settings, kind, romId: file.romId, file: file.file });
  return { operation, decision, head, file };
}

function decideNamed(file: DocumentedFile, head: VersionHead, lanes: Lanes<VersionHead>): Decision {
  if (lanes.isUntracked(head)) return UNTRACKED;
  const side = { hash: file.sha1, updatedAt: new Date(file.modifiedAt) };
  return compare(side, toServerFile(head), toSyncedFile(lanes.findBaselineOf(head)));
}

interface AbsentScene extends Omit<Scene, "lanes"> {
  readonly seen: ReadonlySet<number>;
  readonly listed: ReadonlySet<number>;
}

async function planAbsent(
  ctx: Context,
  lanes: Lanes<VersionHead>,
  { newest, seen, listed, settings }: AbsentScene,
): Promise<readonly Step[]> {
  const offered = [...newest.values()].filter(
    (head) =>
      !seen.has(head.id) &&
      !lanes.isUntracked(head) &&
      (listed.has(head.romId) || lanes.syncedRomIds.has(head.romId)),
  );
  const visible = await chooseVisibleRomIds(
    ctx,
    offered.map(({ romId }) => romId),
  );
  return offered.flatMap((head): Step[] => {
    if (!visible.has(head.romId)) return [];
    const decision = decideAbsent(toServerFile(head), toSyncedFile(lanes.findBaselineOf(head)));
    if (decision === null) return [];
    const { kind, romId } = head;
    const operation = toOperation(decision, { head, settings, kind, romId, file: head.canonicalName });
    return [{ operation, decision, head, file: null }];
  });
}

interface OperationFacts {
  readonly head: VersionHead | null;
  readonly settings: DeviceSettings;
  readonly kind: "saves" | "states";
  readonly romId: number;
  readonly file: string;
}

function toOperation(
  { verdict, reason }: Decision,
  { head, settings, kind, romId, file }: OperationFacts,
): DocumentedOperation {
  const folder = kind === "saves" ? settings.savesPath : settings.statesPath;
  return {
    action: verdict,
    kind: kind === "saves" ? "save" : "state",
    romId,
    saveId: head?.id ?? null,
    fileName: head?.fileName ?? file,
    file,
    slot: head?.slot ?? null,
    emulator: head?.emulator ?? null,
    reason,
    serverUpdatedAt: head === null ? null : toInstant(head.contentUpdatedAt),
    serverContentHash: head?.contentHash ?? null,
    destinationPath: verdict === "download" ? toDestination(folder, file) : null,
    resolution: verdict === "conflict" ? (settings.resolution ?? "keep_both") : null,
  };
}

function toOutcome(
  device: SyncingDevice,
  { steps, settings }: { readonly steps: readonly Step[]; readonly settings: DeviceSettings },
): Outcome {
  return {
    plannedCount: steps.filter(({ decision }) => decision.verdict !== "no_op").length,
    identical: steps.flatMap(({ decision, head }) => (isNews(decision) ? (head ?? []) : [])),
    conflicts: steps.flatMap(({ decision, head, file }) =>
      decision.verdict === "conflict" && head !== null
        ? [
            {
              head,
              deviceId: device.id,
              deviceHash: file?.sha1 ?? null,
              reason: decision.reason,
              // What the device is set to do is decided; otherwise somebody has to look.
              resolution: settings.resolution,
            },
          ]
        : [],
    ),
  };
}
