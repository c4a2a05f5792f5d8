import type { Resolution } from "../../assets/conflicts/contract.ts";
import { settleConflict } from "../../assets/conflicts/service.ts";
import { readLanes, toSavedName } from "../../assets/lanes/service.ts";
import { findContent, storeKnownVersion, storeSentStream, type VersionDraft } from "../../assets/service.ts";
import { noteBuried } from "../../assets/uploads/service.ts";
import type { Version } from "../../assets/versions/contract.ts";
import { requireNewest } from "../../assets/versions/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import type { ByteStream } from "../../base/received-file.ts";
import { SCOPES } from "../../base/scopes.ts";
import { inTransaction } from "../../base/transaction.ts";
import { chooseVisibleRomIds } from "../../roms/access/service.ts";
import { findAccount } from "../../users/accounts/service.ts";
import { readDeviceSettings } from "../documented/rules.ts";
import type { SyncedFile } from "../rules.ts";
import type { DeviceCopy, DrivenDevice, NamedSave } from "./contract.ts";
import { NEW_SAVE_SLOT } from "./limits.ts";
import { listPlatformsOfFolders, listRomPlatforms, listRomsOfStems } from "./queries.ts";
import { type DeviceMemory, nameSaves } from "./rules.ts";

/** The same context on behalf of the owner of a device, who sees what they see; null when the account is off or gone. */
export async function actForOwner(ctx: Context, userId: number): Promise<Context | null> {
  const account = await findAccount(ctx, userId);
  if (account === null || !account.isEnabled) return null;
  const { username, isAdmin } = account;
  const scopes = new Set(SCOPES.filter((scope) => account.scopes.includes(scope)));
  const identity = { kind: "user", userId, username, isAdmin, scopes, proof: "client_token" } as const;
  return { ...ctx, identity: { ...identity, deviceId: null, sessionId: null } };
}

/** What is known of the platforms that a device has files of. */
export interface DrivenScene {
  readonly device: DrivenDevice;
  /** By folder name; platforms that are not there, or that the owner must not see, are absent. */
  readonly platforms: ReadonlyMap<string, DrivenPlatform>;
}

/** One of them. */
export interface DrivenPlatform {
  readonly id: number;
  readonly fsSlug: string;
  readonly named: ReadonlyMap<string, NamedSave>;
}

/** Reads what the owner of a device has on some platforms and what the device last had, in a few statements. */
export async function readDrivenScene(
  ctx: Context,
  device: DrivenDevice,
  platformFsSlugs: readonly string[],
): Promise<DrivenScene> {
  const [{ heads, baselines, untrackedIds }, platforms] = await Promise.all([
    readLanes(ctx, device.id, { userId: device.userId, kinds: ["saves"], isSlotted: true }),
    listPlatformsOfFolders(ctx.db, [...new Set(platformFsSlugs)]),
  ]);
  const romIds = [...heads, ...baselines].map(({ romId }) => romId);
  const visible = await chooseVisibleRomIds(ctx, romIds);
  const homes = await listRomPlatforms(ctx.db, [...visible]);
  const platformOf = new Map(homes.map(({ id, platformId }) => [id, platformId]));
  const headsOf = Map.groupBy(heads, ({ romId }) => platformOf.get(romId));
  const baselinesOf = Map.groupBy(baselines, ({ romId }) => platformOf.get(romId));
  const read = ({ id, fsSlug }: { readonly id: number; readonly fsSlug: string }) => {
    const memory: DeviceMemory = { baselines: baselinesOf.get(id) ?? [], untrackedIds };
    return [fsSlug, { id, fsSlug, named: nameSaves(headsOf.get(id) ?? [], memory) }] as const;
  };
  return { device, platforms: new Map(platforms.map(read)) };
}

/** Roms of a platform that the owner sees, by their file names without the extension. */
export async function findRomsOfStems(
  ctx: Context,
  platformId: number,
  stems: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = await listRomsOfStems(ctx.db, platformId, [...new Set(stems)]);
  const visible = await chooseVisibleRomIds(
    ctx,
    found.map(({ id }) => id),
  );
  return new Map(found.filter(({ id }) => visible.has(id)).map(({ id, stem }) => [stem, id]));
}

/** The name that a file of a device has here; null when none can be made of it. */
export function findSavedName(
  fileName: string,
): { readonly name: string; readonly isTagged: boolean } | null {
  try {
    return toSavedName(fileName);
  } catch (error) {
    if (isAppError(error) && error.kind === "invalid") return null;
    throw error;
  }
}

/** Finds out what a file on our disk is that came from a device. */
export async function identifyCopy(
  ctx: Pick<Context, "ports">,
  path: string,
  modifiedAt: Date,
): Promise<DeviceCopy> {
  const { sizeBytes, sha1, contentHash } = await ctx.ports.compute.run("hash-asset", { path });
  return { path, sizeBytes, sha1, hash: contentHash ?? sha1, modifiedAt };
}

/** A file that becomes a version. */
export interface CopyToStore {
  readonly device: DrivenDevice;
  readonly copy: DeviceCopy;
  /** The name that the save has here. */
  readonly savedName: string;
  readonly platformFsSlug: string;
}

/** What a file of a device was compared with. */
export interface ComparedWith {
  /** The newest version. */
  readonly head: Version;
  /** What the device last had of it; null when the two never met. */
  readonly base: SyncedFile | null;
}

/**
 * Stores what a device has on top of the version that it was compared with. Where the two never met before, the clock
 * alone said so, and the conflict is noted.
 * @throws AppError `SAVES_SLOT_NEWER` when that is not the newest any more; compare again.
 */
export async function storeNewer(
  ctx: Context,
  file: CopyToStore,
  { head, base }: ComparedWith,
): Promise<Version> {
  const { id: deviceId, syncConfig } = file.device;
  const gate = { by: "version", versionId: head.id } as const;
  const draft = { ...toDraft(file), ...placeOf(file, head), gate };
  return await inTransaction(ctx, async (inner) => {
    await requireNewest(inner, head);
    const { version, outcome } = await storeSentStream(inner, draft, readCopy(inner, file.copy));
    if (base !== null || outcome === "same") return version;
    const conflictId = await noteBuried(inner, { buried: head, version, deviceId });
    await settleAs(inner, file, { conflictId, resolution: readDeviceSettings(syncConfig).resolution });
    return version;
  });
}

/** What the device is set to do is decided; otherwise somebody has to look. */
async function settleAs(
  ctx: Context,
  { device: { userId } }: CopyToStore,
  { conflictId, resolution }: { readonly conflictId: number | null; readonly resolution: Resolution | null },
): Promise<void> {
  if (conflictId === null || resolution === null) return;
  await settleConflict(ctx, { id: conflictId, userId, resolution });
}

/** Stores what a device has as the first version of a save of a rom. */
export async function storeNew(ctx: Context, file: CopyToStore, romId: number): Promise<Version> {
  const { device, savedName, platformFsSlug } = file;
  const filter = { userId: device.userId, kinds: ["saves"] as const, isSlotted: true, romIds: [romId] };
  const lanes = await readLanes(ctx, device.id, filter);
  const place = { kind: "saves", romId, slot: NEW_SAVE_SLOT, fileName: savedName } as const;
  const gate = { by: "version", versionId: lanes.findHead(place)?.id ?? null } as const;
  const rom = { id: romId, platformFsSlug };
  const draft = { ...toDraft(file), rom, slot: NEW_SAVE_SLOT, emulator: null, gate };
  const { version } = await storeSentStream(ctx, draft, readCopy(ctx, file.copy));
  return version;
}

/** What is left of a conflict once both versions are kept. */
export interface KeptBoth {
  /** The newest version by now. */
  readonly newest: Version;
  /** The device's own. */
  readonly version: Version;
}

/**
 * Keeps both sides of a conflict as versions and notes it. The device's becomes the newest, unless the device is set to
 * yield: then the server's does again.
 * @throws AppError `SAVES_SLOT_NEWER` when the server's is not the newest any more; compare again.
 */
export async function keepBoth(
  ctx: Context,
  file: CopyToStore,
  { head, resolution }: { readonly head: Version; readonly resolution: Resolution | null },
): Promise<KeptBoth> {
  const draft = { ...toDraft(file), ...placeOf(file, head), gate: { by: "force" } as const };
  return await inTransaction(ctx, async (inner) => {
    await requireNewest(inner, head);
    const { version, conflictId } = await storeSentStream(inner, draft, readCopy(inner, file.copy));
    await settleAs(inner, file, { conflictId, resolution });
    if (resolution !== "server_wins") return { newest: version, version };
    const back = { ...draft, deviceId: null, fileName: head.canonicalName };
    const { version: newest } = await storeKnownVersion(inner, back, head);
    return { newest, version };
  });
}

type Draft = Omit<VersionDraft, "gate" | "rom" | "slot" | "emulator">;

function toDraft({ device, savedName }: CopyToStore): Draft {
  const { userId, id: deviceId } = device;
  return { kind: "saves", userId, fileName: savedName, deviceId, isBundle: false, keptMax: null };
}

function placeOf({ platformFsSlug }: CopyToStore, { romId, slot, emulator }: Version) {
  return { rom: { id: romId, platformFsSlug }, slot, emulator };
}

/** Opens the file only when it is read: what is never begun need not be closed. */
async function* readLazily(ctx: Context, path: string): AsyncGenerator<Uint8Array> {
  yield* await ctx.ports.files.openRead(path);
}

/** The bytes of a device's file as they lie on our disk. */
export function readCopy(ctx: Context, { path }: DeviceCopy): ByteStream {
  return readLazily(ctx, path);
}

/**
 * The bytes of a version as they are on disk.
 * @throws AppError `SAVES_CONTENT_MISSING` when they are gone.
 */
export async function openVersion(
  ctx: Context,
  version: Version,
): Promise<{ readonly bytes: ByteStream; readonly sizeBytes: number }> {
  const content = await findContent(ctx, version);
  if (content === null) {
    throw new AppError("not_found", "SAVES_CONTENT_MISSING", { message: "Save file not found on disk" });
  }
  return { bytes: readLazily(ctx, content.path), sizeBytes: content.sizeBytes };
}
