import type { ActivityEvent } from "../base/events.ts";
import { toWireInstant } from "../users/wire.ts";
import type { Activity } from "./contract.ts";

/** Somebody who plays a rom, in the compatible shape. */
export function toActivityWire(activity: Activity) {
  return {
    user_id: activity.userId,
    username: activity.username,
    avatar_path: activity.avatarPath,
    rom_id: activity.romId,
    rom_name: activity.romName,
    rom_cover_path: activity.romCoverPath,
    screenshot_path: activity.screenshotPath,
    platform_slug: activity.platformSlug,
    platform_name: activity.platformName,
    device_id: activity.deviceId,
    device_type: activity.deviceType,
    started_at: toWireInstant(activity.startedAt),
  };
}

/** Somebody who plays no more, in the compatible shape. */
export function toClearedWire({ userId, deviceId, romId }: ActivityEvent) {
  return { user_id: userId, device_id: deviceId, rom_id: romId };
}

type Fields = Readonly<Record<string, unknown>>;

/** Takes a sign out of JSON; on sockets the rom may be a text. Null for what is no object. */
export function fromHeartbeatWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const { rom_id: romId, device_id: deviceId }: Fields = { ...body };
  return { romId, deviceId };
}

/** The same from a socket. */
export function fromSocketHeartbeat(payload: unknown, isStart: boolean): unknown {
  const read = fromHeartbeatWire(payload);
  if (typeof read !== "object" || read === null || !("romId" in read)) return null;
  const { romId } = read;
  const isNumeric = typeof romId === "string" && /^\d{1,10}$/.test(romId);
  return { ...read, isStart, romId: isNumeric ? Number(romId) : romId };
}

/** The device that a stop names; undefined when it names none. */
export function fromSocketStop(payload: unknown): string | undefined {
  if (typeof payload !== "object" || payload === null || !("device_id" in payload)) return undefined;
  return typeof payload.device_id === "string" ? payload.device_id : undefined;
}
