import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { Id, list, Nothing } from "../base/schemas.ts";
import { DEVICE_ID_CHARS_MAX } from "./limits.ts";

/** The setting of an account (`ui_settings`) that keeps it off everybody else's board when it is `true`. */
export const HIDING_SETTING = "activityHidden";

/** Somebody who plays a rom now. */
export interface Activity {
  readonly userId: number;
  readonly username: string;
  /** Picture below the assets folder; "" for none. */
  readonly avatarPath: string;
  readonly romId: number;
  readonly romName: string;
  /** Web path below the server's address; "" for none. */
  readonly romCoverPath: string;
  /** The same for a picture of the game: of the newest save that the caller may see, else of the game itself. */
  readonly screenshotPath: string;
  readonly platformSlug: string;
  readonly platformName: string;
  readonly deviceId: string;
  /** The app on the device, `web` or `unknown`. */
  readonly deviceType: string;
  readonly startedAt: Instant;
}

export const ActivitySchema = v.object({
  userId: Id,
  username: v.string(),
  avatarPath: v.string(),
  romId: Id,
  romName: v.string(),
  romCoverPath: v.string(),
  screenshotPath: v.string(),
  platformSlug: v.string(),
  platformName: v.string(),
  deviceId: v.string(),
  deviceType: v.string(),
  startedAt: v.string(),
});
export const ActivityListSchema = list(ActivitySchema);

const DeviceIdText = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(DEVICE_ID_CHARS_MAX),
  v.check((text) => text.isWellFormed() && !text.includes("\0"), "Input should not contain a zero character"),
);

export const HeartbeatInput = v.strictObject({ romId: Id, deviceId: DeviceIdText });
export const SocketHeartbeatInput = v.strictObject({
  ...HeartbeatInput.entries,
  /** Begins anew, whatever was told before. */
  isStart: v.boolean(),
});
export const StopInput = v.strictObject({ deviceId: DeviceIdText });
export const ListActivityInput = v.optional(v.strictObject({ romId: v.optional(Id) }), {});
export const StoppedSchema = Nothing;
