/**
 * Rooms as RetroArch's lobby knows them.
 * @source server/docs/protocols/retroarch-relay.md, "The lobby"
 */
import * as v from "valibot";
import type { RoomFields } from "../lobby/contract.ts";

/** Set of the rooms that are announced. */
export const ROOMS_KEY = "relay:rooms";

/** Where a room stands. */
export function roomKey(roomId: number | string): string {
  return `relay:room:${roomId}`;
}

/** Ways to reach a room, by the lobby's numbers. */
export const HOST_METHOD = { unknown: 0, relay: 3 } as const;

/** An announced room with what we know of it. */
export interface StoredRoom extends RoomFields {
  readonly id: number;
  readonly ip: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** The number of a room: the same for the same seed. 31 bits. */
export function createRoomId(seed: string): number {
  const digest = new Bun.CryptoHasher("sha256").update(seed).digest();
  return digest.readUInt32BE(0) & 0x7fff_ffff || 1;
}

/** How a room can be reached. */
export function chooseHostMethod(fields: RoomFields): number {
  const { relayName, relaySession, relayAddress, relayPort } = fields;
  const isKnown = relayName !== "custom" || (relayAddress !== "" && relayPort > 0);
  const isRelayed = fields.isRelayForced && relayName !== "" && relaySession !== "" && isKnown;
  return isRelayed ? HOST_METHOD.relay : HOST_METHOD.unknown;
}

const Stored = v.pipe(v.string(), v.parseJson());

/** Reads a room as we stored it; null for none. */
export function parseRoom(stored: string | null): StoredRoom | null {
  const parsed = v.safeParse(Stored, stored);
  // Only `storeRoom` writes there.
  return parsed.success ? (parsed.output as StoredRoom) : null;
}
