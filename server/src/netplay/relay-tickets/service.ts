import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { createHexToken } from "../../base/ids.ts";
import { TICKET_TTL_MS } from "../relay-rooms/limits.ts";
import type { RoomFacts } from "../relay-rooms/rules.ts";
import { inviteKey, parseRoomFacts, parseTicket, pendingKey, type Ticket, ticketKey } from "./rules.ts";

type Scene = Pick<Context, "ports">;

/** A ticket that somebody is given. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly expiresAt: string;
}

/** Stores a ticket, and the room that it opens: until its opener is there, others find the room by it. */
export async function issueTicket(
  { ports: { kv, clock } }: Scene,
  roomId: string,
  ticket: Ticket,
): Promise<IssuedTicket> {
  const text = `${roomId}.${createHexToken(16)}`;
  const ttl = { ttlMs: TICKET_TTL_MS };
  const { opens } = ticket;
  if (opens !== null) {
    await kv.set(pendingKey(roomId), JSON.stringify(opens), ttl);
    await kv.set(inviteKey(opens.invite), roomId, ttl);
  }
  await kv.set(ticketKey(text), JSON.stringify(ticket), ttl);
  return { ticket: text, expiresAt: toInstant(new Date(clock.now().getTime() + TICKET_TTL_MS)) };
}

/** What a ticket is worth, without using it; null for none. */
export async function readTicket({ ports: { kv } }: Scene, ticket: string): Promise<Ticket | null> {
  return parseTicket(await kv.get(ticketKey(ticket)));
}

/** Uses a ticket up: of any number of callers one gets it. */
export async function takeTicket({ ports: { kv } }: Scene, ticket: string): Promise<Ticket | null> {
  return parseTicket(await kv.take(ticketKey(ticket)));
}

/** A room whose opener has not come yet; null for none. */
export async function findPending({ ports: { kv } }: Scene, roomId: string): Promise<RoomFacts | null> {
  return parseRoomFacts(await kv.get(pendingKey(roomId)));
}

/** The same by its invite. */
export async function findPendingByInvite(scene: Scene, invite: string): Promise<RoomFacts | null> {
  const roomId = await scene.ports.kv.get(inviteKey(invite));
  return roomId === null ? null : await findPending(scene, roomId);
}

/** Forgets that a room waits: it is listed by now. */
export async function forgetPending({ ports: { kv } }: Scene, { id, invite }: RoomFacts): Promise<void> {
  await kv.remove([pendingKey(id), inviteKey(invite)]);
}
