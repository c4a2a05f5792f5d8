import { abortedError, type MultitapError } from "../errors.ts";
import { onAnyAbort } from "../http/deadline.ts";
import { STREAM_BUFFER_MAX } from "../limits.ts";
import { callListener } from "../listeners.ts";
import type { EventStream, StreamOptions } from "./types.ts";

/** Takes what a source has to tell. */
export interface StreamSink<T> {
  push(event: T): void;
  /** The last call; null for an end in order. */
  end(error: MultitapError | null): void;
}

/** Where the events of a stream come from. */
export interface StreamSource<T> {
  /** Begins to tell one reader what comes after a position, null: from now on; returns how to stop. */
  start(sink: StreamSink<T>, resumeFrom: string | null): () => void;
  /** What stands for events that a slow reader has no room for; they are given oldest first. */
  replace(dropped: readonly T[]): T;
  /** Position of an event; null for streams without positions. */
  idOf(event: T): string | null;
}

/** Makes a stream that any number of loops and listeners can read, each with a source of its own. */
export function createStream<T>(source: StreamSource<T>, options: StreamOptions = {}): EventStream<T> {
  const readers = new Set<(error: MultitapError | null) => void>();
  let lastEventId = options.resumeFrom ?? null;

  /** Connects one reader: what is pushed after the end is dropped, and the end is told once. */
  const open = (sink: StreamSink<T>): (() => void) => {
    let stop = (): void => undefined;
    let hasEnded = false;
    const end = (error: MultitapError | null) => {
      if (hasEnded) return;
      hasEnded = true;
      readers.delete(end);
      stop();
      sink.end(error);
    };
    readers.add(end);
    const stopListening = onAnyAbort([options.signal], (signal) => end(abortedError(signal)));
    if (hasEnded) return () => undefined;
    const stopSource = source.start({ push: (event) => hasEnded || sink.push(event), end }, lastEventId);
    stop = () => {
      stopListening();
      stopSource();
    };
    if (hasEnded) stop();
    return () => end(null);
  };
  const handOut = (event: T): T => {
    lastEventId = source.idOf(event) ?? lastEventId;
    return event;
  };
  return {
    get lastEventId() {
      return lastEventId;
    },
    subscribe(listener, onEnd) {
      return open({
        push: (event) => callListener(listener, handOut(event)),
        end: (error) => onEnd !== undefined && callListener(onEnd, error),
      });
    },
    close() {
      for (const end of [...readers]) end(null);
    },
    [Symbol.asyncIterator]: () =>
      iterate({ open, handOut, replace: source.replace, bufferMax: options.bufferMax ?? STREAM_BUFFER_MAX }),
  };
}

interface Iteration<T> {
  open(sink: StreamSink<T>): () => void;
  handOut(event: T): T;
  replace(dropped: readonly T[]): T;
  readonly bufferMax: number;
}

interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: MultitapError): void;
}

/** One loop over a stream, with its own bounded buffer. */
function iterate<T>({ open, handOut, replace, bufferMax }: Iteration<T>): AsyncIterator<T, undefined> {
  const DONE = { done: true, value: undefined } as const;
  let buffer: T[] = [];
  let waiting: Waiting<T>[] = [];
  let ended: { error: MultitapError | null } | null = null;

  const settle = (reader: Waiting<T>) => {
    const error = ended?.error ?? null;
    // The failure is told once; after it the loop is simply over.
    ended = { error: null };
    if (error === null) reader.resolve(DONE);
    else reader.reject(error);
  };
  const stop = open({
    push(event) {
      const reader = waiting.shift();
      if (reader !== undefined) reader.resolve({ done: false, value: handOut(event) });
      else if (buffer.length < bufferMax) buffer.push(event);
      else buffer = [replace([...buffer, event])];
    },
    end(error) {
      ended = { error };
      // What was received in order is still handed out, except to a reader that wants to stop now.
      if (error?.kind === "aborted") buffer = [];
      for (const reader of waiting.splice(0)) settle(reader);
    },
  });
  return {
    next() {
      return new Promise((resolve, reject) => {
        const reader = { resolve, reject };
        const event = buffer.shift();
        if (event !== undefined) resolve({ done: false, value: handOut(event) });
        else if (ended !== null) settle(reader);
        else waiting = [...waiting, reader];
      });
    },
    async return() {
      buffer = [];
      stop();
      return DONE;
    },
  };
}
