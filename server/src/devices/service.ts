import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { createThrottle } from "../base/expiring-cache.ts";
import { createUuid } from "../base/ids.ts";
import { perPorts } from "../base/per-ports.ts";
import {
  DEVICE_TEXT_CHARS_MAX,
  DEVICES_PER_USER_MAX,
  DEVICES_REMEMBERED_MAX,
  LAST_SEEN_INTERVAL_MS,
  WEB_DEVICES_MAX,
} from "./limits.ts";
import {
  countDevices,
  type DeviceRow,
  findOwnDevice,
  findWebDeviceAt,
  keepDeviceId,
  removeOldWebDevices,
  setLastSeen,
  upsertAppDevice,
  upsertWebDevice,
} from "./queries.ts";
import { describeBrowser } from "./rules.ts";

type Scene = Pick<Context, "ports" | "db" | "clientAddress">;

const sightings = perPorts((ports) =>
  createThrottle<string>({
    intervalMs: LAST_SEEN_INTERVAL_MS,
    entriesMax: DEVICES_REMEMBERED_MAX,
    clock: ports.clock,
  }),
);

/** Marks identifiers of browsers, so that they never meet those of device apps. */
const WEB_PREFIX = "web:";

/** The browser that signed in. */
export interface WebDevice {
  readonly deviceId: string;
  /** What the browser must bring along to be recognised next time. */
  readonly browserId: string;
}

/** What a browser that signs in tells of itself. */
export interface WebSignIn {
  readonly userAgent: string | null;
  /** The id it was given earlier; null when it brought none. */
  readonly browserId: string | null;
  /** It brought some cookie of ours, so it would have brought its id if it had one. */
  readonly keepsCookies: boolean;
}

/**
 * Finds or makes the device of a browser that signs in. The browser is recognised by the random id it was
 * given; an app that keeps no cookies, by its address and name.
 */
export async function signInWebDevice(ctx: Scene, userId: number, signIn: WebSignIn): Promise<WebDevice> {
  const browser = describeBrowser(signIn.userAgent);
  const known =
    signIn.browserId ?? (signIn.keepsCookies ? null : await findBrowserId(ctx, userId, browser.name));
  const browserId = known ?? createUuid();
  const owner = { id: createUuid(), userId, identifier: `${WEB_PREFIX}${browserId}` };
  const facts = { ...browser, address: ctx.clientAddress, seenAt: ctx.ports.clock.now() };
  const deviceId = await upsertWebDevice(ctx.db, owner, facts);
  if (deviceId === owner.id) await removeOldWebDevices(ctx.db, userId, WEB_DEVICES_MAX);
  return { deviceId, browserId };
}

async function findBrowserId(ctx: Scene, userId: number, name: string): Promise<string | null> {
  if (ctx.clientAddress === null) return null;
  const identifier = await findWebDeviceAt(ctx.db, userId, { address: ctx.clientAddress, name });
  return identifier?.startsWith(WEB_PREFIX) ? identifier.slice(WEB_PREFIX.length) : null;
}

/** Tells whether an identifier is one of those by which browsers are recognised; no app may take one. */
export function isBrowserIdentifier(identifier: string): boolean {
  return identifier.startsWith(WEB_PREFIX);
}

/** A device as the app on it describes it. */
export interface AppDevice {
  /** By which the app recognises the device; the same one is always the same device of a user. */
  readonly identifier: string;
  readonly name: string;
  /** The app. */
  readonly client: string;
  readonly version: string | null;
  /** Its operating system, in the app's words. */
  readonly platform: string | null;
}

/**
 * Finds or makes the device of an app that was let in; one that is there takes on the given name and version.
 * To be called in a transaction.
 * @returns Its id.
 * @throws AppError `DEVICE_LIMIT`.
 */
export async function pairAppDevice(ctx: Scene, userId: number, device: AppDevice): Promise<string> {
  const owner = { id: createUuid(), userId, identifier: device.identifier };
  const deviceId = await upsertAppDevice(ctx.db, owner, { ...device, seenAt: ctx.ports.clock.now() });
  if (deviceId === owner.id) await requireDeviceRoom(ctx, userId);
  return deviceId;
}

/**
 * Asks, after a device was added, whether its account may have that many.
 * @throws AppError `DEVICE_LIMIT`.
 */
export async function requireDeviceRoom(ctx: Pick<Context, "db">, userId: number): Promise<void> {
  if ((await countDevices(ctx.db, userId)) <= DEVICES_PER_USER_MAX) return;
  const message = `Maximum of ${DEVICES_PER_USER_MAX} devices per user reached`;
  throw new AppError("invalid", "DEVICE_LIMIT", { message });
}

/**
 * Notes that a device is in use, at most once per `LAST_SEEN_INTERVAL_MS`. A failure is logged only: reading
 * must go on when the disk is full.
 */
export async function noteSighting(ctx: Pick<Context, "ports" | "db">, deviceId: string): Promise<void> {
  if (!sightings(ctx.ports).isDue(deviceId)) return;
  const at = ctx.ports.clock.now();
  try {
    await setLastSeen(ctx.db, deviceId, { at, notedBefore: new Date(at.getTime() - LAST_SEEN_INTERVAL_MS) });
  } catch (error) {
    ctx.ports.log.warn("could not note the sighting of a device", { deviceId, error });
  }
}

/**
 * One device of an account, for other domains: inside an operation whose scope was asked before.
 * @throws AppError `DEVICES_NOT_FOUND`, also for somebody else's.
 */
export async function requireOwnDevice(
  ctx: Pick<Context, "db">,
  deviceId: string,
  userId: number,
): Promise<DeviceRow> {
  const row = isStorableId(deviceId) ? await findOwnDevice(ctx.db, deviceId, userId) : null;
  if (row === null) throw deviceNotFound(deviceId);
  return row;
}

/** Tells whether a text can be the id of a device at all. */
export function isStorableId(deviceId: string): boolean {
  return deviceId.length <= DEVICE_TEXT_CHARS_MAX && deviceId.isWellFormed() && !deviceId.includes("\0");
}

/** The same words for a device that is not there and for somebody else's. */
export function deviceNotFound(deviceId: string): AppError<"not_found"> {
  return new AppError("not_found", "DEVICES_NOT_FOUND", { message: `Device with ID ${deviceId} not found` });
}

/**
 * The id of a device of an account, which is kept from being removed until the transaction ends; null when there is
 * none, also for somebody else's.
 */
export async function keepOwnDevice(
  ctx: Pick<Context, "db">,
  deviceId: string,
  userId: number,
): Promise<string | null> {
  return isStorableId(deviceId) ? await keepDeviceId(ctx.db, deviceId, userId) : null;
}
