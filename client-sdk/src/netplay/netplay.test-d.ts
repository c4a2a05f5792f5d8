import type {
  JoinRoomInput,
  ListRoomsInput,
  OpenRoomInput,
  RoomInfo as ServedRoomInfo,
  RoomTicket as ServedRoomTicket,
  SpectateRoomInput,
} from "@multitap/server/contract/netplay/relay-rooms";
import {
  createNetplay,
  type JoinRoom,
  type Netplay,
  type NetplayOptions,
  type OpenRoom,
  type Path,
  type Room,
  type RoomEvents,
  type RoomInfo,
  type RoomKind,
  type RoomState,
  type SpectateRoom,
} from "../entries/netplay.ts";
import type {
  CallOptions,
  Client,
  EventStream,
  MultitapError,
  StreamOptions,
  Unsubscribe,
} from "../index.ts";
import type { RoomTicket } from "./netplay.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;

/** The public design, as it was written down before. */
interface Designed {
  readonly id: string;
  readonly invite: string;
  readonly seat: number | null;
  readonly isOwner: boolean;
  readonly state: RoomState;
  on<K extends keyof RoomEvents>(type: K, listener: (event: RoomEvents[K]) => void): Unsubscribe;
  sendInput(frame: number, bytes: Uint8Array): boolean;
  inputAt(frame: number, seat: number): Uint8Array | null;
  sendSnapshot(frame: number, bytes: Uint8Array, options?: CallOptions): Promise<void>;
  sendMessage(data: unknown): boolean;
  leave(): Promise<void>;
}

interface DesignedNetplay {
  list(
    filter?: { romId?: number; kinds?: readonly ("multitap" | "emulatorjs" | "retroarch")[] },
    options?: CallOptions,
  ): Promise<readonly RoomInfo[]>;
  watch(filter?: { romId?: number }, options?: StreamOptions): EventStream<readonly RoomInfo[]>;
  open(
    input: {
      romId: number;
      name: string;
      playersMax: number;
      inputBytes: number;
      inputWindow?: number;
      password?: string;
      contentHash?: string;
    },
    options?: CallOptions,
  ): Promise<Room>;
  join(
    roomIdOrInvite: string,
    input?: { password?: string; contentHash?: string; seat?: number },
    options?: CallOptions,
  ): Promise<Room>;
  spectate(
    roomId: string,
    input?: { delayMs?: number; password?: string },
    options?: CallOptions,
  ): Promise<Room>;
}

export const designs: readonly true[] = [
  true satisfies Fits<Room, Designed>,
  true satisfies Fits<Netplay, DesignedNetplay>,
  true satisfies Fits<RoomEvents["path"], { playerId: string; from: Path; to: Path }>,
  // Classes of browsers and of packages fit, whatever their typings say.
  true satisfies Fits<typeof RTCPeerConnection, NonNullable<NetplayOptions["RTCPeerConnection"]>>,
  true satisfies Fits<typeof WebSocket, NonNullable<NetplayOptions["WebSocket"]>>,
];

/** A copy whose absent and undefined properties are the same, as they are once they are sent. */
type Sent<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** What is sent is what the operations take, and what they answer is what apps get. */
export const contracts: readonly true[] = [
  true satisfies Fits<Sent<Required<OpenRoom>> & { playerName: string }, OpenRoomInput>,
  true satisfies Fits<Sent<Required<JoinRoom>> & { roomId: string; playerName: string }, JoinRoomInput>,
  true satisfies Fits<
    Sent<Required<SpectateRoom>> & { invite: string; playerName: string },
    SpectateRoomInput
  >,
  true satisfies Fits<{ romId: number; kinds: RoomKind[] }, ListRoomsInput>,
  true satisfies Fits<RoomInfo, ServedRoomInfo>,
  true satisfies Fits<ServedRoomInfo, RoomInfo>,
  true satisfies Fits<ServedRoomTicket, RoomTicket>,
];

/** What callers write. */
export async function calls(client: Client, signal: AbortSignal, invite: string | null): Promise<void> {
  const netplay = createNetplay(client, { direct: "auto", iceServers: [{ urls: "stun:stun.example" }] });
  createNetplay(client, { playerName: undefined, RTCPeerConnection: undefined });
  // @ts-expect-error a way is one of two
  createNetplay(client, { direct: "always" });
  const room = invite
    ? await netplay.join(invite, {}, { signal })
    : await netplay.open({ romId: 42, name: "Sunday", playersMax: 2, inputBytes: 2 });
  // @ts-expect-error the size of an input is needed
  await netplay.open({ romId: 42, name: "Sunday", playersMax: 2 });
  room.on("snapshotWanted", () => room.isOwner && void room.sendSnapshot(1, new Uint8Array(1), { signal }));
  room.on("input", ({ frame, seat, bytes }) => bytes.length + frame + seat);
  // @ts-expect-error there is no such event
  room.on("inputs", () => undefined);
  room.on("state", (state) => describe(state));
  for await (const rooms of netplay.watch({ romId: 42 }, { signal }))
    rooms.map(({ kind, joinLine }) => [kind, joinLine]);
}

/** The union narrows by its one word. */
function describe(state: RoomState): MultitapError | string | null {
  if (state.status === "closed") return state.error;
  return state.status === "reconnecting" ? state.since : state.status;
}
