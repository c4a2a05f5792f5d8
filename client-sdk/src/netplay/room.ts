import type { Environment } from "../environment.ts";
import { abortedError, MultitapError } from "../errors.ts";
import { onWake } from "../events/wake.ts";
import { toClientError } from "../http/calls.ts";
import { onAnyAbort, withDeadline } from "../http/deadline.ts";
import { CALL_TIMEOUT_MS } from "../limits.ts";
import { callListener } from "../listeners.ts";
import type { CallOptions } from "../options.ts";
import { MESSAGE_BYTES_MAX, QUEUE_BYTES_MAX, SNAPSHOT_TIMEOUT_MS } from "./limits.ts";
import { createLine, type Line } from "./line.ts";
import {
  createCore,
  lackingFrom,
  leftRoom,
  onCut,
  onEnd,
  onMessage,
  onRejoined,
  type RoomCore,
  type RoomParts,
  setState,
} from "./room-core.ts";
import { refusedSnapshot } from "./snapshots.ts";
import type { Socket } from "./socket.ts";
import type { Delay, Room, RoomStats, SendSnapshotOptions } from "./types.ts";
import { formatInput, formatMessage } from "./wire.ts";

/** How a room is entered. */
export interface EnterRoom extends RoomParts {
  readonly environment: Environment;
  readonly ticket: string;
  readonly ticketMs: number;
  open(): Socket;
  /** Aborts when the client is closed. */
  readonly lifetime: AbortSignal;
  readonly options: CallOptions | undefined;
}

/**
 * Enters a room with a ticket; resolves when the server has told who is there.
 * @throws MultitapError what the server closes with, `timeout`, `aborted`.
 */
export async function enterRoom(parts: EnterRoom): Promise<Room> {
  const { environment, lifetime, options } = parts;
  const timeoutMs = options?.timeoutMs ?? CALL_TIMEOUT_MS;
  let line: Line | null = null;
  try {
    const limits = { environment, signals: [options?.signal, lifetime], timeoutMs };
    const core = await withDeadline(limits, () => {
      return new Promise<RoomCore>((resolve, reject) => {
        line = openRoom(parts, { resolve, reject });
      });
    });
    const stop = onAnyAbort([lifetime], (signal) => core.line.end(abortedError(signal)));
    core.emitter.on("state", ({ status }) => status === "closed" && stop());
    return toRoom(core);
  } catch (thrown) {
    // What was begun is left: a seat is taken as soon as the ticket was shown.
    (line as Line | null)?.end(toClientError(thrown));
    throw thrown;
  }
}

interface Entry {
  /** The first ROSTER came. */
  resolve(core: RoomCore): void;
  reject(error: unknown): void;
}

function openRoom(parts: EnterRoom, { resolve, reject }: Entry): Line {
  let core: RoomCore | null = null;
  const line: Line = createLine({
    ...parts,
    onWake,
    lackingFrom: () => (core === null ? 0 : lackingFrom(core)),
    observer: {
      onWelcome(welcome) {
        if (core === null) core = createCore(parts, { line, welcome });
        else onRejoined(core);
      },
      onMessage(message) {
        if (core === null) return;
        onMessage(core, message);
        if (message.type !== "roster") return;
        if (core.state.status === "connecting") setState(core, { status: "playing" });
        resolve(core);
      },
      onCut: () => core !== null && onCut(core),
      onEnd(error) {
        if (core !== null) onEnd(core, error);
        reject(error);
      },
    },
  });
  return line;
}

function toRoom(core: RoomCore): Room {
  const { welcome, emitter, window, line } = core;
  return {
    id: welcome.roomId,
    invite: welcome.invite ?? "",
    name: welcome.name,
    romId: welcome.romId,
    playersMax: welcome.playersMax,
    seat: welcome.seat,
    get isOwner() {
      return core.roster.ownerId === welcome.playerId;
    },
    get players() {
      return core.players;
    },
    get state() {
      return core.state;
    },
    on(type, listener) {
      const stop = emitter.on(type, listener);
      const { unheard } = core;
      if (type === "snapshot" && unheard !== null) {
        core.unheard = null;
        queueMicrotask(() => emitter.emit("snapshot", unheard));
      }
      return stop;
    },
    inputAt: (frame, seat) => window.at(frame, seat),
    sendInput: (frame, bytes) => sendInput(core, frame, bytes),
    sendMessage: (data) => sendMessage(core, data),
    sendSnapshot: (frame, bytes, options) => sendSnapshot(core, { frame, bytes, options }),
    stats: () => readStats(core),
    leave: () => line.leave(),
  };
}

/** Whether more can be sent; what a snapshot has on its way is not counted, or no input would pass it. */
function hasRoom({ state, line, upload }: RoomCore): boolean {
  return state.status === "playing" && line.bufferedBytes - upload.unansweredBytes <= QUEUE_BYTES_MAX;
}

function isFrame(frame: number): boolean {
  return Number.isInteger(frame) && frame >= 0 && frame < 2 ** 32;
}

function sendInput(core: RoomCore, frame: number, bytes: Uint8Array): boolean {
  const { window, peers, line, welcome } = core;
  const { seat } = welcome;
  if (!isFrame(frame) || bytes.length !== window.inputBytes) {
    const message = `An input is ${window.inputBytes} bytes of a frame`;
    throw new MultitapError("invalid", "NETPLAY_INPUT_INVALID", { message });
  }
  if (seat === null || !hasRoom(core)) return false;
  if (window.at(frame, seat) !== null || !window.store(frame, seat, bytes)) return true;
  core.hasState = true;
  line.send(formatInput(peers.areAllSole() ? "keep" : "input", seat, [frame, bytes]));
  peers.push();
  return true;
}

function sendMessage(core: RoomCore, data: unknown): boolean {
  // Null for what is no JSON, such as a function.
  const json = new TextEncoder().encode((JSON.stringify(data) as string | undefined) ?? "");
  if (json.length === 0 || json.length > MESSAGE_BYTES_MAX) {
    const message = `A message is JSON of at most ${MESSAGE_BYTES_MAX} bytes`;
    throw new MultitapError("invalid", "NETPLAY_MESSAGE_INVALID", { message });
  }
  return hasRoom(core) && core.line.send(formatMessage(json));
}

interface Sending {
  readonly frame: number;
  readonly bytes: Uint8Array;
  readonly options: SendSnapshotOptions | undefined;
}

async function sendSnapshot(core: RoomCore, { frame, bytes, options = {} }: Sending): Promise<void> {
  const { environment, upload, state } = core;
  if (state.status === "closed") throw state.error ?? leftRoom();
  if (core.roster.ownerId !== core.welcome.playerId) throw refusedSnapshot(5);
  if (!isFrame(frame)) throw refusedSnapshot(4);
  const { signal, timeoutMs = SNAPSHOT_TIMEOUT_MS, onProgress, isForEveryone = false } = options;
  const totalBytes = bytes.length;
  await withDeadline({ environment, signals: [signal], timeoutMs }, (ended) => {
    return new Promise<void>((resolve, reject) => {
      upload.start({
        frame,
        // The app goes on with its own; parts go out as the server takes them.
        bytes: bytes.slice(),
        isForEveryone,
        onProgress: (sentBytes) => onProgress && callListener(onProgress, { sentBytes, totalBytes }),
        onEnd: (error) => (error === null ? resolve() : reject(error)),
      });
      ended.addEventListener("abort", () => upload.cancel(abortedError(ended)));
    });
  });
}

function readStats(core: RoomCore): RoomStats {
  const { peers, window, line, players } = core;
  const roundTrip = core.roundTrips.read();
  const { received, duplicate, lost } = window.counts;
  return {
    roundTrip,
    players: players
      .filter(({ isMe }) => !isMe)
      .map(({ playerId, delay }) => {
        const peer = peers.find(playerId);
        const path = peer?.path ?? "relay";
        const isDirect = peer !== null && path !== "relay";
        return { playerId, path, roundTrip: isDirect ? peer.roundTrips.read() : addUp(roundTrip, delay) };
      }),
    inputsReceived: received,
    inputsDuplicate: duplicate,
    inputsLost: lost,
    bufferedBytes: line.bufferedBytes,
  };
}

/** Two ways one behind the other. */
function addUp(a: Delay | null, b: Delay | null): Delay | null {
  if (a === null || b === null) return null;
  return { medianMs: a.medianMs + b.medianMs, p99Ms: a.p99Ms + b.p99Ms };
}
