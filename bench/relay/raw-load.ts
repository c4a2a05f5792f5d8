/** Players of the raw relay, in a process of their own; told what to do by messages, as those of Socket.IO are. */
import type { LoadOrder, LoadOutcome } from "./socket-io-load.ts";

const PLAYERS = 4;
const INPUT_BYTES = 24;
const MESSAGE_BYTES = 8 + INPUT_BYTES;
const FRAMES_KEPT = 1_024;
/** Every so many deliveries one is timed. */
const TIMED = 7;
const SETTLE_MS = 300;

interface Player {
  readonly socket: WebSocket;
  readonly message: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  frame: number;
  /** Deliveries of its inputs that are still to come. */
  due: number;
  readonly sentAtMs: Float64Array;
}

const players: Player[] = [];
const times: number[] = [];
let [sent, delivered] = [0, 0];
let onDelivered: (from: Player) => void = () => undefined;

async function connect(url: string, number: number, room: string): Promise<Player> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const message = new Uint8Array(MESSAGE_BYTES);
  const view = new DataView(message.buffer);
  const player = { socket, message, view, frame: 0, due: 0, sentAtMs: new Float64Array(FRAMES_KEPT) };
  message.set([0x10, number % PLAYERS]);
  // Whose it is, for the one who times it.
  view.setUint32(8, number, true);
  const ready = Promise.withResolvers<void>();
  socket.onopen = () => socket.send(Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, ...new TextEncoder().encode(room)));
  socket.onmessage = ({ data }) => {
    const got = new DataView(data as ArrayBuffer);
    const type = got.getUint8(0);
    if (type === 0x10) return receive(got);
    if (type === 0x02) ready.resolve();
    if (type !== 0x40) return;
    const pong = new Uint8Array(12);
    pong[0] = 0x41;
    new DataView(pong.buffer).setUint32(4, got.getUint32(4, true), true);
    socket.send(pong);
  };
  socket.onclose = ({ code, reason }) => ready.reject(new RangeError(`closed: ${code} ${reason}`));
  await ready.promise;
  return player;
}

function receive(got: DataView): void {
  delivered += 1;
  const from = players[got.getUint32(8, true)];
  if (from === undefined) return;
  if (delivered % TIMED === 0) {
    times.push(performance.now() - (from.sentAtMs[got.getUint32(4, true) % FRAMES_KEPT] ?? 0));
  }
  onDelivered(from);
}

function send(player: Player): void {
  player.frame += 1;
  player.sentAtMs[player.frame % FRAMES_KEPT] = performance.now();
  player.view.setUint32(4, player.frame, true);
  player.socket.send(player.message);
  player.due += PLAYERS - 1;
  sent += 1;
}

async function open(url: string, rooms: number): Promise<void> {
  const address = `${url.replace("http", "ws")}/ws/netplay`;
  for (let room = 0; room < rooms; room += 1) {
    for (let seat = 0; seat < PLAYERS; seat += 1) {
      players.push(await connect(address, players.length, room.toString(16).padStart(16, "0")));
    }
  }
}

/** Every player sends so often a second, evenly spread over all of them. */
async function playPaced(perSecond: number, forMs: number): Promise<void> {
  const startedAtMs = performance.now();
  const gapMs = 1_000 / (perSecond * players.length);
  let turns = 0;
  for (;;) {
    const passedMs = performance.now() - startedAtMs;
    if (passedMs >= forMs) return;
    for (const due = Math.floor(passedMs / gapMs); turns < due; turns += 1) {
      const player = players[turns % players.length];
      if (player !== undefined) send(player);
    }
    await Bun.sleep(1);
  }
}

/** Every player has so many inputs on the way at any time. */
async function playSaturated(inFlight: number, forMs: number): Promise<void> {
  let isOver = false;
  onDelivered = (from) => {
    from.due -= 1;
    if (!isOver && from.due % (PLAYERS - 1) === 0) send(from);
  };
  for (const player of players) {
    player.due = 0;
    for (let at = 0; at < inFlight; at += 1) send(player);
  }
  await Bun.sleep(forMs);
  isOver = true;
}

function sumUp(): LoadOutcome {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { sent, delivered, p50Ms: at(0.5), p99Ms: at(0.99) };
}

process.on("message", async (order: LoadOrder) => {
  [sent, delivered] = [0, 0];
  times.length = 0;
  onDelivered = () => undefined;
  if (order.kind === "open") await open(order.url, order.rooms);
  if (order.kind === "paced") await playPaced(order.perSecond, order.forMs);
  if (order.kind === "saturated") await playSaturated(order.inFlight, order.forMs);
  await Bun.sleep(order.kind === "close" ? 0 : SETTLE_MS);
  const outcome = sumUp();
  if (order.kind === "close") for (const { socket } of players.splice(0)) socket.close();
  process.send?.(outcome);
});
