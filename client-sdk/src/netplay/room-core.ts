import { type Environment, toInstant } from "../environment.ts";
import { MultitapError } from "../errors.ts";
import { clockSpan, createRoundTrips, type RoundTrips, toClock } from "./delays.ts";
import { createEmitter, type Emitter } from "./emitter.ts";
import { every } from "./every.ts";
import { createInputWindow, type InputWindow } from "./inputs.ts";
import { LACK_CHECK_MS, PING_MS, RESUME_PAUSE_MAX_MS, RESUME_PAUSE_MS } from "./limits.ts";
import type { Line } from "./line.ts";
import { createNoPeers } from "./no-peers.ts";
import type { PeerConnection } from "./peer-connection.ts";
import type { Peers, PeersParts } from "./peers.ts";
import { createDownload, createUpload, type Download, type Snapshot, type Upload } from "./snapshots.ts";
import type { Player, RoomEvents, RoomState } from "./types.ts";
import {
  eachInput,
  formatInput,
  formatPing,
  formatPong,
  formatResume,
  type Roster,
  readJson,
  type ServerMessage,
  type Welcome,
} from "./wire.ts";

/** HELLO of a rejoin that has no state: a snapshot is wanted. */
const NOTHING_KEPT = 0xffff_ffff;
/** Own inputs that are sent again after a cut at most: the server lets so many through at once. */
const RESENT_MAX = 600;

/** How direct paths are made. */
export interface Direct {
  readonly createPeers: (parts: PeersParts) => Peers;
  connect(): Promise<PeerConnection>;
}

/** What a room is made of beside its line. */
export interface RoomParts {
  readonly environment: Environment;
  /** Null: the relay alone. */
  readonly direct: Direct | null;
}

/** The first WELCOME and ROSTER, with which a room begins. */
export interface Entered {
  readonly line: Line;
  readonly welcome: Welcome;
}

/** A room's memory, and what its messages do to it. */
export interface RoomCore {
  readonly environment: Environment;
  readonly line: Line;
  readonly welcome: Welcome;
  readonly window: InputWindow;
  readonly emitter: Emitter<RoomEvents>;
  readonly upload: Upload;
  readonly download: Download;
  readonly peers: Peers;
  readonly roundTrips: RoundTrips;
  state: RoomState;
  roster: Roster;
  players: readonly Player[];
  /** A snapshot that came before there was a listener. */
  unheard: Snapshot | null;
  /** Whether the app has a state that inputs can be applied to. */
  hasState: boolean;
  /** The own newest frame that the server certainly has. */
  ackedFrame: number;
  /** The PING without an answer, and the own newest frame when it was sent. */
  ping: { readonly clock: number; readonly frame: number } | null;
  /** What lacked when it was last looked. */
  gap: number | null;
  isResumeWanted: boolean;
  resumedAtMs: number;
  resumePauseMs: number;
  stopTimers: () => void;
}

const NOBODY: Roster = { ownerId: null, resumeFrame: null, players: [] };

/** Makes a room as it is before its first ROSTER. */
export function createCore({ environment, direct }: RoomParts, { line, welcome }: Entered): RoomCore {
  const window = createInputWindow(welcome);
  const emitter = createEmitter<RoomEvents>();
  const { playerId, seat } = welcome;
  const send = (bytes: Uint8Array) => line.send(bytes);
  const peersOf = ({ createPeers, connect }: Direct, me: PeersParts["me"]) =>
    createPeers({
      environment,
      connect,
      me,
      window,
      send,
      onInput: (ofSeat, frame, bytes) => void takeInput(core, ofSeat, [frame, bytes]),
      onPath(change) {
        // What was on the old path may be lost, and the relay was only asked to keep it.
        if (change.to === "relay") core.isResumeWanted = true;
        emitter.emit("path", change);
      },
    });
  // Who only looks on sends nothing, and gets what there is from the relay.
  const peers = direct === null || seat === null ? createNoPeers(send) : peersOf(direct, { playerId, seat });
  const core: RoomCore = {
    environment,
    line,
    welcome,
    window,
    emitter,
    upload: createUpload({ send }),
    download: createDownload(),
    peers,
    roundTrips: createRoundTrips(),
    state: { status: "connecting" },
    roster: NOBODY,
    players: [],
    unheard: null,
    hasState: false,
    ackedFrame: -1,
    ping: null,
    gap: null,
    isResumeWanted: false,
    resumedAtMs: 0,
    resumePauseMs: RESUME_PAUSE_MS,
    stopTimers: () => undefined,
  };
  const stops = [
    every(environment, PING_MS, () => ping(core)),
    every(environment, LACK_CHECK_MS, () => askForLacking(core)),
  ];
  core.stopTimers = () => stops.map((stop) => stop());
  return core;
}

/** The seats of the others. */
function otherSeats({ players }: RoomCore): readonly number[] {
  return players.filter(({ isMe }) => !isMe).map(({ seat }) => seat);
}

/** What the HELLO of a rejoin asks for. */
export function lackingFrom(core: RoomCore): number {
  return core.hasState ? core.window.lackingFrom(otherSeats(core)) : NOTHING_KEPT;
}

/** Tells a new state. */
export function setState(core: RoomCore, state: RoomState): void {
  core.state = state;
  core.emitter.emit("state", state);
}

/** The room was entered again. */
export function onRejoined(core: RoomCore): void {
  const { window, line, welcome } = core;
  const { seat } = welcome;
  core.ping = null;
  setState(core, { status: "playing" });
  core.upload.restart();
  if (seat === null) return;
  const newest = window.newestOf(seat);
  for (let frame = Math.max(core.ackedFrame + 1, newest - RESENT_MAX); frame <= newest; frame++) {
    const bytes = window.at(frame, seat);
    // Not KEEP: whoever lacks it may have been cut as well.
    if (bytes !== null) line.send(formatInput("input", seat, [frame, bytes]));
  }
}

/** The line was cut. */
export function onCut(core: RoomCore): void {
  core.download.drop();
  const since = toInstant(core.environment.now());
  setState(core, { status: "reconnecting", since, graceMs: core.welcome.graceMs });
}

/** Why nothing can be sent any more. */
export function leftRoom(): MultitapError {
  return new MultitapError("aborted", "NETPLAY_LEFT", { message: "The room was left" });
}

/** The room is over. */
export function onEnd(core: RoomCore, error: MultitapError | null): void {
  core.stopTimers();
  core.peers.close();
  core.upload.cancel(error ?? leftRoom());
  setState(core, { status: "closed", error });
}

/** Carries one message of the server out. */
export function onMessage(core: RoomCore, message: Exclude<ServerMessage, { type: "welcome" }>): void {
  const { line, environment, emitter } = core;
  switch (message.type) {
    case "input":
      takeInput(core, message.seat, [message.frame, message.bytes]);
      break;
    case "inputs":
      takeInputs(core, message.inputs);
      break;
    case "roster":
      takeRoster(core, message.roster);
      break;
    case "gap":
      core.hasState = false;
      break;
    case "missed":
      core.isResumeWanted = true;
      break;
    case "message":
      emitter.emit("message", { fromPlayerId: String(message.from), data: readJson(message.bytes) });
      break;
    case "signal":
      core.peers.onSignal(message.from, message.bytes);
      break;
    case "begin":
      core.download.begin(message);
      break;
    case "part":
      takeSnapshot(core, core.download.take(message));
      break;
    case "ack":
      core.upload.onAck(message.id, message.receivedBytes);
      break;
    case "result":
      core.upload.onResult(message.id, message.result);
      break;
    case "wanted":
      emitter.emit("snapshotWanted", { playerId: String(message.from) });
      break;
    case "ping":
      line.send(formatPong(message.clock, toClock(environment.now())));
      break;
    default:
      takePong(core, message.clock);
  }
}

function takeInput(core: RoomCore, seat: number, [frame, bytes]: [number, Uint8Array]): boolean {
  const isNew = core.window.store(frame, seat, bytes);
  if (!isNew) return false;
  core.window.counts.received += 1;
  core.emitter.emit("input", { frame, seat, bytes });
  return true;
}

function takeInputs(core: RoomCore, inputs: Uint8Array): void {
  const newest = new Map<number, number>();
  eachInput(inputs, core.window.inputBytes, (seat, frame, bytes) => {
    newest.set(seat, Math.max(newest.get(seat) ?? 0, frame));
    if (takeInput(core, seat, [frame, bytes])) core.resumePauseMs = RESUME_PAUSE_MS;
  });
  // The relay tells them in the order in which it got them: what lacks below them, it never had.
  for (const [seat, frame] of newest) core.window.settle(seat, frame);
}

function takeRoster(core: RoomCore, roster: Roster): void {
  const { playerId } = core.welcome;
  const before = core.roster;
  core.roster = roster;
  core.players = roster.players.map((player) => ({ ...player, isMe: player.playerId === playerId }));
  core.peers.update(core.players);
  const { ownerId } = roster;
  // Who is the owner from the start has nobody to get a state from.
  if (before === NOBODY) core.hasState = ownerId === playerId;
  core.emitter.emit("players", core.players);
  if (before === NOBODY || ownerId === null || ownerId === before.ownerId) return;
  const isMe = ownerId === playerId;
  core.emitter.emit("owner", { playerId: ownerId, isMe, resumeFrame: roster.resumeFrame ?? 0 });
}

function takeSnapshot(core: RoomCore, snapshot: Snapshot | null): void {
  if (snapshot === null) return;
  core.window.startFrom(snapshot.frame);
  core.hasState = true;
  if (core.emitter.has("snapshot")) core.emitter.emit("snapshot", snapshot);
  else core.unheard = snapshot;
}

function takePong(core: RoomCore, clock: number): void {
  const { ping: sent } = core;
  if (sent?.clock !== clock) return;
  core.ping = null;
  // What went before the PING arrived before it.
  core.ackedFrame = Math.max(core.ackedFrame, sent.frame);
  core.roundTrips.add(clockSpan(clock, toClock(core.environment.now())));
}

function ping(core: RoomCore): void {
  const { welcome, window, environment } = core;
  if (core.ping !== null) return;
  const clock = toClock(environment.now());
  const frame = welcome.seat === null ? -1 : window.newestOf(welcome.seat);
  if (core.line.send(formatPing(clock))) core.ping = { clock, frame };
}

/** Asks for inputs that lacked twice in a row, or that a path may have lost; spectators may not ask. */
function askForLacking(core: RoomCore): void {
  const { window, environment, welcome } = core;
  const nowMs = environment.now();
  const gap = window.findGap(otherSeats(core));
  const isStill = gap !== null && gap === core.gap;
  core.gap = gap;
  const pauseMs = core.isResumeWanted ? RESUME_PAUSE_MS : core.resumePauseMs;
  if (welcome.seat === null || !core.hasState || nowMs - core.resumedAtMs < pauseMs) return;
  if (!core.isResumeWanted && !isStill) return;
  if (!core.line.send(formatResume(window.lackingFrom(otherSeats(core))))) return;
  core.isResumeWanted = false;
  core.resumedAtMs = nowMs;
  core.resumePauseMs = Math.min(core.resumePauseMs * 2, RESUME_PAUSE_MAX_MS);
}
