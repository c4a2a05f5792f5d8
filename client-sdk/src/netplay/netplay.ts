import { type ClientParts, partsOf } from "../client-parts.ts";
import { MultitapError } from "../errors.ts";
import { createStream, type StreamSink } from "../events/stream.ts";
import { toClientError } from "../http/calls.ts";
import type { Client } from "../index.ts";
import type { CallOptions } from "../options.ts";
import { ICE_SERVERS_MAX_AGE_MS, WATCH_EVERY_MS } from "./limits.ts";
import type { PeerConnectionClass } from "./peer-connection.ts";
import type { Direct } from "./room-core.ts";
import { openSocket } from "./socket.ts";
import type { IceServer, Netplay, NetplayOptions, Room, RoomInfo } from "./types.ts";

/** How long a ticket is good. */
const TICKET_MS = 30_000;
const ROOM_ID = /^[0-9a-f]{16}$/;

/** What the server gives who may enter a room. */
export interface RoomTicket {
  readonly ticket: string;
  /** Below the server's address. */
  readonly url: string;
}

interface NetplayCore {
  readonly client: Client;
  readonly parts: ClientParts;
  readonly options: NetplayOptions;
  readonly connect: Direct["connect"] | null;
}

/**
 * Makes the rooms of a server usable: opening, entering and watching them. Sends nothing by itself. Inputs travel by the
 * server at once, and directly between players as soon as a path of their own works.
 * @throws MultitapError `invalid` (`CLIENT_FOREIGN`) for a client that `createClient` did not make.
 * @example
 * const netplay = createNetplay(client);
 * const room = invite ? await netplay.join(invite) : await netplay.open({ romId: 42, name: "Sunday", playersMax: 2, inputBytes: 2 });
 * room.on("snapshotWanted", () => void room.sendSnapshot(frame, saveState()));
 * room.sendInput(frame + 2, buttons());
 */
export function createNetplay(client: Client, options: NetplayOptions = {}): Netplay {
  const parts = partsOf(client);
  const core: NetplayCore = { client, parts, options, connect: prepareConnect(parts, options) };
  const { playerName } = options;
  const list = async (filter: object, how: CallOptions | undefined) =>
    await parts.rpc.query<readonly RoomInfo[]>("netplay.list", filter, how);
  return {
    list: (filter = {}, how) => list(filter, how),
    watch: (filter = {}, how) =>
      createStream(
        {
          start: (sink) => watchList(core, sink, (signal) => list(filter, { signal })),
          // Each list is the whole list.
          replace: (dropped) => dropped.at(-1) ?? [],
          idOf: () => null,
        },
        how,
      ),
    open: (input, how) => enter(core, ["netplay.open", { ...input, playerName }], how),
    join: (place, input, how) =>
      enter(core, ["netplay.join", { ...toPlace(place), ...input, playerName }], how),
    spectate: (place, input, how) =>
      enter(core, ["netplay.spectate", { ...toPlace(place), ...input, playerName }], how),
  };
}

function toPlace(roomIdOrInvite: string): object {
  const text = roomIdOrInvite.trim();
  return ROOM_ID.test(text) ? { roomId: text } : { invite: text };
}

async function enter(
  { client, parts, options, connect }: NetplayCore,
  [operation, input]: readonly [string, object],
  how: CallOptions | undefined,
): Promise<Room> {
  const { environment, lifetime, rpc } = parts;
  // Before the ticket, which does not live long.
  const [{ enterRoom }, direct] = await Promise.all([
    loadRoom(),
    connect === null ? null : loadDirect(connect),
  ]);
  const { ticket, url } = await rpc.mutate<RoomTicket>(operation, input, how);
  const address = `${client.url.replace(/^http/, "ws")}${url}`;
  return await enterRoom({
    environment,
    lifetime,
    direct,
    ticket,
    ticketMs: TICKET_MS,
    open: () => openSocket(options.WebSocket, address),
    options: how,
  });
}

/** Loads what a room needs: lists and watchers do without. */
async function loadRoom() {
  return await import("./room.ts").catch((cause: unknown) => {
    // A page whose server is gone cannot load the rest of itself.
    throw new MultitapError("network", "NETWORK_FAILED", {
      message: "A part of netplay could not be loaded",
      cause,
    });
  });
}

/** Loads what only direct paths need. A page whose server is gone cannot, and then the relay does it alone. */
async function loadDirect(connect: Direct["connect"]): Promise<Direct | null> {
  return await import("./peers.ts").then(
    ({ createPeers }) => ({ createPeers, connect }),
    () => null,
  );
}

/** How peer connections are made; null where there are none to be. */
function prepareConnect(
  { rpc, environment }: ClientParts,
  { direct, iceServers, RTCPeerConnection: given }: NetplayOptions,
): Direct["connect"] | null {
  const scope = globalThis as { readonly RTCPeerConnection?: unknown };
  const found = (given ?? scope.RTCPeerConnection) as PeerConnectionClass | undefined;
  if (direct === "never" || found === undefined) return null;
  let known: { readonly servers: readonly IceServer[]; readonly atMs: number } | null = null;
  const ask = async (): Promise<readonly IceServer[]> => {
    if (iceServers !== undefined) return iceServers;
    const nowMs = environment.now();
    if (known !== null && nowMs - known.atMs < ICE_SERVERS_MAX_AGE_MS) return known.servers;
    // Without any, players of one network still find each other, and the relay is there for the others.
    const servers = await rpc
      .query<readonly IceServer[]>("netplay.iceServers", {}, { retry: false })
      .catch(() => []);
    known = { servers, atMs: nowMs };
    return known.servers;
  };
  return async () => new found({ iceServers: await ask() });
}

/** Asks for the list at the start, whenever something happens, and now and then besides. */
function watchList(
  { client, parts }: NetplayCore,
  sink: StreamSink<readonly RoomInfo[]>,
  list: (signal: AbortSignal) => Promise<readonly RoomInfo[]>,
): () => void {
  const { environment } = parts;
  const controller = new AbortController();
  let isAsking = false;
  let isStale = false;
  let last = "";
  let stopTimer = (): void => undefined;
  const finish = (error: MultitapError | null) => {
    stop();
    sink.end(error);
  };
  const ask = async () => {
    isStale = isAsking;
    if (isAsking) return;
    isAsking = true;
    stopTimer();
    try {
      const rooms = await list(controller.signal);
      const text = JSON.stringify(rooms);
      if (text !== last && !controller.signal.aborted) sink.push(rooms);
      last = text;
    } catch (thrown) {
      const error = toClientError(thrown);
      if (!controller.signal.aborted && !error.isTransient) finish(error);
    }
    isAsking = false;
    if (controller.signal.aborted) return;
    if (isStale) void ask();
    else stopTimer = environment.startTimer(() => void ask(), WATCH_EVERY_MS);
  };
  const stream = client.events(["netplay"]);
  stream.subscribe(() => void ask(), finish);
  // What happened before the connection was there is in no event.
  const stopHearing = client.connection.onChange(({ status }) => status === "online" && void ask());
  const stop = () => {
    controller.abort();
    stopTimer();
    stopHearing();
    stream.close();
  };
  void ask();
  return stop;
}
