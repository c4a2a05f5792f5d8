/** The page: opens a room or joins one, and plays. */
import { type Client, createClient } from "@multitap/client";
import { createNetplay, type Room } from "@multitap/client/netplay";
import {
  BALL_SIZE,
  checksumOf,
  DOWN,
  type Game,
  HEIGHT,
  NEW_GAME,
  PADDLE_HEIGHT,
  PADDLE_WIDTH,
  UP,
  WIDTH,
} from "./game.ts";
import { type Lockstep, playIn } from "./lockstep.ts";

/** How often a frame is wanted. */
const FRAME_MS = 1_000 / 60;
/** A checksum is shown for each of so many frames, and the last of them. */
const CHECK_EVERY = 30;
const CHECKS_MAX = 200;

function find<E extends Element>(selector: string, kind: new () => E): E {
  const element = document.querySelector(selector);
  if (element instanceof kind) return element;
  throw new TypeError(`the page has no ${selector}`);
}

const form = find("form", HTMLFormElement);
const status = find("#status", HTMLElement);
const canvas = find("canvas", HTMLCanvasElement);
const checks = find("#checks", HTMLOListElement);
const say = (text: string) => {
  status.textContent = text;
};

let buttons = 0;
for (const [type, isDown] of [
  ["keydown", true],
  ["keyup", false],
] as const) {
  document.addEventListener(type, ({ key }) => {
    const bit = key === "ArrowUp" ? UP : key === "ArrowDown" ? DOWN : 0;
    buttons = isDown ? buttons | bit : buttons & ~bit;
  });
}

function draw({ ballX, ballY, left, right, leftScore, rightScore }: Game): void {
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  pen.fillStyle = "#101820";
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.fillStyle = "#f2f2e8";
  pen.fillRect(0, left, PADDLE_WIDTH, PADDLE_HEIGHT);
  pen.fillRect(WIDTH - PADDLE_WIDTH, right, PADDLE_WIDTH, PADDLE_HEIGHT);
  pen.fillRect(ballX, ballY, BALL_SIZE, BALL_SIZE);
  find("#score", HTMLElement).textContent = `${leftScore} : ${rightScore}`;
}

function noteCheck(game: Game): void {
  if (game.frame % CHECK_EVERY !== 0) return;
  const row = document.createElement("li");
  row.value = game.frame;
  row.textContent = checksumOf(game);
  checks.append(row);
  if (checks.childElementCount > CHECKS_MAX) checks.firstElementChild?.remove();
}

function drawPlace(room: Room): void {
  const { roundTrip, players } = room.stats();
  const rows = players.map(({ path, roundTrip: own }) => `${path}, ${own?.medianMs ?? "?"} ms`);
  find("#path", HTMLElement).textContent = rows.join("; ") || "alone";
  find("#server", HTMLElement).textContent = roundTrip === null ? "?" : `${roundTrip.medianMs} ms`;
  const names = room.players.map(({ seat, name, isMe }) => `${seat}: ${name}${isMe ? " (you)" : ""}`);
  find("#players", HTMLElement).textContent = names.join(", ");
}

/** Plays until the room is closed. */
async function play(client: Client, room: Room): Promise<void> {
  find("#invite", HTMLElement).textContent = room.invite;
  const lockstep: Lockstep = playIn(room, noteCheck);
  const turn = setInterval(() => lockstep.turn(buttons), FRAME_MS);
  const about = setInterval(() => drawPlace(room), 250);
  const redraw = () => {
    draw(lockstep.game);
    if (room.state.status !== "closed") requestAnimationFrame(redraw);
  };
  redraw();
  room.on("path", ({ from, to }) => say(`Inputs travel: ${to}, before: ${from}`));
  say("Playing");
  await new Promise<void>((resolve) => {
    room.on("state", (state) => {
      if (state.status === "reconnecting") say("The connection was cut; coming back");
      if (state.status === "playing") say("Playing");
      if (state.status !== "closed") return;
      say(state.error === null ? "Left" : `${state.error.message} (${state.error.code})`);
      resolve();
    });
    find("#leave", HTMLButtonElement).onclick = () => void room.leave();
  });
  clearInterval(turn);
  clearInterval(about);
  lockstep.stop();
  await client.close();
}

async function start(): Promise<void> {
  const fields = new FormData(form);
  const read = (name: string) => String(fields.get(name) ?? "").trim();
  const client = createClient({
    url: read("url") || location.origin,
    auth: read("token"),
    app: { name: "two-tabs-netplay", version: "1.0.0" },
  });
  const direct = fields.has("relay") ? "never" : "auto";
  const netplay = createNetplay(client, { direct, playerName: read("name") || undefined });
  try {
    const invite = read("invite");
    const room = invite
      ? await netplay.join(invite)
      : await netplay.open({ romId: Number(read("rom")), name: "Two tabs", playersMax: 2, inputBytes: 1 });
    form.hidden = true;
    await play(client, room);
  } finally {
    await client.close();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  say("Connecting");
  start().catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
});
draw(NEW_GAME);
