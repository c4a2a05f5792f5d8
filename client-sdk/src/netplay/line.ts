import type { Environment } from "../environment.ts";
import { isMultitapError, MultitapError } from "../errors.ts";
import { type Closing, judgeClose } from "./closing.ts";
import {
  LEAVE_TIMEOUT_MS,
  OWN_FAULTS_MAX,
  REJOIN_BASE_MS,
  REJOIN_MAX_MS,
  SILENCE_MS,
  WELCOME_TIMEOUT_MS,
} from "./limits.ts";
import type { Socket } from "./socket.ts";
import { formatHello, formatLeave, readMessage, type ServerMessage, type Welcome } from "./wire.ts";

/** What a room hears of its line. */
export interface LineObserver {
  /** The room was entered, or entered again. */
  onWelcome(welcome: Welcome): void;
  onMessage(message: Exclude<ServerMessage, { type: "welcome" }>): void;
  /** It was cut, and tries to come back. */
  onCut(): void;
  /** The last call: it is over. Null after `leave`. */
  onEnd(error: MultitapError | null): void;
}

/** What a line is made of. */
export interface LineParts {
  readonly environment: Environment;
  open(): Socket;
  readonly ticket: string;
  /** How long the ticket is good. */
  readonly ticketMs: number;
  /** The first frame of which an input may be lacking. */
  lackingFrom(): number;
  /** Calls back when trying at once is worth it; returns how to stop. */
  onWake(listener: () => void): () => void;
  readonly observer: LineObserver;
}

/** The connection to a room's relay: one websocket at a time, another one after each cut. */
export interface Line {
  /** False when there is no connection now: nothing is kept. */
  send(bytes: Uint8Array): boolean;
  /** Bytes that wait. */
  readonly bufferedBytes: number;
  readonly isOpen: boolean;
  /** Leaves the room for good; resolves when the connection is closed. */
  leave(): Promise<void>;
  /** Ends everything with an error, and leaves the room. */
  end(error: MultitapError): void;
}

interface LineCore extends LineParts {
  socket: Socket | null;
  /** Set from the first WELCOME on. */
  welcome: Welcome | null;
  /** Whether the present connection was let in. */
  isOpen: boolean;
  hasEnded: boolean;
  /** When trying to come back ends. */
  deadlineMs: number;
  failures: number;
  ownFaults: number;
  leaving: Promise<void> | null;
  stopTimer: () => void;
  stopWake: () => void;
}

/** Connects; the observer is never called before this returns. */
export function createLine(parts: LineParts): Line {
  const { environment } = parts;
  const core: LineCore = {
    ...parts,
    socket: null,
    welcome: null,
    isOpen: false,
    hasEnded: false,
    deadlineMs: environment.now() + parts.ticketMs,
    failures: 0,
    ownFaults: 0,
    leaving: null,
    stopTimer: () => undefined,
    stopWake: () => undefined,
  };
  core.stopWake = parts.onWake(() => core.socket === null && !core.hasEnded && connect(core));
  queueMicrotask(() => core.hasEnded || connect(core));
  return {
    send: (bytes) => send(core, bytes),
    get bufferedBytes() {
      return core.socket?.bufferedAmount ?? 0;
    },
    get isOpen() {
      return core.isOpen;
    },
    leave: () => leave(core),
    end(error) {
      send(core, formatLeave());
      finish(core, error);
    },
  };
}

function send({ socket, isOpen }: LineCore, bytes: Uint8Array): boolean {
  if (socket === null || !isOpen) return false;
  socket.send(bytes);
  return true;
}

function connect(core: LineCore): void {
  core.stopTimer();
  let socket: Socket;
  try {
    socket = core.open();
  } catch (thrown) {
    const error = isMultitapError(thrown)
      ? thrown
      : new MultitapError("internal", "INTERNAL", { message: String(thrown), cause: thrown });
    if (error.isTransient) retry(core, { error, pauseMs: 0, chanceMs: REJOIN_MAX_MS });
    else finish(core, error);
    return;
  }
  core.socket = socket;
  const isPresent = () => core.socket === socket;
  socket.onopen = () => {
    const { welcome, ticket } = core;
    const hello =
      welcome === null ? formatHello(ticket, null) : formatHello(welcome.rejoin, core.lackingFrom());
    if (isPresent()) socket.send(hello);
  };
  socket.onmessage = ({ data }) => isPresent() && onData(core, data);
  // A close tells why, an error does not; where there is only the error, the close follows.
  socket.onerror = () => undefined;
  socket.onclose = ({ code, reason }) => isPresent() && onClose(core, code, reason);
  waitFor(core, WELCOME_TIMEOUT_MS);
}

/** Whatever does not come in time counts as a cut, and the old connection is not waited for. */
function waitFor(core: LineCore, timeoutMs: number): void {
  core.stopTimer();
  core.stopTimer = core.environment.startTimer(() => {
    core.socket?.close();
    onClose(core, 4408, "");
  }, timeoutMs);
}

function onData(core: LineCore, data: unknown): void {
  waitFor(core, SILENCE_MS);
  if (!(data instanceof ArrayBuffer)) return;
  const message = readMessage(new Uint8Array(data), core.welcome?.inputBytes ?? 0);
  if (message === null) return;
  if (message.type !== "welcome") {
    if (core.isOpen) core.observer.onMessage(message);
    return;
  }
  core.welcome = message.welcome;
  core.isOpen = true;
  core.failures = 0;
  core.observer.onWelcome(message.welcome);
}

function onClose(core: LineCore, code: number, reason: string): void {
  core.socket = null;
  core.stopTimer();
  const closing = judgeClose(code, reason);
  const { canRetry, isOwnFault, error } = closing;
  core.ownFaults = isOwnFault ? core.ownFaults + 1 : 0;
  if (core.isOpen && core.welcome !== null) {
    core.isOpen = false;
    core.deadlineMs = core.environment.now() + core.welcome.graceMs;
    if (canRetry) core.observer.onCut();
  }
  if (canRetry && core.ownFaults < OWN_FAULTS_MAX) retry(core, closing);
  else finish(core, error);
}

/** The first try comes at once; later ones after a random pause, so that not all come back in the same moment. */
function retry(core: LineCore, closing: Pick<Closing, "error" | "pauseMs" | "chanceMs">): void {
  const { error, pauseMs, chanceMs } = closing;
  const { environment } = core;
  if (core.hasEnded) return;
  const ceilingMs = core.failures === 0 ? 0 : Math.min(REJOIN_BASE_MS * 2 ** core.failures, chanceMs);
  const delayMs = pauseMs + Math.floor(environment.random() * ceilingMs);
  core.failures += 1;
  core.stopTimer();
  if (environment.now() + delayMs > core.deadlineMs) finish(core, error);
  else core.stopTimer = environment.startTimer(() => connect(core), delayMs);
}

function finish(core: LineCore, error: MultitapError | null): void {
  if (core.hasEnded) return;
  core.hasEnded = true;
  core.isOpen = false;
  core.stopTimer();
  core.stopWake();
  const { socket } = core;
  core.socket = null;
  socket?.close(1000);
  core.observer.onEnd(error);
}

function leave(core: LineCore): Promise<void> {
  core.leaving ??= close(core);
  return core.leaving;
}

async function close(core: LineCore): Promise<void> {
  const { socket, environment } = core;
  if (core.hasEnded) return;
  if (socket !== null && send(core, formatLeave())) {
    core.isOpen = false;
    await new Promise<void>((resolve) => {
      socket.onclose = () => resolve();
      core.stopTimer();
      core.stopTimer = environment.startTimer(resolve, LEAVE_TIMEOUT_MS);
    });
  }
  finish(core, null);
}
