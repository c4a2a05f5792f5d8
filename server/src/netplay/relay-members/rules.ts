/** Who is in a room: seats, the owner, and who comes after. */
import { createDelays, type Delay, type Delays, summarizeDelays } from "../relay-delays/rules.ts";
import { createDelivery, type Delivery } from "../relay-deliveries/rules.ts";
import type { Reason } from "../relay-messages/rules.ts";
import { DELAY_WINDOW_SHARE, FRAMES_PER_SECOND } from "../relay-rooms/limits.ts";
import type { Snapshot } from "../relay-snapshots/rules.ts";

/** What a ticket says of whoever brings it. */
export interface Entrant {
  readonly role: "player" | "spectator";
  readonly userId: number;
  readonly name: string;
  /** The seat that is wanted; null for any. */
  readonly seat: number | null;
  /** How late a spectator wants to be. */
  readonly delayMs: number | null;
}

export interface Member {
  readonly number: number;
  readonly userId: number;
  readonly name: string;
  /** Null for spectators. */
  readonly seat: number | null;
  /** Null for players. */
  readonly watch: Watch | null;
  readonly delays: Delays;
  readonly delivery: Delivery;
  /** Null while it is cut. */
  connection: number | null;
  /** What a rejoin has to show. */
  secret: string;
  /** Since when it is cut. */
  cutAtMs: number;
  heardAtMs: number;
  resumedAtMs: number;
  wantedAtMs: number;
  /** Why it waits for a snapshot; null when it does not. */
  waitsFor: Reason | null;
  /** It has not been told who is there. */
  rosterDue: boolean;
}

/** How far a spectator is. */
export interface Watch {
  readonly delayMs: number;
  /** Position of the next record; null until its first snapshot has gone, or none is needed. */
  next: number | null;
  /** Inputs of earlier frames are left out. */
  frame: number;
  /** The snapshot that it will see once that is old enough. */
  pinned: Snapshot | null;
}

export interface NewMember {
  readonly number: number;
  readonly entrant: Entrant;
  readonly seat: number | null;
  readonly windowFrames: number;
  readonly connection: number;
  readonly secret: string;
}

export function createMember(
  { number, entrant, seat, windowFrames, ...rest }: NewMember,
  nowMs: number,
): Member {
  const { userId, name, role, delayMs } = entrant;
  const isSpectator = role === "spectator";
  return {
    number,
    userId,
    name,
    seat,
    watch: isSpectator
      ? { delayMs: boundDelay(delayMs ?? 0, windowFrames), next: null, frame: 0, pinned: null }
      : null,
    delays: createDelays(nowMs),
    delivery: createDelivery(),
    ...rest,
    cutAtMs: 0,
    heardAtMs: nowMs,
    resumedAtMs: Number.NEGATIVE_INFINITY,
    wantedAtMs: Number.NEGATIVE_INFINITY,
    waitsFor: null,
    rosterDue: true,
  };
}

/** How late a spectator can be without falling out of what is kept. */
function boundDelay(delayMs: number, windowFrames: number): number {
  return Math.min(delayMs, Math.floor(((windowFrames * 1_000) / FRAMES_PER_SECOND) * DELAY_WINDOW_SHARE));
}

/** The seat that a player gets; null when it is taken, or none is free. */
export function chooseSeat(seats: readonly (Member | null)[], wanted: number | null): number | null {
  const seat = wanted ?? seats.indexOf(null);
  return seats[seat] === null ? seat : null;
}

/** The connected player that comes behind a seat, going round; null when nobody is there. */
export function nextOwner(seats: readonly (Member | null)[], behindSeat: number): Member | null {
  const order = [...seats.slice(behindSeat + 1), ...seats.slice(0, behindSeat + 1)];
  return order.find((member) => member !== null && member.connection !== null) ?? null;
}

/** A player as others see it. */
export interface ShownPlayer {
  readonly playerId: string;
  readonly name: string;
  readonly seat: number;
  readonly isConnected: boolean;
  readonly delay: Delay | null;
}

/** Players in order of seats. */
export function showPlayers(seats: readonly (Member | null)[]): readonly ShownPlayer[] {
  return seats.flatMap((member, seat) =>
    member === null
      ? []
      : [
          {
            playerId: String(member.number),
            name: member.name,
            seat,
            isConnected: member.connection !== null,
            delay: summarizeDelays(member.delays),
          },
        ],
  );
}
