/** A listener of a stream endpoint, and hostile ones. */

/** What a listener was told. */
export interface ToldFrame {
  readonly type: string;
  readonly id?: string | null;
  readonly data?: unknown;
}

/** One open websocket. */
export interface StreamClient {
  send(message: string | Uint8Array<ArrayBuffer>): void;
  /** The next frame that is no sign of life; null once the socket is closed. */
  next(): Promise<ToldFrame | null>;
  /** How the socket was closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): void;
}

/** Opens a websocket; one that is refused is closed with 1002 or 1006. */
export function openStream(url: string, headers: Record<string, string> = {}): StreamClient {
  const socket = new WebSocket(url.replace(/^http/, "ws"), { headers } as never);
  const frames: ToldFrame[] = [];
  let wake = (): void => undefined;
  let isClosed = false;
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  const opened = new Promise<void>((resolve) => {
    socket.onopen = () => resolve();
  });
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data)) as ToldFrame;
    if (frame.type !== "ping") frames.push(frame);
    wake();
  };
  socket.onclose = ({ code, reason }) => {
    isClosed = true;
    wake();
    closed.resolve({ code, reason });
  };
  return {
    send: (message) => void opened.then(() => socket.send(message)),
    async next() {
      while (frames.length === 0 && !isClosed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return frames.shift() ?? null;
    },
    closed: closed.promise,
    close: () => socket.close(),
  };
}

/** The one message of a listener. */
export function hello(input: unknown, token?: string | null): string {
  return JSON.stringify({ type: "authorize", token, input });
}
