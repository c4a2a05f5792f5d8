/** A RetroArch made of bytes: opens connections to a relay and speaks the tunnel by hand. */
import assert from "node:assert/strict";
import { concat, HOST_HEADER, info, letters, nick, REQUEST, USER_HEADER } from "./messages.testing.ts";

const WAIT_MS = 5_000;

/** One connection. */
export interface Peer {
  send(...parts: readonly Uint8Array[]): void;
  /** The next so many bytes. */
  read(length: number): Promise<Uint8Array>;
  /** Waits for the end, and gives what came before it. */
  readToEnd(): Promise<Uint8Array>;
  /** Waits until the other side has closed. */
  ended(): Promise<void>;
  isOpen(): boolean;
  /** What came and was not read yet. */
  pending(): Uint8Array;
  /** What the system did not take yet. */
  unsentBytes(): number;
  /** Reads nothing from the network until `resume`. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Lets somebody wait for what others change. */
function createBell() {
  const waiters = new Set<() => void>();
  return {
    ring() {
      for (const waiter of [...waiters]) waiter();
    },
    async waitUntil(isTrue: () => boolean, what: () => string): Promise<void> {
      if (isTrue()) return;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const check = () => isTrue() && resolve(true);
      waiters.add(check);
      const timer = setTimeout(resolve, WAIT_MS, false);
      const isThere = await promise;
      clearTimeout(timer);
      waiters.delete(check);
      assert(isThere, what());
    },
  };
}

/** Opens a connection to a port of this machine. */
export async function connect(port: number): Promise<Peer> {
  let bytes: Uint8Array = new Uint8Array();
  let isOpen = true;
  let out: Uint8Array = new Uint8Array();
  const bell = createBell();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_socket, chunk) {
        bytes = concat(bytes, chunk);
        bell.ring();
      },
      drain(self) {
        out = out.subarray(Math.max(0, self.write(out)));
      },
      close() {
        isOpen = false;
        bell.ring();
      },
      error: () => undefined,
    },
  });
  socket.setNoDelay(true);
  const said = () => Buffer.from(bytes.subarray(0, 64)).toString("hex");
  const take = (length: number) => {
    const taken = bytes.slice(0, length);
    bytes = bytes.slice(length);
    return taken;
  };
  const ended = () =>
    bell.waitUntil(
      () => !isOpen,
      () => `it does not end; it said ${said()}`,
    );
  return {
    send(...parts) {
      out = concat(out, ...parts);
      out = out.subarray(Math.max(0, socket.write(out)));
    },
    async read(length) {
      const missing = () => `wanted ${length} bytes, have ${bytes.length}: ${said()}`;
      // Nothing more comes behind the end.
      await bell.waitUntil(() => bytes.length >= length || !isOpen, missing);
      assert(bytes.length >= length, missing());
      return take(length);
    },
    async readToEnd() {
      await ended();
      return take(bytes.length);
    },
    ended,
    isOpen: () => isOpen,
    pending: () => bytes,
    unsentBytes: () => out.length,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.terminate(),
  };
}

/** A host with a session. */
export interface TestHost {
  readonly owner: Peer;
  /** 12 bytes. */
  readonly sessionId: Uint8Array;
  readonly sessionText: string;
  /** Waits for the next user and opens a link to it, as RetroArch does. */
  accept(): Promise<Peer>;
  close(): void;
}

/** Opens a session. */
export async function openHost(port: number): Promise<TestHost> {
  const owner = await connect(port);
  owner.send(REQUEST);
  const answer = await owner.read(16);
  assert.deepEqual(answer.slice(0, 4), letters("RATS"));
  const sessionId = answer.slice(4);
  const links: Peer[] = [];
  return {
    owner,
    sessionId,
    sessionText: sessionId.toBase64(),
    async accept() {
      const wish = await owner.read(16);
      assert.deepEqual(wish.slice(0, 4), letters("RATL"));
      const userId = wish.slice(4);
      owner.send(letters("RATA"), userId);
      const answered = await owner.read(32);
      assert.deepEqual(answered.slice(0, 16), concat(letters("RATA"), userId));
      const link = await connect(port);
      links.push(link);
      link.send(letters("RATL"), userId);
      return link;
    },
    close() {
      owner.close();
      for (const link of links) link.close();
    },
  };
}

/** Knocks at a session with a user's header. */
export async function joinSession(port: number, sessionId: Uint8Array): Promise<Peer> {
  const user = await connect(port);
  user.send(letters("RATS"), sessionId, USER_HEADER);
  return user;
}

/** A host and a user that are linked and have said who they are. */
export async function openGame(
  port: number,
  host?: TestHost,
  crc32 = "38c2acf4",
): Promise<{ readonly host: TestHost; readonly user: Peer; readonly link: Peer }> {
  const opened = host ?? (await openHost(port));
  const user = await joinSession(port, opened.sessionId);
  const link = await opened.accept();
  assert.deepEqual(await link.read(USER_HEADER.length), USER_HEADER);
  const hostWords = concat(HOST_HEADER, nick("alice"), info(crc32, "Nestopia", "1.52.0"));
  link.send(hostWords);
  assert.deepEqual(await user.read(hostWords.length), hostWords);
  user.send(nick("bob"));
  assert.deepEqual(await link.read(40), nick("bob"));
  return { host: opened, user, link };
}
