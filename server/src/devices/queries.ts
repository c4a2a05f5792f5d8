import type { Executor } from "@multitap/db";
import { devices } from "@multitap/db/schema/devices";
import { and, asc, count, desc, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import { assert } from "../base/assert.ts";

/** What a browser's row says besides its owner. */
export interface WebDeviceFacts {
  readonly name: string;
  readonly version: string | null;
  readonly address: string | null;
  readonly seenAt: Date;
}

const isWeb = and(eq(devices.platform, "Web"), eq(devices.client, "web"));

/** Whose device it is; `id` is the one it gets when it is new. */
interface DeviceOwner {
  readonly id: string;
  readonly userId: number;
  readonly identifier: string;
}

/** Writes the row of the browser that owns an identifier, making it when absent, and gives its id. */
export async function upsertWebDevice(
  db: Executor,
  owner: DeviceOwner,
  facts: WebDeviceFacts,
): Promise<string> {
  const changing = {
    name: facts.name,
    clientVersion: facts.version,
    ipAddress: facts.address,
    lastSeen: facts.seenAt,
    updatedAt: facts.seenAt,
  };
  return await upsertDevice(db, owner, {
    fixed: { platform: "Web", client: "web", createdAt: facts.seenAt },
    changing,
  });
}

/** Finds the identifier of an account's browser of that name at that address; null when there is none. */
export async function findWebDeviceAt(
  db: Executor,
  userId: number,
  place: { readonly address: string; readonly name: string },
): Promise<string | null> {
  const [row] = await db
    .select({ identifier: devices.clientDeviceIdentifier })
    .from(devices)
    .where(
      and(
        isWeb,
        eq(devices.userId, userId),
        eq(devices.ipAddress, place.address),
        eq(devices.name, place.name),
      ),
    )
    .orderBy(desc(devices.lastSeen), asc(devices.id))
    .limit(1);
  return row?.identifier ?? null;
}

/** Removes an account's browsers beyond the `kept` most recently seen. */
export async function removeOldWebDevices(db: Executor, userId: number, kept: number): Promise<void> {
  const old = db
    .select({ id: devices.id })
    .from(devices)
    .where(and(isWeb, eq(devices.userId, userId)))
    .orderBy(desc(devices.lastSeen), asc(devices.id))
    .offset(kept);
  await db.delete(devices).where(inArray(devices.id, old));
}

/** What an app says of the device that it runs on. */
export interface AppDeviceFacts {
  readonly name: string;
  readonly client: string;
  readonly platform: string | null;
  readonly version: string | null;
  readonly seenAt: Date;
}

/**
 * Writes the row of the device that owns an identifier, making it when absent, and gives its id. Of a device
 * that is there only name, version and the last sign of life change.
 */
export async function upsertAppDevice(
  db: Executor,
  owner: DeviceOwner,
  facts: AppDeviceFacts,
): Promise<string> {
  const changing = {
    name: facts.name,
    clientVersion: facts.version,
    lastSeen: facts.seenAt,
    updatedAt: facts.seenAt,
  };
  return await upsertDevice(db, owner, {
    fixed: {
      platform: facts.platform,
      client: facts.client,
      syncMode: "api",
      createdAt: facts.seenAt,
    },
    changing,
  });
}

type DeviceColumns = Partial<typeof devices.$inferInsert>;

/** Inserts a device with all its columns, or writes only the `changing` ones of the one that has the identifier. */
async function upsertDevice(
  db: Executor,
  owner: DeviceOwner,
  { fixed, changing }: { readonly fixed: DeviceColumns; readonly changing: DeviceColumns },
): Promise<string> {
  const [row] = await db
    .insert(devices)
    .values({
      ...fixed,
      ...changing,
      id: owner.id,
      userId: owner.userId,
      clientDeviceIdentifier: owner.identifier,
    })
    .onConflictDoUpdate({ target: [devices.userId, devices.clientDeviceIdentifier], set: changing })
    .returning({ id: devices.id });
  assert(row !== undefined, "an upsert returns its row");
  return row.id;
}

/** Counts an account's devices. */
export async function countDevices(db: Executor, userId: number): Promise<number> {
  const [row] = await db.select({ count: count() }).from(devices).where(eq(devices.userId, userId));
  return row?.count ?? 0;
}

/** Notes a sign of life unless some process noted one after `notedBefore`. */
export async function setLastSeen(
  db: Executor,
  deviceId: string,
  moments: { readonly at: Date; readonly notedBefore: Date },
): Promise<void> {
  await db
    .update(devices)
    .set({ lastSeen: moments.at })
    .where(
      and(eq(devices.id, deviceId), or(isNull(devices.lastSeen), lt(devices.lastSeen, moments.notedBefore))),
    );
}

/** A registered machine. */
export type DeviceRow = typeof devices.$inferSelect;

/** One device of an account; null when there is none, or it is somebody else's. */
export async function findOwnDevice(
  db: Executor,
  deviceId: string,
  userId: number,
): Promise<DeviceRow | null> {
  const [row] = await db
    .select()
    .from(devices)
    .where(and(eq(devices.id, deviceId), eq(devices.userId, userId)));
  return row ?? null;
}

/** First of the two numbers of the lock on an account's devices; the second is the account's. */
const DEVICE_LOCKS = 0x64_65_76;

/** Waits until no other transaction registers a device of an account; the lock ends with the transaction. */
export async function lockDevicesOf(db: Executor, userId: number): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${DEVICE_LOCKS}, ${userId})`);
}

/** By what a machine is told from others without an id. */
export interface Fingerprint {
  readonly macAddress?: string | undefined;
  readonly hostname?: string | undefined;
  readonly platform?: string | undefined;
}

/**
 * The device of an account with a fingerprint: of the hardware address, else of host name and system together; null
 * when there is none. Of several the one that was registered first.
 */
export async function findDeviceByFingerprint(
  db: Executor,
  userId: number,
  { macAddress, hostname, platform }: Fingerprint,
): Promise<DeviceRow | null> {
  const isMac = macAddress ? eq(devices.macAddress, macAddress) : undefined;
  const isHost =
    hostname && platform ? and(eq(devices.hostname, hostname), eq(devices.platform, platform)) : undefined;
  if (isMac === undefined && isHost === undefined) return null;
  const [row] = await db
    .select()
    .from(devices)
    .where(and(eq(devices.userId, userId), or(isMac, isHost)))
    .orderBy(
      ...(isMac === undefined ? [] : [sql`(${isMac}) is true desc`]),
      asc(devices.createdAt),
      asc(devices.id),
    )
    .limit(1);
  return row ?? null;
}

/** Adds a device. */
export async function insertDevice(db: Executor, device: typeof devices.$inferInsert): Promise<DeviceRow> {
  const [row] = await db.insert(devices).values(device).returning();
  assert(row !== undefined, "an insert returns its row");
  return row;
}

/** Devices of an account, those that were registered last first. */
export async function listDeviceRows(
  db: Executor,
  userId: number,
  limit: number,
): Promise<readonly DeviceRow[]> {
  return await db
    .select()
    .from(devices)
    .where(eq(devices.userId, userId))
    .orderBy(desc(devices.createdAt), desc(devices.id))
    .limit(limit);
}

/** One device of an account, which nobody else changes until the transaction ends; null when there is none. */
export async function lockOwnDevice(
  db: Executor,
  deviceId: string,
  userId: number,
): Promise<DeviceRow | null> {
  const [row] = await db
    .select()
    .from(devices)
    .where(and(eq(devices.id, deviceId), eq(devices.userId, userId)))
    .for("update");
  return row ?? null;
}

/** Id of a device of an account, which stays until the transaction ends; null when there is none. */
export async function keepDeviceId(db: Executor, deviceId: string, userId: number): Promise<string | null> {
  const [row] = await db
    .select({ id: devices.id })
    .from(devices)
    .where(and(eq(devices.id, deviceId), eq(devices.userId, userId)))
    .for("key share");
  return row?.id ?? null;
}

/** Changes a device. */
export async function updateDeviceRow(
  db: Executor,
  deviceId: string,
  changes: DeviceColumns,
): Promise<DeviceRow> {
  const [row] = await db.update(devices).set(changes).where(eq(devices.id, deviceId)).returning();
  assert(row !== undefined, "the device was locked");
  return row;
}

/** Removes a device of an account, with what it synced; false when there is none. */
export async function deleteDevice(db: Executor, deviceId: string, userId: number): Promise<boolean> {
  const rows = await db
    .delete(devices)
    .where(and(eq(devices.id, deviceId), eq(devices.userId, userId)))
    .returning({ id: devices.id });
  return rows.length > 0;
}
