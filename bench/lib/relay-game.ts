import { BenchError } from "./bench-error.ts";

/** Bytes of one player's input in one frame of netplay. */
export const INPUT_BYTES = 20;
const HEADER = new Uint8Array(24);
HEADER.set(letters("RANP"));

function letters(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** One end of a connection. */
export interface Wire {
  write(bytes: Uint8Array): void;
  /** From now on the bytes go there, however they are cut. */
  onBytes(listener: (bytes: Uint8Array) => void): void;
  close(): void;
}

interface Opened extends Wire {
  read(length: number): Promise<Uint8Array>;
}

/** Opens a connection; everything that is sent is small, so that the system takes all of it. */
async function dial(port: number): Promise<Opened> {
  let kept = Buffer.alloc(0);
  let onKept: (() => void) | null = null;
  let listener: ((bytes: Uint8Array) => void) | null = null;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_socket, bytes) {
        if (listener !== null) return listener(bytes);
        kept = Buffer.concat([kept, bytes]);
        onKept?.();
      },
      error: () => undefined,
    },
  });
  socket.setNoDelay(true);
  return {
    write: (bytes) => void socket.write(bytes),
    onBytes(next) {
      listener = next;
    },
    close: () => socket.terminate(),
    async read(length) {
      while (kept.length < length) {
        const { promise, resolve } = Promise.withResolvers<void>();
        onKept = resolve;
        await promise;
      }
      const taken = kept.subarray(0, length);
      kept = kept.subarray(length);
      return taken;
    },
  };
}

/** A host and a user that are linked, without emulators. */
export interface Game {
  readonly user: Wire;
  readonly link: Wire;
  readonly owner: Wire;
}

/** Opens a game on a relay: three connections. */
export async function openGame(port: number): Promise<Game> {
  const [owner, user] = [await dial(port), await dial(port)];
  owner.write(Buffer.concat([letters("RATS"), new Uint8Array(12)]));
  user.write(Buffer.concat([await owner.read(16), HEADER]));
  const userId = (await owner.read(16)).subarray(4);
  owner.write(Buffer.concat([letters("RATA"), userId]));
  await owner.read(32);
  const link = await dial(port);
  link.write(Buffer.concat([letters("RATL"), userId]));
  const header = await link.read(HEADER.length);
  if (!Buffer.from(header).toString("latin1").startsWith("RANP"))
    throw new BenchError("the relay changed a header");
  // What is looked for names is over with this: from now on bytes only pass.
  for (const wire of [user, link]) wire.write(new Uint8Array(200));
  await Promise.all([user.read(200), link.read(200)]);
  return { owner, user, link };
}

/** Two ends of one connection without a relay between them. */
export async function openDirect(): Promise<Pick<Game, "user" | "link">> {
  const { promise, resolve } = Promise.withResolvers<Wire>();
  const listeners: ((bytes: Uint8Array) => void)[] = [];
  const door = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.setNoDelay(true);
        resolve({
          write: (bytes) => void socket.write(bytes),
          onBytes: (listener) => void listeners.splice(0, 1, listener),
          close: () => socket.terminate(),
        });
      },
      data(_socket, bytes) {
        for (const listener of listeners) listener(bytes);
      },
    },
  });
  const user = await dial(door.port);
  const link = await promise;
  door.stop();
  return { user, link };
}
