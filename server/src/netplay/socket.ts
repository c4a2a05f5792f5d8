import type { NetplayFacts } from "../base/facts.ts";
import { findAccountId, type Identity } from "../base/identity.ts";
import { networkOf } from "../base/rate-limit.ts";
import type { SocketCall, SocketDoor, SocketHub, SocketPeer } from "../socket/door.ts";
import type { PassedEvent } from "../socket/passing.ts";
import type { SocketServerOptions } from "../socket/server.ts";
import { type OpenHall, openHall } from "./halls/service.ts";
import {
  BUDGET_WINDOW_MS,
  BUFFERED_CLOSE_BYTES,
  EVENTS_MAX,
  EVENTS_WAITING_MAX,
  INPUT_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  SESSIONS_PER_ADDRESS_MAX,
  SIGNAL_BYTES_MAX,
} from "./limits.ts";
import type { RoomAsk, Seat, Who } from "./rooms/contract.ts";
import type { Caller, Outcome } from "./rooms/service.ts";
import {
  fromRoomWire,
  fromSignalWire,
  OWNER_LEFT_WIRE,
  REFUSALS,
  toPlayersWire,
  toSignalWire,
} from "./rooms/wire.ts";

/** Where clients look for it: the compatible API's path, and the one of pages that EmulatorJS was not told of it. */
export const NETPLAY_PATHS: readonly string[] = ["/netplay/socket.io", "/socket.io"];

/** What players send each other unread. Inputs are of use at once only; the others must not be missed. */
const PASSED_EVENTS: Readonly<Record<string, PassedEvent>> = {
  input: { bytesMax: INPUT_BYTES_MAX, canSkip: true },
  "data-message": { bytesMax: MESSAGE_BYTES_MAX, canSkip: false },
  snapshot: { bytesMax: MESSAGE_BYTES_MAX, canSkip: true },
};

/** Told to whoever has to sign in first. */
const SIGN_IN = "Sign in to play together";

/** How the endpoint differs from others: large and many messages, of which most are passed on. */
export function netplayServerOptions(
  facts: NetplayFacts,
): Pick<
  SocketServerOptions,
  | "paths"
  | "pingIntervalMs"
  | "pingTimeoutMs"
  | "messageBytesMax"
  | "messageBudget"
  | "byteBudget"
  | "sessionsPerAddressMax"
  | "eventBudget"
  | "eventsWaitingMax"
  | "bufferedCloseBytes"
  | "passing"
> {
  const windowMs = BUDGET_WINDOW_MS;
  const perWindow = (perSecond: number) => ({ amount: (perSecond * windowMs) / 1_000, windowMs });
  return {
    paths: NETPLAY_PATHS,
    pingIntervalMs: facts.pingIntervalMs,
    pingTimeoutMs: facts.pingTimeoutMs,
    messageBytesMax: MESSAGE_BYTES_MAX,
    messageBudget: perWindow(facts.socketMessagesPerSecond),
    byteBudget: perWindow(facts.socketBytesPerSecond),
    sessionsPerAddressMax: SESSIONS_PER_ADDRESS_MAX,
    eventBudget: { amount: EVENTS_MAX, windowMs },
    eventsWaitingMax: EVENTS_WAITING_MAX,
    bufferedCloseBytes: BUFFERED_CLOSE_BYTES,
    passing: {
      events: PASSED_EVENTS,
      otherBytesMax: SIGNAL_BYTES_MAX,
      channelMessages: perWindow(facts.roomMessagesPerSecond),
      channelBytes: perWindow(facts.roomBytesPerSecond),
    },
  };
}

/** Rooms in which players of EmulatorJS meet. */
export const netplayDoor: SocketDoor = {
  topics: [],
  async open(hub) {
    const hall = await openOwnHall(hub);
    const { desk } = hall;
    return {
      handlers: {
        "open-room": (call) =>
          attempt(
            call,
            (caller, ask) => desk.open(caller, ask),
            () => [],
          ),
        "join-room": (call) =>
          attempt(
            call,
            (caller, ask) => desk.join(caller, ask),
            (players) => [null, players],
          ),
        "leave-room": async ({ peer }) => {
          desk.leave(peer.id);
          return [];
        },
      },
      quickHandlers: {
        "webrtc-signal": (peer, payload) => {
          const signal = fromSignalWire(payload);
          if (signal !== null) desk.signal(peer.id, signal);
          return [];
        },
        // What clients tell of failures is for nobody.
        "webrtc-signal-error": () => [],
      },
      onCame: (peer) => desk.came(peer.id),
      onGone: (peer) => desk.gone(peer.id),
      onPassed: hall.onPassed,
      close: hall.close,
    };
  },
};

function openOwnHall(hub: SocketHub): Promise<OpenHall> {
  const idsOf = (seats: readonly Seat[]) => seats.map(({ socketId }) => socketId);
  return openHall({
    ctx: hub.ctx,
    urgencyOf: (name) => (PASSED_EVENTS[name]?.canSkip ? "quick" : "sure"),
    outlet: {
      end: hub.end,
      pass: hub.passFrames,
      apply(effect) {
        switch (effect.kind) {
          case "enter":
            hub.enterChannel(effect.seat.socketId, effect.roomId);
            return;
          case "exit":
            hub.leaveChannel(effect.seat.socketId, effect.roomId);
            return;
          case "players":
            hub.sendToIds(idsOf(effect.to), {
              event: "users-updated",
              args: [toPlayersWire(effect.players)],
            });
            return;
          case "signal":
            hub.sendToIds([effect.to.socketId], {
              event: "webrtc-signal",
              args: [toSignalWire(effect.sender, effect.signal)],
            });
            return;
          case "owner_left":
            hub.sendToIds(idsOf(effect.to), { event: "data-message", args: [OWNER_LEFT_WIRE] });
            return;
          case "changed":
            return;
        }
      },
    },
  });
}

type Attempt = (caller: Caller, ask: RoomAsk) => Promise<Outcome>;

async function attempt(
  { ctx, peer, payload }: SocketCall,
  run: Attempt,
  toAck: (players: ReturnType<typeof toPlayersWire>) => readonly unknown[],
): Promise<readonly unknown[]> {
  const who = readWho(ctx.identity, peer);
  if (ctx.facts.netplay.isSignInRequired && who.userId === null) return [SIGN_IN];
  const ask = fromRoomWire(payload);
  if (ask === null) return [REFUSALS.invalid];
  const outcome = await run({ socketId: peer.id, who, isGone: () => ctx.signal.aborted }, ask);
  return outcome.refusal === null ? toAck(toPlayersWire(outcome.players)) : [REFUSALS[outcome.refusal]];
}

function readWho(identity: Identity, { clientAddress }: SocketPeer): Who {
  const userId = findAccountId(identity);
  const username = identity.kind === "user" && userId !== null ? identity.username : null;
  return { userId, username, network: networkOf({ clientAddress }) };
}
