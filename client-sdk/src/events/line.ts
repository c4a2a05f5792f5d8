import type { Authorization } from "../auth/proof.ts";
import type { AuthState } from "../auth/types.ts";
import { type Environment, toInstant } from "../environment.ts";
import { isMultitapError, MultitapError } from "../errors.ts";
import { type Authorizer, toClientError } from "../http/calls.ts";
import { backoffCeiling } from "../http/retry.ts";
import { RECONNECT_BASE_MS, RECONNECT_HEALTHY_MS, RECONNECT_MAX_MS, RETRY_AFTER_MAX_MS } from "../limits.ts";
import { createObservable, type Observable, type Unsubscribe } from "../listeners.ts";
import type { SubscriptionObserver } from "../rpc/subscriptions.ts";
import { comparePositions, readMessage } from "./messages.ts";
import type { Coverage, Readers } from "./readers.ts";
import type { ConnectionState } from "./types.ts";

/** What the event connection needs of the client. */
export interface LineOptions {
  readonly environment: Environment;
  readonly authorizer: Authorizer;
  readonly onAuthChange: (listener: (state: AuthState) => void) => Unsubscribe;
  /** Calls back when the machine is probably online again; returns how to stop. */
  readonly onWake: (listener: () => void) => Unsubscribe;
  /** Opens one connection; returns how to end it. */
  readonly connect: (
    input: { readonly topics: readonly string[]; readonly lastEventId: string | null },
    how: { readonly authorization: Authorization; readonly observer: SubscriptionObserver },
  ) => () => void;
}

/** One connection from its start to its end. */
interface Link {
  readonly topics: ReadonlySet<string>;
  position: string | null;
  openedAtMs: number | null;
  authorization: Authorization | null;
  hasEnded: boolean;
  stop: () => void;
}

/** Keeps one connection open for the readers: opens, resumes, waits, asks for another sign-in. */
export interface Line {
  readonly state: Observable<ConnectionState>;
  /** What the present connection covers; null without one. */
  readonly coverage: Coverage | null;
  /** Opens a connection for what the readers want now, in place of the present one. */
  open(): void;
  /** Like `open`, as if nothing had failed before. */
  openAfresh(): void;
  /** Ends the connection and whatever waits for the next one; the readers hear nothing. */
  rest(status: "idle" | "closed"): void;
}

/** What a line remembers between connections. */
interface LineCore extends LineOptions {
  readonly readers: Readers;
  readonly state: Observable<ConnectionState>;
  /** Topics that a connection was opened with before: a refusal is not about them. */
  readonly accepted: Set<string>;
  link: Link | null;
  failures: number;
  /** A refused sign-in was renewed since the last event. */
  hasRecovered: boolean;
  stopTimer: () => void;
  stopWatching: Unsubscribe | null;
}

// Waiting does not mend these.
const FINAL_KINDS = ["forbidden", "not_found", "invalid", "unsupported", "incompatible"] as const;

/** Makes a line; nothing is opened before `open`. */
export function createLine(options: LineOptions, readers: Readers): Line {
  const line: LineCore = {
    ...options,
    readers,
    state: createObservable<ConnectionState>({ status: "idle" }, isSameState),
    accepted: new Set(),
    link: null,
    failures: 0,
    hasRecovered: false,
    stopTimer: () => undefined,
    stopWatching: null,
  };
  return {
    state: line.state,
    get coverage() {
      const { link } = line;
      return link === null ? null : { ...link, isOpen: link.openedAtMs !== null };
    },
    open: () => openLink(line),
    openAfresh() {
      forgetFailures(line);
      openLink(line);
    },
    rest: (status) => rest(line, status),
  };
}

function openLink(line: LineCore): void {
  dropLink(line);
  line.stopWatching ??= watch(line);
  const { topics, lastEventId: position } = line.readers.want();
  const link: Link = {
    topics,
    position,
    openedAtMs: null,
    authorization: null,
    hasEnded: false,
    stop: () => undefined,
  };
  line.link = link;
  line.state.set({ status: "connecting" });
  const observer: SubscriptionObserver = {
    onOpen: () => link.hasEnded || onOpen(line, link),
    onMessage: (received) => link.hasEnded || onMessage(line, link, received),
    onEnd: (error) => link.hasEnded || onEnd(line, link, error),
  };
  connect(line, link, observer).catch((thrown: unknown) => observer.onEnd(toClientError(thrown)));
}

async function connect(line: LineCore, link: Link, observer: SubscriptionObserver): Promise<void> {
  const authorization = await line.authorizer.authorize();
  if (link.hasEnded) return;
  link.authorization = authorization;
  const input = { topics: [...link.topics], lastEventId: link.position };
  link.stop = line.connect(input, { authorization, observer });
}

function dropLink(line: LineCore): void {
  line.stopTimer();
  const { link } = line;
  line.link = null;
  if (link === null || link.hasEnded) return;
  link.hasEnded = true;
  link.stop();
}

function rest(line: LineCore, status: "idle" | "closed"): void {
  dropLink(line);
  line.stopWatching?.();
  line.stopWatching = null;
  line.accepted.clear();
  forgetFailures(line);
  line.state.set({ status });
}

function forgetFailures(line: LineCore): void {
  line.failures = 0;
  line.hasRecovered = false;
}

function onOpen(line: LineCore, link: Link): void {
  link.openedAtMs = line.environment.now();
  for (const topic of link.topics) line.accepted.add(topic);
  line.state.set({ status: "online" });
  line.readers.begin();
}

function onMessage(line: LineCore, link: Link, received: unknown): void {
  const message = readMessage(received);
  if (message === null) return;
  // An event proves that the connection works; that it opened does not.
  if (link.topics.has(message.topic)) forgetFailures(line);
  if (message.id !== "") {
    const order = link.position === null ? null : comparePositions(message.id, link.position);
    // Positions only grow; when they fall, the server's log began anew.
    if (order !== null && order < 0) line.readers.restart();
    link.position = message.id;
  }
  line.readers.deliver(message);
}

function onEnd(line: LineCore, link: Link, error: MultitapError | null): void {
  link.hasEnded = true;
  line.link = null;
  const { openedAtMs } = link;
  if (openedAtMs !== null && line.environment.now() - openedAtMs >= RECONNECT_HEALTHY_MS)
    forgetFailures(line);
  if (line.readers.count === 0) rest(line, "idle");
  else if (error === null)
    retryLater(
      line,
      new MultitapError("network", "NETWORK_FAILED", { message: "The server ended the event stream" }),
    );
  else if (error.kind === "unauthenticated") void recover(line, link, error);
  else if (isMultitapError(error, ...FINAL_KINDS)) refuse(line, error);
  else retryLater(line, error);
}

/** Renews the sign-in once per refusal; if that does not help, waits for somebody to sign in. */
async function recover(line: LineCore, { authorization }: Link, error: MultitapError): Promise<void> {
  const needAuth = () => line.state.set({ status: "needs_auth", error });
  if (line.hasRecovered || authorization === null) return needAuth();
  line.hasRecovered = true;
  let isRenewed = false;
  let failure: MultitapError | null = null;
  try {
    isRenewed = await line.authorizer.recover(authorization, error);
  } catch (thrown) {
    failure = toClientError(thrown);
  }
  if (line.link !== null || line.readers.count === 0 || line.state.value.status === "closed") return;
  if (isRenewed) openLink(line);
  else if (failure === null || failure.kind === "unauthenticated") needAuth();
  else retryLater(line, failure);
}

function retryLater(line: LineCore, error: MultitapError): void {
  line.failures += 1;
  const ceiling = backoffCeiling(line.failures, RECONNECT_BASE_MS, RECONNECT_MAX_MS);
  const asked = error.retryAfterMs === null ? null : Math.min(error.retryAfterMs, RETRY_AFTER_MAX_MS);
  const delayMs = asked ?? Math.floor(line.environment.random() * ceiling);
  line.stopTimer();
  line.stopTimer = line.environment.startTimer(() => openLink(line), delayMs);
  line.state.set({ status: "offline", error, retryAt: toInstant(line.environment.now() + delayMs) });
}

function refuse(line: LineCore, error: MultitapError): void {
  line.readers.refuse(error, line.accepted);
  if (line.readers.count === 0) rest(line, "idle");
  else openLink(line);
}

/** Listens for what makes waiting pointless. */
function watch(line: LineCore): Unsubscribe {
  const stopWake = line.onWake(() => {
    if (line.state.value.status === "offline") openLink(line);
  });
  const stopAuth = line.onAuthChange((auth) => {
    // Somebody signed out: what comes next is for nobody's eyes.
    if (auth.status === "anonymous" && line.link !== null) openLink(line);
    if (auth.status !== "signed_in" || line.state.value.status !== "needs_auth") return;
    forgetFailures(line);
    openLink(line);
  });
  return () => {
    stopWake();
    stopAuth();
  };
}

function isSameState(a: ConnectionState, b: ConnectionState): boolean {
  return a.status === b.status && !("error" in b);
}
