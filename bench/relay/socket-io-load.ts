/** Players of a Socket.IO server, in a process of their own; told what to do by messages. */

/** What the parent wants. */
export type LoadOrder =
  | { readonly kind: "open"; readonly url: string; readonly rooms: number }
  | { readonly kind: "paced"; readonly perSecond: number; readonly forMs: number }
  | { readonly kind: "saturated"; readonly inFlight: number; readonly forMs: number }
  | { readonly kind: "close" };

/** What came of it. */
export interface LoadOutcome {
  readonly sent: number;
  readonly delivered: number;
  /** Milliseconds on the way, of a part of the deliveries: median and 99 of 100. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const PLAYERS = 4;
/** Digits of a player's number and of a frame's, so that every input has 32 bytes. */
const FIRST_PLAYER = 1_000;
const FIRST_FRAME = 100_000;
const PLAYER_AT = '42["input",{"p":'.length;
const FRAME_AT = PLAYER_AT + '1000,"f":'.length;
const FRAMES_KEPT = 1_024;
/** Every so many deliveries one is timed. */
const TIMED = 7;
const SETTLE_MS = 300;

interface Player {
  readonly socket: WebSocket;
  readonly number: number;
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
  const player: Player = { socket, number, frame: 0, due: 0, sentAtMs: new Float64Array(FRAMES_KEPT) };
  const ready = Promise.withResolvers<void>();
  const event = number % PLAYERS === 0 ? "open-room" : "join-room";
  const ask = {
    extra: { sessionid: room, userid: `player-${number}`, game_id: 1, player_name: "p", room_name: "r" },
    maxPlayers: "4",
    password: null,
  };
  socket.onmessage = ({ data }) => {
    const text = String(data);
    if (text.startsWith('42["input"')) return receive(text);
    if (text === "2") socket.send("3");
    else if (text.startsWith("0{")) socket.send("40");
    else if (text.startsWith("40")) socket.send(`421["${event}",${JSON.stringify(ask)}]`);
    else if (text.startsWith("431")) {
      if (/^431\["/.test(text)) ready.reject(new RangeError(text));
      else ready.resolve();
    }
  };
  socket.onclose = ({ code, reason }) => ready.reject(new RangeError(`closed: ${code} ${reason}`));
  await ready.promise;
  return player;
}

function receive(text: string): void {
  delivered += 1;
  const from = players[Number(text.slice(PLAYER_AT, PLAYER_AT + 4)) - FIRST_PLAYER];
  if (from === undefined) return;
  if (delivered % TIMED === 0) {
    const frame = Number(text.slice(FRAME_AT, FRAME_AT + 6)) - FIRST_FRAME;
    times.push(performance.now() - (from.sentAtMs[frame % FRAMES_KEPT] ?? 0));
  }
  onDelivered(from);
}

function send(player: Player): void {
  player.frame = (player.frame + 1) % 900_000;
  player.sentAtMs[player.frame % FRAMES_KEPT] = performance.now();
  player.socket.send(`42["input",{"p":${FIRST_PLAYER + player.number},"f":${FIRST_FRAME + player.frame}}]`);
  player.due += PLAYERS - 1;
  sent += 1;
}

async function open(url: string, rooms: number): Promise<void> {
  const address = `${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  for (let room = 0; room < rooms; room += 1) {
    for (let seat = 0; seat < PLAYERS; seat += 1) {
      players.push(await connect(address, players.length, `room-${room}`));
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
