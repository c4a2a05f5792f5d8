import type { Context } from "../../base/context.ts";
import { requireAccountId } from "../../base/identity.ts";
import { requireAccess } from "../../base/operation.ts";
import { requireOwnDevice } from "../../devices/service.ts";

/** A device of the caller's, for which it reads or writes. */
export interface AskingDevice {
  readonly id: string;
  readonly name: string | null;
}

/**
 * The device that a caller reads for, or null; it needs the right to know about devices.
 * @throws AppError `DEVICES_NOT_FOUND`, `AUTH_SCOPE_MISSING`.
 */
export async function findReader(ctx: Context, deviceId: string | undefined): Promise<AskingDevice | null> {
  return await findDevice(ctx, deviceId, "devices.read");
}

/**
 * The device that a caller writes for, or null; it needs the right to change devices.
 * @throws AppError `DEVICES_NOT_FOUND`, `AUTH_SCOPE_MISSING`.
 */
export async function findWriter(ctx: Context, deviceId: string | undefined): Promise<AskingDevice | null> {
  return await findDevice(ctx, deviceId, "devices.write");
}

async function findDevice(
  ctx: Context,
  deviceId: string | undefined,
  scope: "devices.read" | "devices.write",
): Promise<AskingDevice | null> {
  if (deviceId === undefined) return null;
  requireAccess(ctx, { scope });
  const { id, name } = await requireOwnDevice(ctx, deviceId, requireAccountId(ctx));
  return { id, name };
}
