import { MultitapError } from "../errors.ts";
import { notOurs, toAnswerError } from "../http/answers.ts";
import { toClientError } from "../http/calls.ts";
import { onAnyAbort, withDeadline } from "../http/deadline.ts";
import { toNetworkError } from "../http/exchange.ts";
import type { HttpParts } from "../http/rest.ts";
import { CALL_TIMEOUT_MS, EVENTS_SILENCE_MS } from "../limits.ts";
import { createSseParser, type ServerSentEvent } from "./sse-parser.ts";

type Listener = (event: object) => void;

/** What the tRPC link hands to the constructor. */
export interface EventSourceInit {
  readonly headers: Record<string, string>;
}

/** The part of an `EventSource` that the tRPC link uses. */
export interface EventSourceObject {
  readonly CONNECTING: number;
  readonly OPEN: number;
  readonly CLOSED: number;
  readyState: number;
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
  close(): void;
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/**
 * Makes an EventSource class over `fetch`: it can send headers, and runs where the platform has none. One
 * object is one connection: it never reconnects by itself, because whoever opened it knows the position to
 * resume from and the credentials of that moment. The event of `"error"` is the `MultitapError` itself.
 */
export function createEventSourceClass(
  http: HttpParts,
): new (
  url: string,
  init?: EventSourceInit,
) => EventSourceObject {
  // A class, because tRPC constructs it.
  return class FetchEventSource implements EventSourceObject {
    readonly CONNECTING = CONNECTING;
    readonly OPEN = OPEN;
    readonly CLOSED = CLOSED;
    readyState: number = CONNECTING;
    readonly #listeners = new Map<string, Set<Listener>>();
    readonly #controller = new AbortController();

    constructor(url: string, init: EventSourceInit = { headers: {} }) {
      const handlers = {
        onOpen: () => {
          this.readyState = OPEN;
        },
        onEvent: (event: ServerSentEvent) => this.#dispatch(event.type, event),
      };
      readEvents(http, { url, headers: init.headers, signal: this.#controller.signal, ...handlers }).catch(
        (thrown: unknown) => {
          if (this.readyState === CLOSED) return;
          // Not `CLOSED`: tRPC would throw away what it has not handed out yet, refusals among it.
          this.readyState = CONNECTING;
          this.#dispatch("error", toClientError(thrown));
        },
      );
    }

    addEventListener(type: string, listener: Listener): void {
      const listeners = this.#listeners.get(type) ?? new Set();
      this.#listeners.set(type, listeners.add(listener));
    }

    removeEventListener(type: string, listener: Listener): void {
      this.#listeners.get(type)?.delete(listener);
    }

    close(): void {
      this.readyState = CLOSED;
      this.#controller.abort();
    }

    #dispatch(type: string, event: object): void {
      for (const listener of this.#listeners.get(type) ?? []) listener(event);
    }
  };
}

interface Reading {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
  onOpen(): void;
  onEvent(event: ServerSentEvent): void;
}

/**
 * Reads one event stream until it breaks; it has no good end.
 * @throws MultitapError always.
 */
async function readEvents(http: HttpParts, reading: Reading): Promise<never> {
  const { environment } = http;
  const limits = {
    environment,
    signals: [reading.signal, http.lifetime],
    timeoutMs: http.timeoutMs ?? CALL_TIMEOUT_MS,
  };
  const response = await withDeadline(limits, async (signal) => {
    const headers = { ...reading.headers, accept: "text/event-stream" };
    return await http.exchange(reading.url, { headers, signal, cache: "no-store" });
  });
  if (!response.ok) throw await toAnswerError(response);
  if (response.body === null || !isEventStream(response)) {
    await response.body?.cancel();
    throw notOurs(response);
  }
  reading.onOpen();
  const reader = response.body.getReader();
  const cut = createCut(http, reading, reader);
  const decoder = new TextDecoder();
  const parse = createSseParser(reading.onEvent);
  try {
    for (;;) {
      cut.rearm();
      const { done, value } = await reader.read();
      if (done)
        throw (
          cut.reason ??
          new MultitapError("network", "NETWORK_FAILED", { message: "The event stream was cut off" })
        );
      parse(decoder.decode(value, { stream: true }));
    }
  } catch (thrown) {
    throw cut.reason ?? toNetworkError(thrown);
  } finally {
    cut.stop();
  }
}

function isEventStream(response: Response): boolean {
  return (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
}

/** Ends the reading when it is called off, or when the server was silent for three of its pings. */
function createCut(http: HttpParts, reading: Reading, reader: ReadableStreamDefaultReader<Uint8Array>) {
  let reason: MultitapError | null = null;
  let stopTimer = (): void => undefined;
  const cut = (error: MultitapError) => {
    reason ??= error;
    // The pending read ends by this; that cancelling may fail too changes nothing.
    reader.cancel().catch(() => undefined);
  };
  const stopListening = onAnyAbort([reading.signal, http.lifetime], () => {
    cut(new MultitapError("aborted", "ABORTED", { message: "The event stream was closed" }));
  });
  return {
    get reason() {
      return reason;
    },
    rearm() {
      stopTimer();
      const onSilence = () => {
        const details = { timeoutMs: EVENTS_SILENCE_MS };
        cut(new MultitapError("timeout", "TIMED_OUT", { message: "The event stream fell silent", details }));
      };
      stopTimer = http.environment.startTimer(onSilence, EVENTS_SILENCE_MS);
    },
    stop() {
      stopTimer();
      stopListening();
      reader.cancel().catch(() => undefined);
    },
  };
}
