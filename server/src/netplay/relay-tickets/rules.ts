/** Tickets into rooms, and invites: what they look like, and where they wait. */
import * as v from "valibot";
import type { Entrant } from "../relay-members/rules.ts";
import type { RoomFacts } from "../relay-rooms/rules.ts";

/** Where a ticket waits. */
export function ticketKey(ticket: string): string {
  return `netplay-relay:ticket:${ticket}`;
}

/** Where a room waits for whoever opens it. */
export function pendingKey(roomId: string): string {
  return `netplay-relay:pending:${roomId}`;
}

/** Where an invite of a room that waits leads. */
export function inviteKey(invite: string): string {
  return `netplay-relay:invite:${invite}`;
}

/** What a ticket is worth. */
export interface Ticket {
  readonly entrant: Entrant;
  /** The room that comes with it; null when it is there already. */
  readonly opens: RoomFacts | null;
}

const RoomFactsSchema = v.object({
  id: v.string(),
  invite: v.string(),
  name: v.string(),
  romId: v.number(),
  ownerUserId: v.number(),
  playersMax: v.number(),
  inputBytes: v.number(),
  inputWindow: v.number(),
  passwordHash: v.nullable(v.string()),
  contentHash: v.nullable(v.string()),
  openedAtMs: v.number(),
});

const TicketSchema = v.object({
  entrant: v.object({
    role: v.picklist(["player", "spectator"]),
    userId: v.number(),
    name: v.string(),
    seat: v.nullable(v.number()),
    delayMs: v.nullable(v.number()),
  }),
  opens: v.nullable(RoomFactsSchema),
});

/** Reads a ticket as it was stored; null for none. */
export function parseTicket(text: string | null): Ticket | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), TicketSchema), text);
  return parsed.success ? parsed.output : null;
}

/** Reads a room that waits; null for none. */
export function parseRoomFacts(text: string | null): RoomFacts | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), RoomFactsSchema), text);
  return parsed.success ? parsed.output : null;
}

/** What somebody shows in HELLO. */
export type Shown =
  | { readonly kind: "ticket"; readonly roomId: string }
  | {
      readonly kind: "rejoin";
      readonly roomId: string;
      readonly number: number;
      readonly secret: string;
    };

const TICKET = /^(?<roomId>[0-9a-f]{16})\.[0-9a-f]{32}$/;
const REJOIN = /^(?<roomId>[0-9a-f]{16})\.(?<number>[1-9]\d{0,4})\.(?<secret>[0-9a-f]{32})$/;

/** Reads what somebody shows; null for what we never gave. */
export function readCredential(text: string, isRejoin: boolean): Shown | null {
  const groups = (isRejoin ? REJOIN : TICKET).exec(text)?.groups;
  const { roomId = "", number = "", secret = "" } = groups ?? {};
  if (groups === undefined) return null;
  return isRejoin ? { kind: "rejoin", roomId, number: Number(number), secret } : { kind: "ticket", roomId };
}

/** Digits and letters that are not taken for each other (Crockford's base 32). */
const INVITE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Eight letters, 40 bits: guesses are counted, and it lives as long as its room. */
export function formatInvite(random: Uint8Array): string {
  return [...random.subarray(0, 8)].map((byte) => INVITE_LETTERS[byte % 32]).join("");
}
