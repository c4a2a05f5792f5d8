import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { requireAccountId } from "../../base/identity.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { noteSighting } from "../../devices/service.ts";
import { countSessionOperation } from "../../devices/sync-sessions/service.ts";
import { noteLastPlayed } from "../../roms/last-played/service.ts";
import { requireVisibleRom } from "../../roms/service.ts";
import { type AskingDevice, findWriter } from "../callers/service.ts";
import { storeSentVersion } from "../service.ts";
import type { Version, VersionKind } from "../versions/contract.ts";
import { replaceBytes, requireOwnVersion } from "../versions/service.ts";

/** A file that a caller sends as a version. */
export interface SentVersion {
  readonly romId: number;
  readonly emulator: string | null;
  readonly slot: string | null;
  readonly deviceId?: string | undefined;
  readonly sessionId?: number | undefined;
  readonly isOverwrite: boolean;
  readonly isAutocleanup: boolean;
  readonly autocleanupLimit: number;
  readonly file: ReceivedFile;
}

/** What became of it. */
export interface StoredSent {
  readonly version: Version;
  readonly device: AskingDevice | null;
}

/** Each kind says so in its own words. */
const NAME_MISSING = {
  saves: ["SAVES_NAME_MISSING", "Save file has no filename"],
  states: ["STATES_NAME_MISSING", "State file has no filename"],
} as const;

/**
 * Stores a file of the caller's, in a slot as its newest version. A device has to know what it goes on top of, unless
 * it says that it means to.
 * @throws AppError `ROMS_NOT_FOUND`, `DEVICES_NOT_FOUND`, `SAVES_SLOT_NEWER`, `SAVES_NAME_MISSING`,
 *   `STATES_NAME_MISSING`, `ASSETS_NAME_INVALID`, `ASSETS_EMULATOR_INVALID`, `STORAGE_FULL`.
 */
export async function sendVersion(ctx: Context, kind: VersionKind, sent: SentVersion): Promise<StoredSent> {
  const { romId, file, emulator, slot, sessionId } = sent;
  const userId = requireAccountId(ctx);
  const device = await findWriter(ctx, sent.deviceId);
  const rom = await requireVisibleRom(ctx, romId);
  if (file.fileName === "") {
    const [code, message] = NAME_MISSING[kind];
    throw new AppError("invalid", code, { message });
  }
  const { keptMax } = ctx.facts.assets;
  const { version } = await storeSentVersion(
    ctx,
    {
      kind,
      userId,
      rom,
      fileName: file.fileName,
      emulator,
      slot,
      deviceId: device?.id ?? null,
      isBundle: false,
      gate: sent.isOverwrite ? { by: "force" } : { by: "device" },
      keptMax: sent.isAutocleanup ? Math.min(Math.max(1, sent.autocleanupLimit), keptMax) : null,
      isPlayed: true,
    },
    file,
  );
  if (sessionId !== undefined) await countSessionOperation(ctx, sessionId, userId);
  if (device !== null) await noteSighting(ctx, device.id);
  return { version, device };
}

/** What a caller sends as the new bytes of a version. */
export interface SentBytes {
  readonly id: number;
  readonly deviceId?: string | undefined;
  /** Left out, the bytes stay. */
  readonly file?: ReceivedFile | undefined;
}

/**
 * Gives a version of the caller's other bytes; name, slot and emulator stay.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND`, `DEVICES_NOT_FOUND`, `STORAGE_FULL`.
 */
export async function sendBytes(
  ctx: Context,
  kind: VersionKind,
  { id, deviceId, file }: SentBytes,
): Promise<StoredSent> {
  const userId = requireAccountId(ctx);
  const device = await findWriter(ctx, deviceId);
  const target = { kind, id, userId, deviceId: device?.id ?? null };
  const version =
    file === undefined ? await requireOwnVersion(ctx, kind, target) : await replaceBytes(ctx, target, file);
  if (device !== null) await noteSighting(ctx, device.id);
  await noteLastPlayed(ctx, { romId: version.romId, userId });
  return { version, device };
}
