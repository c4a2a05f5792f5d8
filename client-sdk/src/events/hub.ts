import { EVENTS_LINGER_MS } from "../limits.ts";
import type { Unsubscribe } from "../listeners.ts";
import { createLine, type LineOptions } from "./line.ts";
import { createReaders, type EventReader } from "./readers.ts";
import type { Connection } from "./types.ts";

/** The one event connection of a client, shared by all its streams. */
export interface Hub {
  readonly connection: Connection;
  /** Lets one more reader hear its topics; returns how to stop. */
  attach(reader: EventReader): Unsubscribe;
  /** Ends all readers in order, and the connection with them. */
  close(): void;
}

/** Makes the hub: opens the connection with the first reader, closes it some time after the last. */
export function createHub(options: LineOptions): Hub {
  const readers = createReaders(options.environment);
  const line = createLine(options, readers);
  let isPlanned = false;
  let stopLinger = (): void => undefined;

  const isClosed = () => line.state.value.status === "closed";
  const reconcile = () => {
    stopLinger();
    const { coverage } = line;
    if (readers.count === 0) {
      const rest = () => line.rest("idle");
      stopLinger = options.environment.startTimer(rest, coverage === null ? 0 : EVENTS_LINGER_MS);
    } else if (coverage !== null) {
      if (!readers.areServedBy(coverage)) line.open();
    } else if (line.state.value.status === "idle") {
      line.open();
    }
    // Else a pause between tries, or a missing sign-in, which one more reader does not shorten.
  };
  /** Readers that come or go in one turn of the program change the connection once. */
  const plan = () => {
    if (isPlanned) return;
    isPlanned = true;
    queueMicrotask(() => {
      isPlanned = false;
      if (!isClosed()) reconcile();
    });
  };
  return {
    connection: {
      get state() {
        return line.state.value;
      },
      onChange: (listener) => line.state.onChange(listener),
      reconnect() {
        if (!isClosed() && readers.count > 0) line.openAfresh();
      },
    },
    attach(reader) {
      if (isClosed()) {
        reader.onEnd(null);
        return () => undefined;
      }
      const remove = readers.add(reader);
      plan();
      return () => {
        remove();
        plan();
      };
    },
    close() {
      stopLinger();
      line.rest("closed");
      readers.endAll(null);
    },
  };
}
