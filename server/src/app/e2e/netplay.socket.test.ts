// Rooms of the client package against a real server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Client, createClient, isMultitapError } from "@multitap/client";
import {
  createNetplay,
  type Netplay,
  type NetplayOptions,
  type Room,
  type RoomInfo,
} from "@multitap/client/netplay";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";

const TIMEOUT_MS = 30_000;
const WAIT_MS = 15_000;

interface Scene {
  readonly library: TestLibrary;
  readonly url: string;
  readonly token: string;
  readonly romId: number;
  readonly clients: Client[];
}

let scene: Scene | null = null;

function getScene(): Scene {
  if (scene === null) throw new TypeError("the scene was opened before");
  return scene;
}

beforeAll(async () => {
  const library = await openLibrary();
  const romId = await library.addRom("nes", "Two Tapes.nes", "x");
  const url = await library.app.listen();
  const token = (
    await library.tokenWith("assets.read me.read roms.read roms.user.read roms.user.write")
  ).replace("Bearer ", "");
  scene = { library, url, token, romId, clients: [] };
}, TIMEOUT_MS);

afterAll(async () => {
  for (const client of scene?.clients ?? []) await client.close();
  await scene?.library.close();
}, TIMEOUT_MS);

/** Sockets that a test can cut. */
const sockets: WebSocket[] = [];
class CuttableSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    sockets.push(this);
  }
}

function openNetplay(options: NetplayOptions = {}): Netplay {
  const { url, token, clients } = getScene();
  const client = createClient({ url, auth: token });
  clients.push(client);
  return createNetplay(client, { WebSocket: CuttableSocket, direct: "never", ...options });
}

const open = (netplay: Netplay, more: { readonly password?: string; readonly name?: string } = {}) =>
  netplay.open({ romId: getScene().romId, name: "Sunday", playersMax: 2, inputBytes: 2, ...more });

async function until(condition: () => boolean, what: string): Promise<void> {
  const endAt = Date.now() + WAIT_MS;
  while (!condition()) {
    if (Date.now() > endAt) throw new RangeError(`${what} did not come true`);
    await Bun.sleep(5);
  }
}

/** Lists follow rooms a moment later. */
async function untilListed(netplay: Netplay, room: Room): Promise<RoomInfo> {
  const endAt = Date.now() + WAIT_MS;
  for (;;) {
    const rooms = await netplay.list({ romId: room.romId, kinds: ["multitap"] });
    const listed = rooms.find(({ id }) => id === room.id);
    if (listed !== undefined) return listed;
    if (Date.now() > endAt) throw new RangeError("the room was not listed");
    await Bun.sleep(20);
  }
}

const inputOf = (frame: number) => new Uint8Array([frame & 0xff, frame >> 8]);
const hasAll = (room: Room, seat: number, from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index).every((frame) => {
    const input = room.inputAt(frame, seat);
    return input !== null && input[0] === (frame & 0xff) && input[1] === frame >> 8;
  });

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  return isMultitapError(thrown) ? thrown.code : String(thrown);
}

describe("netplay of the client package", () => {
  test(
    "two play: opened, joined by invite, seen in the list, inputs and messages cross, left",
    async () => {
      const [first, second] = [openNetplay({ playerName: "Ana" }), openNetplay({ playerName: "Ben" })];
      const ana = await open(first, { password: "secret" });
      expect([ana.seat, ana.isOwner, ana.state.status]).toEqual([0, true, "playing"]);
      expect(await codeOf(second.join(ana.id))).toBe("NETPLAY_PASSWORD_WRONG");
      const ben = await second.join(ana.invite.toLowerCase());
      await until(() => ana.players.length === 2, "both players");
      expect(ana.players.map(({ name, seat, isMe }) => [name, seat, isMe])).toEqual([
        ["Ana", 0, true],
        ["Ben", 1, false],
      ]);
      expect(await untilListed(first, ana)).toMatchObject({
        kind: "multitap",
        hasPassword: true,
        name: "Sunday",
      });
      for (let frame = 0; frame < 300; frame++) {
        expect([ana.sendInput(frame, inputOf(frame)), ben.sendInput(frame, inputOf(frame))]).toEqual([
          true,
          true,
        ]);
      }
      await until(() => hasAll(ana, 1, 0, 300) && hasAll(ben, 0, 0, 300), "all inputs");
      const heard: unknown[] = [];
      ben.on("message", (message) => heard.push(message));
      ana.sendMessage({ chat: "hellö" });
      await until(() => heard.length === 1, "the message");
      expect(heard).toEqual([{ fromPlayerId: ana.players[0]?.playerId, data: { chat: "hellö" } }]);
      await until(() => ana.stats().roundTrip !== null, "a round trip");
      expect(ana.stats()).toMatchObject({ inputsReceived: 300, inputsLost: 0 });
      await ben.leave();
      await until(() => ana.players.length === 1, "one player");
      await ana.leave();
      expect([ana.state, ben.state]).toEqual(new Array(2).fill({ status: "closed", error: null }));
    },
    TIMEOUT_MS,
  );

  test(
    "who joins later gets the state and the inputs since; who looks on gets them late",
    async () => {
      const ana = await open(openNetplay());
      for (let frame = 0; frame < 60; frame++) ana.sendInput(frame, inputOf(frame));
      const state = crypto.getRandomValues(new Uint8Array(65_536));
      const large = new Uint8Array(5 * 1024 * 1024 + 3);
      for (let at = 0; at < large.length; at += state.length)
        large.set(state.subarray(0, large.length - at), at);
      ana.on("snapshotWanted", () => void ana.sendSnapshot(30, large).catch(() => undefined));
      const ben = await openNetplay().join(ana.invite);
      const snapshots: { readonly frame: number; readonly bytes: Uint8Array }[] = [];
      ben.on("snapshot", (snapshot) => snapshots.push(snapshot));
      await until(() => snapshots.length === 1, "the snapshot");
      expect([snapshots[0]?.frame, Buffer.compare(snapshots[0]?.bytes ?? large.slice(1), large)]).toEqual([
        30, 0,
      ]);
      expect([hasAll(ben, 0, 30, 60), ben.inputAt(29, 0)]).toEqual([true, null]);
      const eve = await openNetplay().spectate(ana.id, { delayMs: 0 });
      const seen: number[] = [];
      eve.on("snapshot", ({ frame }) => seen.push(frame));
      await until(() => seen.length === 1 && hasAll(eve, 0, 30, 60), "what spectators see");
      expect([eve.seat, eve.sendInput(60, inputOf(60))]).toEqual([null, false]);
      expect(ana.players).toHaveLength(2);
      await Promise.all([eve.leave(), ben.leave(), ana.leave()]);
    },
    TIMEOUT_MS,
  );

  test(
    "a cut is made good: nothing is missing on either side, and the room is the same",
    async () => {
      const ana = await open(openNetplay());
      const ben = await openNetplay().join(ana.invite);
      const socket = sockets.at(-1);
      const states: string[] = [];
      ben.on("state", ({ status }) => states.push(status));
      let frame = 0;
      const play = (count: number) => {
        for (const end = frame + count; frame < end; frame++) {
          ana.sendInput(frame, inputOf(frame));
          // What is refused is sent again later, as a game does that waits for its frame.
          ben.sendInput(frame, inputOf(frame));
        }
      };
      play(50);
      await until(() => hasAll(ana, 1, 0, 50) && hasAll(ben, 0, 0, 50), "the first inputs");
      play(10);
      (socket as unknown as { terminate(): void }).terminate();
      await until(() => states.includes("reconnecting"), "the cut");
      for (let late = frame; late < frame + 20; late++) ana.sendInput(late, inputOf(late));
      await until(() => states.join() === "reconnecting,playing", "the way back");
      await until(() => hasAll(ben, 0, 0, 80) && hasAll(ana, 1, 0, 60), "what was missed");
      for (; frame < 80; frame++) expect(ben.sendInput(frame, inputOf(frame))).toBe(true);
      await until(() => hasAll(ana, 1, 0, 80), "what was sent later");
      await Promise.all([ben.leave(), ana.leave()]);
    },
    TIMEOUT_MS,
  );

  test(
    "the room goes on when its owner leaves, and watchers hear of rooms",
    async () => {
      const netplay = openNetplay();
      const lists: (readonly string[])[] = [];
      const stream = netplay.watch({ romId: getScene().romId });
      stream.subscribe((rooms) => lists.push(rooms.map(({ name }) => name)));
      await until(() => lists.length > 0, "the list");
      const ana = await open(openNetplay(), { name: "Watched" });
      await until(() => lists.at(-1)?.includes("Watched") === true, "the room in the list");
      const ben = await openNetplay().join(ana.invite);
      const owners: unknown[] = [];
      ben.on("owner", (owner) => owners.push(owner));
      await ana.leave();
      await until(() => ben.isOwner, "another owner");
      expect(owners).toEqual([{ playerId: ben.players[0]?.playerId, isMe: true, resumeFrame: 0 }]);
      await ben.sendSnapshot(0, new Uint8Array([1]));
      await ben.leave();
      stream.close();
    },
    TIMEOUT_MS,
  );
});
