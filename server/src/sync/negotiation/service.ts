import { type Lanes, readLanesToCompare } from "../../assets/lanes/service.ts";
import type { VersionHead } from "../../assets/versions/contract.ts";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { hasScope, requireAccountId } from "../../base/identity.ts";
import { operation, requireAccess } from "../../base/operation.ts";
import { noteSighting, requireOwnDevice } from "../../devices/service.ts";
import { chooseVisibleRomIds } from "../../roms/access/service.ts";
import { type Outcome, recordOutcome } from "../outcomes/service.ts";
import {
  compare,
  type Decision,
  decideAbsent,
  direct,
  isNews,
  NOT_ON_SERVER,
  readDirection,
  toServerFile,
  toSyncedFile,
  UNTRACKED,
} from "../rules.ts";
import {
  type DeviceEntry,
  NegotiateInput,
  type Negotiation,
  NegotiationSchema,
  type SyncOperation,
} from "./contract.ts";

/** The caller's device that is to be synced. */
export interface SyncingDevice {
  readonly id: string;
  readonly userId: number;
  readonly syncConfig: unknown;
}

/**
 * Asks for a device of the caller's that may sync.
 * @throws AppError `SYNC_DEVICE_REQUIRED`, `DEVICES_NOT_FOUND`, `SYNC_DISABLED`.
 */
export async function requireSyncingDevice(
  ctx: Context,
  given: string | null | undefined,
): Promise<SyncingDevice> {
  const userId = requireAccountId(ctx);
  // Apps that may change devices may read them, whatever their token says.
  if (!hasScope(ctx.identity, "devices.write")) requireAccess(ctx, { scope: "devices.read" });
  const bound = ctx.identity.kind === "user" ? ctx.identity.deviceId : null;
  const deviceId = given ?? bound;
  if (deviceId === null || deviceId === "") {
    throw new AppError("invalid", "SYNC_DEVICE_REQUIRED", {
      message:
        "device_id is required (either in the request payload or implicit via a device-bound client token)",
    });
  }
  const device = await requireOwnDevice(ctx, deviceId, userId);
  if (!device.syncEnabled) {
    throw new AppError("invalid", "SYNC_DISABLED", { message: "Sync is disabled for this device" });
  }
  return { id: device.id, userId, syncConfig: device.syncConfig };
}

/**
 * Compares the saves of a device with the server's, and says what the device is to do. Saves that it did not name are
 * among them. Conflicts are noted; identical files count as synced.
 * @throws AppError `SYNC_DEVICE_REQUIRED`, `DEVICES_NOT_FOUND`, `SYNC_DISABLED`.
 */
export const negotiate = operation(
  { type: "mutation", scope: "assets.read", input: NegotiateInput, output: NegotiationSchema },
  async (ctx, { deviceId, saves, isDryRun }): Promise<Negotiation> => {
    const device = await requireSyncingDevice(ctx, deviceId);
    const plan = await planSaves(ctx, device, saves);
    if (isDryRun) return { sessionId: null, operations: plan.map(({ operation: each }) => each) };
    const { id: sessionId } = await recordOutcome(ctx, device, toOutcome(device, plan));
    await noteSighting(ctx, device.id);
    return { sessionId, operations: plan.map(({ operation: each }) => each) };
  },
);

/** One operation, and what it was made from. */
interface PlannedOperation {
  readonly operation: SyncOperation;
  readonly decision: Decision;
  readonly head: VersionHead | null;
  readonly entry: DeviceEntry | null;
}

async function planSaves(
  ctx: Context,
  device: SyncingDevice,
  entries: readonly DeviceEntry[],
): Promise<readonly PlannedOperation[]> {
  const filter = { userId: device.userId, kinds: ["saves"] as const, isSlotted: true };
  const lanes = await readLanesToCompare(ctx, device.id, filter);
  const direction = readDirection(device.syncConfig);
  const named = new Set<number>();
  const planned = entries.map((entry): PlannedOperation => {
    // A file outside of slots is kept beside the others, and pairs with nothing.
    const head = entry.slot === null ? null : lanes.findHead({ ...entry, kind: "saves" });
    if (head !== null) named.add(head.id);
    const decision = head === null ? NOT_ON_SERVER : decideNamed({ entry, head, lanes });
    const directed = direct(decision, direction);
    return { operation: toOperation(directed, { entry, head }), decision: directed, head, entry };
  });
  const unnamed = lanes.heads.filter((head) => !named.has(head.id) && !lanes.isUntracked(head));
  const visible = await chooseVisibleRomIds(
    ctx,
    unnamed.map(({ romId }) => romId),
  );
  const absent = unnamed
    .filter(({ romId }) => visible.has(romId))
    .flatMap((head): PlannedOperation[] => {
      const decision = decideAbsent(toServerFile(head), toSyncedFile(lanes.findBaselineOf(head)));
      if (decision === null) return [];
      const directed = direct(decision, direction);
      const operationOf = toOperation(directed, { entry: null, head });
      return [{ operation: operationOf, decision: directed, head, entry: null }];
    });
  return [...planned, ...absent];
}

interface NamedFile {
  readonly entry: DeviceEntry;
  readonly head: VersionHead;
  readonly lanes: Lanes<VersionHead>;
}

function decideNamed({ entry, head, lanes }: NamedFile): Decision {
  if (lanes.isUntracked(head)) return UNTRACKED;
  const baseline = lanes.findBaseline({ ...entry, kind: "saves" }, head);
  const device = { hash: entry.contentHash, updatedAt: new Date(entry.updatedAt) };
  return compare(device, toServerFile(head), toSyncedFile(baseline));
}

function toOperation(
  { verdict, reason }: Decision,
  { entry, head }: { readonly entry: DeviceEntry | null; readonly head: VersionHead | null },
): SyncOperation {
  return {
    action: verdict,
    romId: head?.romId ?? entry?.romId ?? 0,
    saveId: head?.id ?? null,
    fileName: head?.fileName ?? entry?.fileName ?? "",
    slot: head === null ? (entry?.slot ?? null) : head.slot,
    emulator: head === null ? (entry?.emulator ?? null) : head.emulator,
    reason,
    serverUpdatedAt: head === null ? null : toInstant(head.contentUpdatedAt),
    serverContentHash: head?.contentHash ?? null,
  };
}

function toOutcome(device: SyncingDevice, plan: readonly PlannedOperation[]): Outcome {
  return {
    plannedCount: plan.filter(({ decision }) => decision.verdict !== "no_op").length,
    identical: plan.flatMap(({ decision, head }) => (isNews(decision) ? (head ?? []) : [])),
    conflicts: plan.flatMap(({ decision, head, entry }) =>
      decision.verdict === "conflict" && head !== null
        ? [{ head, deviceId: device.id, deviceHash: entry?.contentHash ?? null, reason: decision.reason }]
        : [],
    ),
  };
}
