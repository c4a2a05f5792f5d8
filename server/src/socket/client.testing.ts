/** An unmodified Socket.IO client that remembers what it was told. */
import { io, type Socket } from "socket.io-client";

export interface TestClient {
  readonly socket: Socket;
  /** Every event so far, with its first argument, in order. */
  readonly told: (readonly [event: string, payload: unknown])[];
  /** Names of the events so far. */
  names(): readonly string[];
  /** First arguments of one event. */
  payloadsOf<T = unknown>(event: string): readonly T[];
  /** Waits until an event of this name came, also one that came before. */
  waitFor<T = unknown>(event: string, count?: number): Promise<T>;
  /** Waits until the server let it go. */
  waitForEnd(): Promise<string>;
  emit(event: string, ...args: readonly unknown[]): void;
  /** Emits and waits for the acknowledgement's arguments. */
  ask(event: string, ...args: readonly unknown[]): Promise<readonly unknown[]>;
  close(): void;
}

export interface ClientOptions {
  readonly path?: string | undefined;
  readonly transports?: readonly string[] | undefined;
  readonly auth?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** No wait of a test is longer. */
const WAIT_MS = 10_000;

/** Connects to a server; fails when it does not let the client in. */
export async function openClient(url: string, options: ClientOptions = {}): Promise<TestClient> {
  const socket = io(url, {
    path: options.path ?? "/ws/socket.io/",
    transports: [...(options.transports ?? ["websocket"])],
    forceNew: true,
    reconnection: false,
    ...(options.auth === undefined ? {} : { auth: { ...options.auth } }),
    ...(options.headers === undefined ? {} : { extraHeaders: { ...options.headers } }),
  });
  const told: (readonly [string, unknown])[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  let ended: string | null = null;
  socket.onAny((event: string, payload: unknown) => {
    told.push([event, payload]);
    wake();
  });
  socket.on("disconnect", (reason) => {
    ended = reason;
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
  });
  const until = <T>(what: string, look: () => T | undefined): Promise<T> => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const attempt = () => {
      const found = look();
      if (found === undefined) return;
      waiting.delete(attempt);
      clearTimeout(timer);
      resolve(found);
    };
    const timer = setTimeout(() => {
      waiting.delete(attempt);
      reject(new RangeError(`waited in vain for ${what}; told of ${told.map(([name]) => name).join(", ")}`));
    }, WAIT_MS);
    waiting.add(attempt);
    attempt();
    return promise;
  };
  const payloadsOf = <T>(event: string) =>
    told.filter(([name]) => name === event).map(([, payload]) => payload as T);
  return {
    socket,
    told,
    names: () => told.map(([name]) => name),
    payloadsOf,
    async waitFor<T>(event: string, count = 1) {
      return await until(event, () => {
        const payloads = payloadsOf<T>(event);
        return payloads.length >= count ? { value: payloads[count - 1] } : undefined;
      }).then(({ value }) => value as T);
    },
    waitForEnd: () => until("the end", () => ended ?? undefined),
    emit: (event, ...args) => void socket.emit(event, ...args),
    async ask(event, ...args) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>();
      const timer = setTimeout(() => reject(new RangeError(`no acknowledgement of ${event}`)), WAIT_MS);
      socket.emit(event, ...args, (...answer: unknown[]) => resolve(answer));
      return await promise.finally(() => clearTimeout(timer));
    },
    close: () => void socket.close(),
  };
}
