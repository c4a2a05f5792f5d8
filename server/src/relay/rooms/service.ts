import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { networkOf } from "../../base/rate-limit.ts";
import { ROOM_REPEAT_MS_MIN, ROOM_TTL_MS, ROOMS_MAX, ROOMS_PER_ADDRESS_MAX } from "../limits.ts";
import type { RoomFields } from "../lobby/contract.ts";
import { createRoomId, parseRoom, ROOMS_KEY, roomKey, type StoredRoom } from "./rules.ts";

/** Rooms that hosts announced within the last minute, in no order. */
export async function listRooms({ ports: { kv } }: Pick<Context, "ports">): Promise<readonly StoredRoom[]> {
  const ids = await kv.members(ROOMS_KEY);
  const rooms = await Promise.all(ids.map(async (id) => parseRoom(await kv.get(roomKey(id)))));
  const gone = ids.filter((_id, at) => rooms[at] === null);
  if (gone.length > 0) await kv.removeMembers(ROOMS_KEY, gone);
  return rooms.filter((room) => room !== null);
}

/**
 * Lists a room for the next minute.
 * @throws AppError `RELAY_ROOM_TOO_SOON` within 5 s after the last time; `RELAY_ROOMS_FULL`.
 */
export async function storeRoom(
  ctx: Pick<Context, "ports" | "clientAddress">,
  fields: RoomFields,
): Promise<StoredRoom> {
  const { kv, clock } = ctx.ports;
  const nowMs = clock.now().getTime();
  const ip = ctx.clientAddress ?? "127.0.0.1";
  const id = createRoomId(`${fields.username} ${networkOf(ctx)} ${fields.port}`);
  const known = parseRoom(await kv.get(roomKey(id)));
  if (known !== null && nowMs - known.updatedAtMs < ROOM_REPEAT_MS_MIN) {
    const retryAfterMs = known.updatedAtMs + ROOM_REPEAT_MS_MIN - nowMs;
    const message = "This room was announced a moment ago";
    throw new AppError("rate_limited", "RELAY_ROOM_TOO_SOON", { message, retryAfterMs });
  }
  if (known === null) await requireRoom(ctx, ip);
  const room: StoredRoom = {
    ...fields,
    id,
    ip,
    createdAtMs: known?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
  };
  await kv.set(roomKey(id), JSON.stringify(room), { ttlMs: ROOM_TTL_MS });
  await kv.addMembers(ROOMS_KEY, [String(id)]);
  return room;
}

async function requireRoom(ctx: Pick<Context, "ports">, ip: string): Promise<void> {
  const rooms = await listRooms(ctx);
  const own = rooms.filter((room) => room.ip === ip);
  if (rooms.length < ROOMS_MAX && own.length < ROOMS_PER_ADDRESS_MAX) return;
  throw new AppError("unavailable", "RELAY_ROOMS_FULL", {
    message: "There is no room for another announcement",
    retryAfterMs: ROOM_TTL_MS,
  });
}
