import type { Environment } from "../environment.ts";
import { clockSpan, createRoundTrips, type RoundTrips, toClock } from "./delays.ts";
import { every } from "./every.ts";
import {
  CANDIDATES_MAX,
  DIRECT_HEALTHY_MS,
  DIRECT_QUEUE_BYTES_MAX,
  DIRECT_SILENCE_MS,
  DIRECT_TICK_MS,
  OVERLAP_MS,
  UPGRADE_PAUSE_MAX_MS,
  UPGRADE_PAUSE_MS,
  UPGRADE_TIMEOUT_MS,
} from "./limits.ts";
import type { Packet, PacketHead } from "./packets.ts";
import { type Channel, openChannel, type PeerConnection, readPath } from "./peer-connection.ts";
import type { Signal } from "./signals.ts";
import type { Path } from "./types.ts";

/** What the path to one player is made of. */
export interface PeerParts {
  readonly environment: Environment;
  /** The side with the lower number offers, so that both never do at once. */
  readonly isOfferer: boolean;
  connect(): Promise<PeerConnection>;
  /** False when the relay cannot carry it now. */
  signal(signal: Signal): boolean;
  /** The newest own inputs. */
  pack(head: Omit<PacketHead, "seat">): Uint8Array;
  /** Null for what is none of the player's packets. */
  unpack(bytes: Uint8Array): Packet | null;
  onPacket(packet: Packet): void;
  onPath(path: Path, before: Path): void;
}

/** The path to one player, tried over and over. */
export interface Peer {
  readonly path: Path;
  readonly roundTrips: RoundTrips;
  /** Whether inputs travel on the direct path alone. */
  isSole(): boolean;
  /** Sends the newest inputs if there is a channel. */
  push(): void;
  onSignal(signal: Signal): void;
  close(): void;
}

/** One attempt, and the path that becomes of it. */
interface Link {
  readonly attempt: number;
  connection: PeerConnection | null;
  channel: Channel | null;
  /** Candidates that came before the description they belong to. */
  waiting: object[] | null;
  heardAtMs: number;
  sentAtMs: number;
  /** The other side's clock in its newest packet. */
  clock: number | null;
  /** When the channel answered. */
  directAtMs: number | null;
  stop: () => void;
}

interface PeerCore extends PeerParts {
  readonly roundTrips: RoundTrips;
  path: Path;
  link: Link | null;
  attempt: number;
  failures: number;
  isOver: boolean;
  stopTimer: () => void;
}

/** Begins on the relay; the side that offers does so at once. */
export function createPeer(parts: PeerParts): Peer {
  const peer: PeerCore = {
    ...parts,
    roundTrips: createRoundTrips(),
    path: "relay",
    link: null,
    attempt: 0,
    failures: 0,
    isOver: false,
    stopTimer: () => undefined,
  };
  if (peer.isOfferer) plan(peer, 0);
  return {
    get path() {
      return peer.path;
    },
    roundTrips: peer.roundTrips,
    isSole() {
      const since = peer.link?.directAtMs ?? null;
      return since !== null && peer.environment.now() - since >= OVERLAP_MS;
    },
    push: () => peer.link !== null && push(peer, peer.link),
    onSignal: (signal) => peer.isOver || onSignal(peer, signal),
    close() {
      peer.isOver = true;
      peer.stopTimer();
      // Whoever is gone has no path to tell of.
      peer.path = "relay";
      drop(peer);
    },
  };
}

function plan(peer: PeerCore, delayMs: number): void {
  peer.stopTimer();
  peer.stopTimer = peer.environment.startTimer(() => {
    const attempt = peer.attempt + 1;
    run(peer, open(peer, attempt), offer);
  }, delayMs);
}

/** Makes the link of an attempt; that of the one before is over. */
function open(peer: PeerCore, attempt: number): Link {
  drop(peer);
  peer.attempt = attempt;
  const nowMs = peer.environment.now();
  const link: Link = {
    attempt,
    connection: null,
    channel: null,
    waiting: [],
    heardAtMs: nowMs,
    sentAtMs: nowMs,
    clock: null,
    directAtMs: null,
    stop: () => undefined,
  };
  link.stop = every(peer.environment, DIRECT_TICK_MS, () => watch(peer, link, nowMs));
  peer.link = link;
  return link;
}

/** Whatever throws on the way ends the attempt: the relay carries on. */
function run(peer: PeerCore, link: Link, step: (peer: PeerCore, link: Link) => Promise<void>): void {
  step(peer, link).catch(() => fail(peer, link, true));
}

async function connect(peer: PeerCore, link: Link): Promise<PeerConnection | null> {
  const connection = await peer.connect();
  if (peer.link !== link) {
    connection.close();
    return null;
  }
  link.connection = connection;
  connection.onicecandidate = ({ candidate }) => {
    if (candidate !== null) peer.signal({ kind: "candidate", attempt: link.attempt, candidate });
  };
  connection.onconnectionstatechange = () => {
    if (/^(?:failed|closed)$/.test(connection.connectionState)) fail(peer, link, true);
  };
  const channel = openChannel(connection);
  link.channel = channel;
  channel.onopen = () => push(peer, link);
  channel.onclose = () => fail(peer, link, true);
  channel.onmessage = ({ data }) => data instanceof ArrayBuffer && onPacket(peer, link, new Uint8Array(data));
  return connection;
}

async function offer(peer: PeerCore, link: Link): Promise<void> {
  const connection = await connect(peer, link);
  if (connection === null) return;
  const description = await connection.createOffer();
  // Before it is set, which makes candidates: they are of no use to whoever has not heard of the offer.
  const isSent = peer.signal({ kind: "offer", attempt: link.attempt, sdp: description.sdp ?? "" });
  if (isSent) await connection.setLocalDescription(description);
  else fail(peer, link, false);
}

const answer = (sdp: string) => async (peer: PeerCore, link: Link) => {
  const connection = await connect(peer, link);
  if (connection === null) return;
  await connection.setRemoteDescription({ type: "offer", sdp });
  const description = await connection.createAnswer();
  peer.signal({ kind: "answer", attempt: link.attempt, sdp: description.sdp ?? "" });
  await connection.setLocalDescription(description);
  await addWaiting(link, connection);
};

const accept = (sdp: string) => async (_peer: PeerCore, link: Link) => {
  const { connection } = link;
  await connection?.setRemoteDescription({ type: "answer", sdp });
  if (connection !== null) await addWaiting(link, connection);
};

async function addWaiting(link: Link, connection: PeerConnection): Promise<void> {
  const candidates = link.waiting ?? [];
  link.waiting = null;
  await Promise.all(candidates.map((candidate) => addCandidate(connection, candidate)));
}

/** A candidate that this side cannot use is no reason to give up: others may do. */
async function addCandidate(connection: PeerConnection, candidate: object): Promise<void> {
  await connection.addIceCandidate(candidate).catch(() => undefined);
}

function onSignal(peer: PeerCore, signal: Signal): void {
  const { link } = peer;
  if (signal.kind === "offer") {
    if (!peer.isOfferer) run(peer, open(peer, signal.attempt), answer(signal.sdp));
    return;
  }
  // What is left of an earlier attempt says nothing about this one.
  if (link === null || link.attempt !== signal.attempt) return;
  if (signal.kind === "answer") {
    if (peer.isOfferer) run(peer, link, accept(signal.sdp));
  } else if (signal.kind === "candidate") {
    if (link.waiting === null && link.connection !== null) {
      void addCandidate(link.connection, signal.candidate);
    } else if (link.waiting !== null && link.waiting.length < CANDIDATES_MAX) {
      link.waiting.push(signal.candidate);
    }
  } else {
    peer.isOver = signal.kind === "no";
    fail(peer, link, false);
  }
}

function push(peer: PeerCore, link: Link): void {
  const { channel, clock } = link;
  if (channel?.readyState !== "open" || channel.bufferedAmount > DIRECT_QUEUE_BYTES_MAX) return;
  const nowMs = peer.environment.now();
  const echo = clock === null ? null : { clock, heldMs: nowMs - link.heardAtMs };
  link.sentAtMs = nowMs;
  try {
    channel.send(peer.pack({ clock: toClock(nowMs), echo }));
  } catch {
    // It closed in this moment, which the app that sends an input has nothing to do with.
    fail(peer, link, true);
  }
}

function onPacket(peer: PeerCore, link: Link, bytes: Uint8Array): void {
  const packet = peer.unpack(bytes);
  if (peer.link !== link || packet === null) return;
  const nowMs = peer.environment.now();
  // Packets overtake each other; an older one is no news of the path.
  if (link.clock === null || clockSpan(link.clock, packet.clock) < 2 ** 31) {
    link.heardAtMs = nowMs;
    link.clock = packet.clock;
  }
  if (packet.echo !== null) {
    const roundTripMs = clockSpan(packet.echo.clock, toClock(nowMs)) - packet.echo.heldMs;
    if (roundTripMs < 0 || roundTripMs > UPGRADE_TIMEOUT_MS) return;
    peer.roundTrips.add(roundTripMs);
    if (link.directAtMs === null) run(peer, link, settle);
  }
  peer.onPacket(packet);
}

/** The other side has heard this one: the path works both ways. */
async function settle(peer: PeerCore, link: Link): Promise<void> {
  link.directAtMs = peer.environment.now();
  const path = link.connection === null ? "direct" : await readPath(link.connection);
  if (peer.link === link) tell(peer, path);
}

function tell(peer: PeerCore, path: Path): void {
  const before = peer.path;
  peer.path = path;
  if (before !== path) peer.onPath(path, before);
}

function watch(peer: PeerCore, link: Link, openedAtMs: number): void {
  const nowMs = peer.environment.now();
  const isLate = link.directAtMs === null && nowMs - openedAtMs > UPGRADE_TIMEOUT_MS;
  const isSilent = link.directAtMs !== null && nowMs - link.heardAtMs >= DIRECT_SILENCE_MS;
  if (isLate || isSilent) fail(peer, link, true);
  else if (nowMs - link.sentAtMs >= DIRECT_TICK_MS) push(peer, link);
}

/** Back to the relay; the side that offers tries again later. */
function fail(peer: PeerCore, link: Link, isToBeTold: boolean): void {
  if (peer.link !== link) return;
  const { environment } = peer;
  const heldMs = link.directAtMs === null ? 0 : environment.now() - link.directAtMs;
  peer.failures = heldMs >= DIRECT_HEALTHY_MS ? 1 : peer.failures + 1;
  if (isToBeTold) peer.signal({ kind: "end", attempt: link.attempt });
  drop(peer);
  if (!peer.isOfferer || peer.isOver) return;
  const pauseMs = Math.min(UPGRADE_PAUSE_MS * 2 ** (peer.failures - 1), UPGRADE_PAUSE_MAX_MS);
  plan(peer, pauseMs * (0.5 + environment.random() / 2));
}

function drop(peer: PeerCore): void {
  const { link } = peer;
  peer.link = null;
  link?.stop();
  link?.connection?.close();
  tell(peer, "relay");
}
