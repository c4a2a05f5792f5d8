import { toNetwork } from "../../base/rate-limit.ts";
import { type Budget, createBudget } from "../../socket/budget.ts";
import type { SocketHandlers, SocketMount } from "../../socket/mount.ts";
import type { Doorkeeper } from "../relay-admission/service.ts";
import { createFailureCounter } from "../relay-failures/service.ts";
import { Link, topicOf } from "../relay-links/service.ts";
import type { SwitchboardEvent } from "../relay-switchboard/rules.ts";
import type { RoomSwitchboard } from "../relay-switchboard/service.ts";
import {
  BYTES_BURST_SECONDS,
  CLIENT_MESSAGE_BYTES_MAX,
  CONNECTIONS_MAX,
  FAILURES_WINDOW_MS,
  GREETINGS_MAX,
  HELLO_MS,
  MESSAGES_BURST_SECONDS,
  SWEEP_MS,
  TICK_MS,
} from "./limits.ts";
import type { Effect } from "./rules.ts";
import { RELAY_ROOMS_PATH } from "./service.ts";

export interface RelayEndpointOptions {
  readonly board: RoomSwitchboard;
  readonly doorkeeper: Pick<Doorkeeper, "admit">;
  /** Told of every room whose listing is not as it was. */
  readonly onChange: (roomId: string) => void;
  /** Told why a connection failed; the connection is closed. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds of any clock that only goes forward. */
  readonly nowMs: () => number;
  /** Between two looks at what has run out and what is due; `TICK_MS` unless said. */
  readonly tickMs?: number | undefined;
}

/** The websocket endpoint of the raw relay. */
export interface RelayEndpoint {
  readonly mount: SocketMount;
  /** Hands an event from elsewhere to the switchboard. */
  handle(event: SwitchboardEvent): void;
  /** How many connections there are. */
  count(): number;
  /** For each connection, the oldest first, how many bytes wait for it. */
  listWaiting(): readonly (() => number)[];
  /** Lets everybody go. */
  close(): void;
}

/** What one member, or one room, may send. */
interface Budgets {
  readonly messages: Budget;
  readonly bytes: Budget;
}

interface State {
  readonly options: RelayEndpointOptions;
  readonly links: Map<number, Link>;
  /** Connections that have not said who they are; oldest first. */
  readonly greetings: Set<Link>;
  readonly players: Map<string, Set<Link>>;
  readonly spectators: Set<Link>;
  readonly pumping: Set<Link>;
  readonly memberBudgets: WeakMap<Link, Budgets>;
  readonly roomBudgets: Map<string, Budgets>;
  readonly failures: ReturnType<typeof createFailureCounter>;
  lastId: number;
  isPumpDue: boolean;
  isClosed: boolean;
  sweptAtMs: number;
  timer: ReturnType<typeof setInterval> | null;
}

/** After how many seconds a refused handshake is worth another try. */
const RETRY_SECONDS = 5;

/** Opens the endpoint; it decides nothing about rooms, which is the switchboard's. */
export function createRelayEndpoint(options: RelayEndpointOptions): RelayEndpoint {
  const state: State = {
    options,
    links: new Map(),
    greetings: new Set(),
    players: new Map(),
    spectators: new Set(),
    pumping: new Set(),
    memberBudgets: new WeakMap(),
    roomBudgets: new Map(),
    failures: createFailureCounter(),
    lastId: 0,
    isPumpDue: false,
    isClosed: false,
    sweptAtMs: 0,
    timer: null,
  };
  return {
    mount: {
      paths: [RELAY_ROOMS_PATH],
      handle: async (request, server, { clientAddress }) => {
        if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
          return refuse(426, "websocket only", RETRY_SECONDS);
        }
        const network = clientAddress === null ? "local" : toNetwork(clientAddress);
        if (state.isClosed || state.links.size >= CONNECTIONS_MAX) {
          return refuse(503, "too many connections", RETRY_SECONDS);
        }
        if (state.failures.isSpent(network, options.nowMs())) {
          return refuse(429, "too many failures", FAILURES_WINDOW_MS / 1_000);
        }
        state.lastId += 1;
        const data = new Link(state.lastId, network, options.nowMs());
        return server.upgrade(request, { data })
          ? undefined
          : refuse(400, "not a websocket handshake", RETRY_SECONDS);
      },
      owns: (data) => data instanceof Link,
      handlers: createHandlers(state),
    },
    handle: (event) => handle(state, event),
    count: () => state.links.size,
    listWaiting: () => [...state.links.values()].map((link) => () => link.waitingBytes),
    close() {
      state.isClosed = true;
      for (const link of [...state.links.values()]) drop(state, link, "stopping");
      stopTicking(state);
    },
  };
}

function refuse(status: number, detail: string, retryAfterSeconds: number): Response {
  const headers = { "retry-after": String(retryAfterSeconds), upgrade: "websocket" };
  return Response.json({ detail }, { status, headers });
}

function createHandlers(state: State): SocketHandlers {
  return {
    open(line) {
      const link = line.data as Link;
      link.line = line;
      state.links.set(link.id, link);
      state.greetings.add(link);
      startTicking(state);
      // Whoever means it says HELLO at once: what is oldest means it least.
      const [oldest] = state.greetings;
      if (state.greetings.size > GREETINGS_MAX && oldest !== undefined) drop(state, oldest, "silent");
      if (state.isClosed) drop(state, link, "stopping");
    },
    message(line, message) {
      const link = line.data as Link;
      try {
        receive(state, link, message);
      } catch (error) {
        // A bug of ours: it costs one connection, and not the others theirs.
        state.options.onFailure(error);
        drop(state, link, "failed");
      }
    },
    drain(line) {
      const link = line.data as Link;
      link.onRead(state.options.nowMs());
      wake(state, link);
    },
    close(line) {
      const link = line.data as Link;
      link.phase = "closed";
      forget(state, link);
      state.links.delete(link.id);
      handle(state, { kind: "closed", connection: link.id });
    },
  };
}

function receive(state: State, link: Link, message: string | Buffer): void {
  if (link.phase === "closed") return;
  if (typeof message === "string") fail(state, link, "messageInvalid");
  else if (message.length > CLIENT_MESSAGE_BYTES_MAX) fail(state, link, "messageTooLarge");
  else if (link.phase === "member") say(state, link, message);
  else if (link.phase === "asking") fail(state, link, "messageInvalid");
  else {
    link.phase = "asking";
    admit(state, link, message).catch((error: unknown) => {
      state.options.onFailure(error);
      drop(state, link, "failed");
    });
  }
}

type Why = Parameters<Link["close"]>[0];

/** Closes a connection; before it is a member that counts against its address. */
function fail(state: State, link: Link, why: Why): void {
  if (link.phase !== "member") state.failures.count(link.network, state.options.nowMs());
  drop(state, link, why);
}

/** Closes a connection, and tells the switchboard at once: nothing of it counts any more. */
function drop(state: State, link: Link, why: Why): void {
  link.close(why, state.options.nowMs());
  forget(state, link);
  handle(state, { kind: "closed", connection: link.id });
}

function forget({ greetings, players, spectators, pumping, roomBudgets }: State, link: Link): void {
  greetings.delete(link);
  spectators.delete(link);
  pumping.delete(link);
  const others = players.get(link.roomId);
  others?.delete(link);
  if (others?.size === 0) {
    players.delete(link.roomId);
    roomBudgets.delete(link.roomId);
  }
}

/** Failures that tell of guessing or of a broken client; being early or elsewhere is none. */
const COUNTED: ReadonlySet<Why> = new Set<Why>(["messageInvalid", "ticketInvalid", "versionUnsupported"]);

async function admit(state: State, link: Link, hello: Uint8Array): Promise<void> {
  const { event, why } = await state.options.doorkeeper.admit(link.id, hello);
  // It may have gone meanwhile; its ticket is used up then.
  if (link.line === null || link.phase !== "asking") return;
  if (why !== null) {
    if (COUNTED.has(why)) state.failures.count(link.network, state.options.nowMs());
    return drop(state, link, why);
  }
  state.greetings.delete(link);
  link.phase = "member";
  handle(state, event);
}

function createBudgets(messagesPerSecond: number, bytesPerSecond: number): Budgets {
  return {
    messages: createBudget({
      amount: messagesPerSecond * MESSAGES_BURST_SECONDS,
      windowMs: MESSAGES_BURST_SECONDS * 1_000,
    }),
    bytes: createBudget({
      amount: bytesPerSecond * BYTES_BURST_SECONDS,
      windowMs: BYTES_BURST_SECONDS * 1_000,
    }),
  };
}

function takeBudget({ messages, bytes }: Budgets, length: number, nowMs: number): boolean {
  return messages.take(1, nowMs) && bytes.take(length, nowMs);
}

/** A message of a member: counted, then handled. */
function say(state: State, link: Link, bytes: Uint8Array): void {
  const { board, nowMs } = state.options;
  const { limits } = board;
  const now = nowMs();
  let own = state.memberBudgets.get(link);
  if (own === undefined) {
    own = createBudgets(limits.memberMessagesPerSecond, limits.memberBytesPerSecond);
    state.memberBudgets.set(link, own);
  }
  let shared = state.roomBudgets.get(link.roomId);
  if (shared === undefined) {
    shared = createBudgets(limits.roomMessagesPerSecond, limits.roomBytesPerSecond);
    state.roomBudgets.set(link.roomId, shared);
  }
  const isWithin = takeBudget(own, bytes.length, now) && takeBudget(shared, bytes.length, now);
  if (isWithin) apply(state, board.handle({ kind: "said", connection: link.id, bytes }, now), now);
  else drop(state, link, "budgetSpent");
}

function handle(state: State, event: SwitchboardEvent): void {
  const { board, nowMs } = state.options;
  const now = nowMs();
  apply(state, board.handle(event, now), now);
}

function apply(state: State, effects: readonly Effect[], nowMs: number): void {
  for (const effect of effects) applyEffect(state, effect, nowMs);
}

function applyEffect(state: State, effect: Effect, nowMs: number): void {
  if (effect.kind === "publish") publish(state, effect);
  else if (effect.kind === "send") state.links.get(effect.to)?.send(effect.bytes, nowMs);
  else if (effect.kind === "changed") state.options.onChange(effect.roomId);
  else {
    const link = state.links.get(effect.connection);
    if (link === undefined) return;
    if (effect.kind === "enter") enter(state, link, effect);
    else if (effect.kind === "pump") pump(state, link);
    else drop(state, link, effect.why);
  }
}

/** The runtime writes it once for each of the others, together with whatever else comes in the same moment. */
function publish(
  { players, links }: State,
  { roomId, from, bytes }: Extract<Effect, { kind: "publish" }>,
): void {
  const members = players.get(roomId);
  if (members === undefined) return;
  for (const link of members) if (link.id !== from) link.judge();
  links.get(from)?.line?.publish(topicOf(roomId), bytes as Uint8Array<ArrayBuffer>);
}

function enter(state: State, link: Link, { roomId, role }: Extract<Effect, { kind: "enter" }>): void {
  link.roomId = roomId;
  link.isPlayer = role === "player";
  if (!link.isPlayer) {
    state.spectators.add(link);
    return;
  }
  link.line?.subscribe(topicOf(roomId));
  const others = state.players.get(roomId) ?? new Set();
  state.players.set(roomId, others.add(link));
}

/** Sends the next piece in a moment, after everything that is there to be read. */
function pump(state: State, link: Link): void {
  state.pumping.add(link);
  if (state.isPumpDue) return;
  state.isPumpDue = true;
  setImmediate(() => {
    state.isPumpDue = false;
    const due = [...state.pumping];
    state.pumping.clear();
    for (const each of due) makeReady(state, each);
  });
}

function makeReady(state: State, link: Link): void {
  link.isPaused = !link.canTakePiece;
  if (link.phase === "member" && !link.isPaused) handle(state, { kind: "ready", connection: link.id });
}

function wake(state: State, link: Link): void {
  if (link.isPaused && link.canTakePiece) pump(state, link);
}

/** Rests while nobody is there and no seat is kept. */
function startTicking(state: State): void {
  state.timer ??= setInterval(() => tick(state), state.options.tickMs ?? TICK_MS);
}

function stopTicking(state: State): void {
  if (state.timer !== null) clearInterval(state.timer);
  state.timer = null;
}

function tick(state: State): void {
  const { board, nowMs } = state.options;
  const now = nowMs();
  for (const link of [...state.spectators]) makeReady(state, link);
  if (now - state.sweptAtMs < SWEEP_MS) return;
  state.sweptAtMs = now;
  for (const link of [...state.greetings]) {
    if (now - link.openedAtMs < HELLO_MS) break;
    fail(state, link, "silent");
  }
  for (const link of [...state.links.values()]) {
    wake(state, link);
    if (!link.isStuck(now)) continue;
    drop(state, link, "tooSlow");
    link.line?.terminate();
  }
  handle(state, { kind: "sweep" });
  state.failures.sweep(now);
  if (state.links.size === 0 && board.count().rooms === 0) stopTicking(state);
}
