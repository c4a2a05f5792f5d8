/** The endpoint of the raw relay alone, with a clock that tests turn, and clients that read when they are told to. */
import { createSocketSwitch } from "../../socket/mount.ts";
import { roomFacts } from "../relay-switchboard/scene.testing.ts";
import { createRoomSwitchboard, type RoomSwitchboard } from "../relay-switchboard/service.ts";
import { hello, openRelayClient, type RelayClient } from "./client.testing.ts";
import { RELAY_ROOM_LIMITS, type RelayRoomLimits } from "./limits.ts";
import type { RoomFacts } from "./rules.ts";
import { createRelayEndpoint, type RelayEndpoint } from "./socket.ts";

export interface BareOptions {
  readonly limits?: Partial<RelayRoomLimits> | undefined;
  readonly facts?: Partial<RoomFacts> | undefined;
  /** Stands still unless a test moves it; runs when left out. */
  readonly clock?: { nowMs: number } | undefined;
  /** From where the n-th connection comes. */
  readonly addressOf?: ((connection: number) => string) | undefined;
}

export interface BareRelay {
  /** A test may break it. */
  readonly board: { -readonly [K in keyof RoomSwitchboard]: RoomSwitchboard[K] };
  readonly endpoint: RelayEndpoint;
  readonly failures: unknown[];
  readonly url: string;
  readonly port: number;
  /** Comes in; `watch-5000` watches five seconds behind, `play` plays (`play-7` in room 7), anything else is refused. */
  connect(wish: string): Promise<RelayClient>;
  close(): Promise<void>;
}

/** Opens an endpoint with one room, into which HELLO lets everybody who says "play" or "watch-<ms>". */
export function openBareRelay({ limits, facts, clock, addressOf }: BareOptions = {}): BareRelay {
  const board = createRoomSwitchboard({ ...RELAY_ROOM_LIMITS, ...limits });
  const failures: unknown[] = [];
  const usual = { playersMax: 4, inputWindow: 1_800, ...facts };
  let [secrets, connections] = [0, 0];
  const endpoint = createRelayEndpoint({
    board,
    doorkeeper: {
      async admit(connection, bytes) {
        const wish = new TextDecoder().decode(bytes.subarray(8));
        if (wish === "break") throw new TypeError("as of a store that is away");
        const watched = /^watch-(?<ms>\d+)$/.exec(wish)?.groups?.ms;
        const room = /^play(?:-(?<room>\d+))?$/.exec(wish)?.groups;
        if (room === undefined && watched === undefined) return { event: null, why: "ticketInvalid" };
        secrets += 1;
        const role = watched === undefined ? "player" : "spectator";
        const entrant = {
          role,
          userId: secrets,
          name: wish,
          seat: null,
          delayMs: Number(watched ?? 0),
        } as const;
        const secret = String(secrets);
        const opens = roomFacts({ ...usual, id: (room?.room ?? "").padStart(16, "0") });
        return {
          why: null,
          event: { kind: "arrived", roomId: opens.id, connection, secret, entrant, opens },
        };
      },
    },
    onChange: () => undefined,
    onFailure: (error) => failures.push(error),
    nowMs: () => clock?.nowMs ?? performance.now(),
    tickMs: 5,
  });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request, self) => {
      connections += 1;
      const clientAddress = addressOf?.(connections) ?? "127.0.0.1";
      return (await endpoint.mount.handle(request, self, { clientAddress, baseUrl: "" })) as Response;
    },
    websocket: createSocketSwitch(() => [endpoint.mount]),
  });
  const clients: RelayClient[] = [];
  return {
    board,
    endpoint,
    failures,
    url: `${server.url.origin}/ws/netplay`,
    port: server.port ?? 0,
    async connect(wish) {
      const client = await openRelayClient(`${server.url.origin}/ws/netplay`);
      clients.push(client);
      client.send(hello(wish));
      await client.next(0x02);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      endpoint.close();
      await server.stop(true);
    },
  };
}

/** A client over plain TCP, which can leave things unread, and say what no websocket of a library would. */
export interface RawClient {
  readonly socket: Bun.Socket;
  /** Messages of the server, whole ones. */
  readonly inbox: Uint8Array[];
  readonly isOpen: boolean;
  /** Sends a binary frame. */
  send(bytes: Uint8Array): void;
  /** Waits until what came is as wanted, or the connection is over. */
  until(isWanted: () => boolean): Promise<void>;
}

const WAIT_MS = 20_000;

/** Opens a websocket by hand. */
export async function openRawClient(port: number): Promise<RawClient> {
  let kept = Buffer.alloc(0);
  let [isOpen, isUpgraded] = [true, false];
  const inbox: Uint8Array[] = [];
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_socket, chunk) {
        kept = Buffer.concat([kept, chunk]);
        const end = isUpgraded ? 0 : kept.indexOf("\r\n\r\n");
        if (end < 0) return;
        if (!isUpgraded) kept = kept.subarray(end + 4);
        isUpgraded = true;
        kept = takeFrames(kept, inbox);
      },
      close() {
        isOpen = false;
      },
      error: () => undefined,
    },
  });
  const lines = ["Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
  socket.write(
    `GET /ws/netplay HTTP/1.1\r\n${lines.join("\r\n")}\r\nSec-WebSocket-Key: ${btoa("0".repeat(16))}\r\n\r\n`,
  );
  return {
    socket,
    inbox,
    get isOpen() {
      return isOpen;
    },
    send: (bytes) => void socket.write(toFrame(bytes)),
    async until(isWanted) {
      const deadlineMs = performance.now() + WAIT_MS;
      while (!isWanted() && isOpen && performance.now() < deadlineMs) await Bun.sleep(2);
    },
  };
}

/** A masked binary frame (RFC 6455, 5.2), with a mask of zeros. */
function toFrame(bytes: Uint8Array): Uint8Array {
  const isShort = bytes.length < 126;
  const head = isShort ? [0x82, 0x80 | bytes.length] : [0x82, 0xfe, bytes.length >> 8, bytes.length & 0xff];
  return new Uint8Array([...head, 0, 0, 0, 0, ...bytes]);
}

/** Takes whole frames off what came; the server masks none. */
function takeFrames(kept: Buffer<ArrayBuffer>, inbox: Uint8Array[]): Buffer<ArrayBuffer> {
  let at = 0;
  while (at + 2 <= kept.length) {
    const small = kept[at + 1] ?? 0;
    const headBytes = small < 126 ? 2 : small === 126 ? 4 : 10;
    if (at + headBytes > kept.length) break;
    const length =
      small < 126 ? small : small === 126 ? kept.readUInt16BE(at + 2) : Number(kept.readBigUInt64BE(at + 2));
    if (at + headBytes + length > kept.length) break;
    if ((kept[at] ?? 0) === 0x82) inbox.push(kept.subarray(at + headBytes, at + headBytes + length));
    at += headBytes + length;
  }
  return kept.subarray(at);
}
