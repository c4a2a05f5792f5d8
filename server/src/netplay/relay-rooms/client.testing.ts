/** Clients of the raw relay, written from its protocol and from nothing of the server's. */

/** A message of the server. */
export interface RelayGot {
  readonly type: number;
  readonly small: number;
  readonly short: number;
  readonly long: number;
  readonly bytes: Uint8Array;
  json<T = Record<string, unknown>>(): T;
}

export interface RelayClient {
  readonly socket: WebSocket;
  /** Everything that came and was not taken, but pings. */
  readonly inbox: RelayGot[];
  send(bytes: Uint8Array): void;
  /** Waits for the next message of a type, and takes it with those of this type only. */
  next(type: number): Promise<RelayGot>;
  /** Waits until what came is as wanted. */
  until(isWanted: () => boolean): Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly isOpen: boolean;
  close(): void;
}

const WAIT_MS = 15_000;
const decoder = new TextDecoder();

function toGot(data: ArrayBuffer): RelayGot {
  const bytes = new Uint8Array(data);
  const view = new DataView(data);
  return {
    type: bytes[0] ?? 0,
    small: bytes[1] ?? 0,
    short: view.getUint16(2, true),
    long: bytes.length >= 8 ? view.getUint32(4, true) : 0,
    bytes,
    json: <T>() => JSON.parse(decoder.decode(bytes.subarray(4))) as T,
  };
}

function answer({ long }: RelayGot): Uint8Array {
  const pong = new Uint8Array(12);
  pong[0] = 0x41;
  const view = new DataView(pong.buffer);
  view.setUint32(4, long, true);
  view.setUint32(8, Math.floor(performance.now()), true);
  return pong;
}

/** Opens a websocket; it says nothing by itself but answers pings. */
export async function openRelayClient(url: string): Promise<RelayClient> {
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  socket.binaryType = "arraybuffer";
  const inbox: RelayGot[] = [];
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  let wake: () => void = () => undefined;
  let isClosed = false;
  const send = (bytes: Uint8Array) => socket.send(bytes as Uint8Array<ArrayBuffer>);
  socket.onmessage = ({ data }) => {
    const got = toGot(data as ArrayBuffer);
    if (got.type === 0x40) send(answer(got));
    else inbox.push(got);
    wake();
  };
  socket.onclose = ({ code, reason }) => {
    isClosed = true;
    closed.resolve({ code, reason });
    wake();
  };
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new TypeError("the websocket did not open"));
  });
  const until = async (isWanted: () => boolean) => {
    const deadlineMs = performance.now() + WAIT_MS;
    while (!isWanted()) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0 || isClosed) {
        const types = inbox.map(({ type }) => type.toString(16)).slice(-20);
        throw new RangeError(`nothing came in time (closed: ${isClosed}; last: ${types.join(" ")})`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return {
    socket,
    inbox,
    send,
    async next(type) {
      await until(() => inbox.some((got) => got.type === type));
      const at = inbox.findIndex((got) => got.type === type);
      const [got] = inbox.splice(at, 1);
      return got ?? toGot(new ArrayBuffer(4));
    },
    until,
    closed: closed.promise,
    get isOpen() {
      return !isClosed;
    },
    close: () => socket.close(),
  };
}

/** HELLO; with a frame, of a rejoin: `null` keeps nothing. */
export function hello(credential: string, resumeFrame?: number | null): Uint8Array {
  const text = new TextEncoder().encode(credential);
  const bytes = new Uint8Array(8 + text.length);
  bytes.set([1, 1, resumeFrame === undefined ? 0 : 1]);
  new DataView(bytes.buffer).setUint32(4, resumeFrame === null ? 0xffff_ffff : (resumeFrame ?? 0), true);
  bytes.set(text, 8);
  return bytes;
}
