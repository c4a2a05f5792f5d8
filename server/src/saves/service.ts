import { noteAcknowledged, trackSaveOn } from "../assets/baselines/service.ts";
import { type AskingDevice, findReader } from "../assets/callers/service.ts";
import { readVersionContent } from "../assets/contents/service.ts";
import type { ShownVersion } from "../assets/shown/contract.ts";
import { showVersions } from "../assets/shown/service.ts";
import type { Version } from "../assets/versions/contract.ts";
import {
  changeVersion,
  listOwnVersionIds,
  listOwnVersions,
  readSlotCounts,
  removeVersions,
  requireOwnVersion,
} from "../assets/versions/service.ts";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { requireAccountId } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { Id, list } from "../base/schemas.ts";
import { inTransaction } from "../base/transaction.ts";
import { noteSighting, requireOwnDevice } from "../devices/service.ts";
import { publishPictures, readPictures, removePictures } from "../screenshots/pictures/service.ts";
import {
  GetSaveContentInput,
  ListSavesInput,
  RemoveSavesInput,
  SaveContentSchema,
  SaveDeviceInput,
  SaveIdInput,
  SavesSummarySchema,
  SaveVisibilityInput,
  SummarizeSavesInput,
  type SyncedSave,
  SyncedSaveSchema,
} from "./contract.ts";
import { listSaveDevices } from "./queries.ts";
import { toDeviceSyncs } from "./rules.ts";

/** Adds what lies in other tables; one statement each, whatever the number of saves. */
export async function describeSaves(
  ctx: Pick<Context, "db">,
  versions: readonly Version[],
  device: AskingDevice | null,
): Promise<readonly SyncedSave[]> {
  const [pictures, devices] = await Promise.all([
    readPictures(ctx, versions),
    device === null
      ? []
      : listSaveDevices(
          ctx.db,
          versions.map(({ id }) => id),
        ),
  ]);
  const bySave = Map.groupBy(devices, ({ saveId }) => saveId);
  const shown = showVersions(versions, pictures);
  return versions.map((version, index) => ({
    ...(shown[index] as ShownVersion),
    deviceSyncs: device === null ? [] : toDeviceSyncs(version, bySave.get(version.id) ?? [], device),
  }));
}

/** Describes one save. */
export async function describeSave(
  ctx: Pick<Context, "db">,
  version: Version,
  device: AskingDevice | null,
): Promise<SyncedSave> {
  const [save] = await describeSaves(ctx, [version], device);
  return save as SyncedSave;
}

/** The caller's saves, by id. */
export const listSaves = operation(
  { type: "query", scope: "assets.read", input: ListSavesInput, output: list(SyncedSaveSchema) },
  async (ctx, { deviceId, ...filter }) => {
    const userId = requireAccountId(ctx);
    const device = await findReader(ctx, deviceId);
    const versions = await listOwnVersions(ctx.db, "saves", { userId, ...filter });
    return await describeSaves(ctx, versions, device);
  },
);

/** Ids of the caller's saves. */
export const listSaveIds = operation(
  { type: "query", scope: "assets.read", input: ListSavesInput, output: list(Id) },
  async (ctx, { deviceId: _unused, ...filter }) => {
    const userId = requireAccountId(ctx);
    return await listOwnVersionIds(ctx.db, "saves", { userId, ...filter });
  },
);

/** The caller's saves of one rom by slot. */
export const summarizeSaves = operation(
  { type: "query", scope: "assets.read", input: SummarizeSavesInput, output: SavesSummarySchema },
  async (ctx, { romId }) => {
    const userId = requireAccountId(ctx);
    const slots = await readSlotCounts(ctx, "saves", { userId, romId });
    const latest = await describeSaves(
      ctx,
      slots.map((slot) => slot.latest),
      null,
    );
    return {
      totalCount: slots.reduce((total, { count }) => total + count, 0),
      slots: latest.map((save, index) => ({
        slot: save.slot,
        count: slots[index]?.count ?? 0,
        latest: save,
      })),
    };
  },
);

/**
 * One save of the caller's.
 * @throws AppError `SAVES_NOT_FOUND`, `DEVICES_NOT_FOUND`.
 */
export const getSave = operation(
  { type: "query", scope: "assets.read", input: SaveIdInput, output: SyncedSaveSchema },
  async (ctx, { saveId, deviceId }) => {
    const device = await findReader(ctx, deviceId);
    const owner = { id: saveId, userId: requireAccountId(ctx) };
    return await describeSave(ctx, await requireOwnVersion(ctx, "saves", owner), device);
  },
);

/**
 * The bytes of a save of the caller's, or of a public one. A device of the owner's has them from now on, unless it
 * says that it will tell.
 * @throws AppError `SAVES_NOT_FOUND`, `SAVES_CONTENT_MISSING`, `DEVICES_NOT_FOUND`.
 */
export const getSaveContent = operation(
  {
    type: "query",
    scope: "assets.read",
    input: GetSaveContentInput,
    output: SaveContentSchema,
    storesNoAnswer: true,
  },
  async (ctx, { saveId, ...wish }) => await readVersionContent(ctx, "saves", { id: saveId, ...wish }),
);

/**
 * Shows a save to everyone, or to its owner alone; its picture follows.
 * @throws AppError `SAVES_NOT_FOUND`, also for somebody else's.
 */
export const setSaveVisibility = operation(
  { type: "mutation", scope: "assets.write", input: SaveVisibilityInput, output: SyncedSaveSchema },
  async (ctx, { saveId, isPublic }) => {
    const target = { kind: "saves", id: saveId, userId: requireAccountId(ctx) } as const;
    return await inTransaction(ctx, async (inner) => {
      const version = await changeVersion(inner, target, { isPublic });
      await publishPictures(inner, [version], isPublic);
      return await describeSave(inner, version, null);
    });
  },
);

/**
 * Moves saves of the caller's and their pictures to the trash, all or none; gives their ids.
 * @throws AppError `SAVES_NONE_GIVEN`, `SAVES_NOT_FOUND`.
 */
export const removeSaves = operation(
  { type: "mutation", scope: "assets.write", input: RemoveSavesInput, output: list(Id) },
  async (ctx, { saveIds }) => {
    if (saveIds.length === 0) {
      throw new AppError("invalid", "SAVES_NONE_GIVEN", { message: "No saves were provided" });
    }
    const userId = requireAccountId(ctx);
    await inTransaction(ctx, async (inner) => {
      const removed = await removeVersions(inner, "saves", { ids: [...new Set(saveIds)], userId });
      await removePictures(inner, removed);
    });
    return saveIds;
  },
);

interface DeviceCall {
  readonly saveId: number;
  readonly deviceId?: string | undefined;
}

/** The device and the save that a device speaks of. */
async function readDeviceCall(ctx: Context, { saveId, deviceId }: DeviceCall) {
  const userId = requireAccountId(ctx);
  const bound = ctx.identity.kind === "user" ? ctx.identity.deviceId : null;
  const { id, name } = await requireOwnDevice(ctx, deviceId ?? bound ?? "", userId);
  const version = await requireOwnVersion(ctx, "saves", { id: saveId, userId });
  return { device: { id, name }, version };
}

/**
 * A device says that it has these bytes now.
 * @throws AppError `SAVES_NOT_FOUND`, `DEVICES_NOT_FOUND`.
 */
export const acknowledgeSave = operation(
  { type: "mutation", scope: "devices.write", input: SaveDeviceInput, output: SyncedSaveSchema },
  async (ctx, input) => {
    const { device, version } = await readDeviceCall(ctx, input);
    await noteAcknowledged(ctx, device.id, version);
    await noteSighting(ctx, device.id);
    return await describeSave(ctx, version, device);
  },
);

const track = (isTracked: boolean) =>
  operation(
    { type: "mutation", scope: "devices.write", input: SaveDeviceInput, output: SyncedSaveSchema },
    async (ctx, input) => {
      const { device, version } = await readDeviceCall(ctx, input);
      await trackSaveOn(ctx, { deviceId: device.id, saveId: version.id }, isTracked);
      return await describeSave(ctx, version, device);
    },
  );

/** Resumes syncing a save on a device. */
export const trackSave = track(true);

/** Stops syncing a save on a device. */
export const untrackSave = track(false);
