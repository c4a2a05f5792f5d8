import type { Authorization } from "../auth/proof.ts";
import type { Environment } from "../environment.ts";
import { MultitapError } from "../errors.ts";
import { parseJson } from "../http/answers.ts";
import { toNetworkError } from "../http/exchange.ts";
import { CALL_TIMEOUT_MS, EVENT_CHARS_MAX, EVENTS_SILENCE_MS } from "../limits.ts";
import { type FailureData, fromFailureData } from "../rpc/failures.ts";
import type { SubscriptionObserver } from "../rpc/subscriptions.ts";

/** One connection that a client asks a transport for. */
export interface RealtimeCall {
  /** Address of the server, without a slash at the end. */
  readonly url: string;
  readonly input: unknown;
  readonly authorization: Authorization;
  readonly observer: SubscriptionObserver;
  readonly environment: Environment;
  readonly timeoutMs?: number | undefined;
}

/** How the events of a client travel; made by `webSocketRealtime`. */
export interface RealtimeTransport {
  /** Opens one connection; returns how to end it. Clients call this, apps do not. */
  open(call: RealtimeCall): () => void;
}

/** What every implementation of websockets has. */
interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(): void;
}

type SocketClass = new (url: string) => unknown;

/** One message of the server. */
interface Frame {
  readonly type?: unknown;
  readonly data?: unknown;
}

/**
 * Carries events over a websocket in place of a long answer, for apps that are open in many tabs at once:
 * browsers keep at most six plain connections to a server, but many websockets.
 * @param options `WebSocket`: the class to use; the platform's own unless said, which Node 20 does not have.
 * @example
 * const client = createClient({ url, auth: token, realtime: webSocketRealtime() });
 */
export function webSocketRealtime(
  options: { WebSocket?: new (url: string) => unknown } = {},
): RealtimeTransport {
  return { open: (call) => openConnection(call, openSocket(options.WebSocket, call.url)) };
}

function openSocket(given: SocketClass | undefined, url: string): Socket {
  // Looked up per connection: Node 20 and old runtimes have none, whatever the typings say.
  const found: SocketClass | undefined = given ?? globalThis.WebSocket;
  if (found === undefined) {
    const message = "This platform has no WebSocket: give one to webSocketRealtime";
    throw new MultitapError("unsupported", "WEBSOCKET_UNSUPPORTED", { message });
  }
  try {
    return new found(`${url.replace(/^http/, "ws")}/ws/events`) as Socket;
  } catch (thrown) {
    throw toNetworkError(thrown);
  }
}

function openConnection(call: RealtimeCall, socket: Socket): () => void {
  const { observer, environment } = call;
  let hasEnded = false;
  let stopTimer = (): void => undefined;
  const stop = () => {
    hasEnded = true;
    stopTimer();
    socket.close();
  };
  const end = (error: MultitapError | null) => {
    if (hasEnded) return;
    stop();
    observer.onEnd(error);
  };
  const waitFor = (timeoutMs: number) => {
    stopTimer();
    stopTimer = environment.startTimer(() => end(silenceError(timeoutMs)), timeoutMs);
  };
  waitFor(call.timeoutMs ?? CALL_TIMEOUT_MS);
  socket.onopen = () => {
    const { header } = call.authorization;
    // Without a token, the cookie of the handshake counts.
    const token = header === null ? null : header.replace(/^Bearer /, "");
    if (!hasEnded) socket.send(JSON.stringify({ type: "authorize", token, input: call.input }));
  };
  socket.onmessage = ({ data }) => {
    if (hasEnded) return;
    waitFor(EVENTS_SILENCE_MS);
    const frame = readFrame(data);
    if (frame === null) end(notOurFrame());
    else if (frame.type === "connected") observer.onOpen();
    else if (frame.type === "message") observer.onMessage(frame.data);
    else if (frame.type === "serialized-error") end(readFailure(frame.data));
    else if (frame.type === "return") end(null);
    // Signs of life, and words of newer servers, say no more than that the server is there.
  };
  // A close tells why, an error does not: where there is only the error, the close follows.
  socket.onerror = () => undefined;
  socket.onclose = () => end(cutError());
  return stop;
}

function readFrame(data: unknown): Frame | null {
  if (typeof data !== "string" || data.length > EVENT_CHARS_MAX) return null;
  const frame = parseJson(data);
  return typeof frame === "object" && frame !== null ? frame : null;
}

function readFailure(shape: unknown): MultitapError {
  if (typeof shape !== "object" || shape === null) return notOurFrame();
  const { message, data } = shape as { readonly message?: unknown; readonly data?: FailureData };
  return fromFailureData(String(message), data ?? {});
}

function silenceError(timeoutMs: number): MultitapError {
  return new MultitapError("timeout", "TIMED_OUT", {
    message: "The event stream fell silent",
    details: { timeoutMs },
  });
}

function notOurFrame(): MultitapError {
  return new MultitapError("protocol", "ANSWER_NOT_OURS", {
    message: "The websocket says what no Multitap server says",
    details: { contentType: null },
  });
}

function cutError(): MultitapError {
  return new MultitapError("network", "NETWORK_FAILED", { message: "The event stream was cut off" });
}
