/** The game: two paddles and a ball, in whole numbers, so that every page that has the same inputs has the same game. */

export const WIDTH = 320;
export const HEIGHT = 200;
export const PADDLE_HEIGHT = 40;
export const PADDLE_WIDTH = 6;
export const BALL_SIZE = 6;
const PADDLE_SPEED = 4;
const BALL_SPEED_MAX = 5;

/** What a player holds down, as bits of the one byte of an input. */
export const UP = 1;
export const DOWN = 2;
/** The host lets the guest in with its own input: so all pages do it at the same frame. */
export const GUEST_IN = 4;
/** Frames between the host's word and the guest's first input: time for it to reach everybody. */
const GUEST_NOTICE = 60;

/** A whole game as it stands before the inputs of `frame`. */
export interface Game {
  readonly frame: number;
  readonly ballX: number;
  readonly ballY: number;
  readonly speedX: number;
  readonly speedY: number;
  /** Upper ends of both paddles, of seat 0 and seat 1. */
  readonly left: number;
  readonly right: number;
  readonly leftScore: number;
  readonly rightScore: number;
  /** First frame that takes an input of seat 1; 0: nobody plays there. */
  readonly guestFrom: number;
}

const MIDDLE = (HEIGHT - PADDLE_HEIGHT) / 2;
const FIELDS = [
  "frame",
  "ballX",
  "ballY",
  "speedX",
  "speedY",
  "left",
  "right",
  "leftScore",
  "rightScore",
  "guestFrom",
] as const satisfies readonly (keyof Game)[];

/** A game that has not begun. */
export const NEW_GAME: Game = {
  frame: 0,
  ballX: WIDTH / 2,
  ballY: HEIGHT / 2,
  speedX: 3,
  speedY: 2,
  left: MIDDLE,
  right: MIDDLE,
  leftScore: 0,
  rightScore: 0,
  guestFrom: 0,
};

/** Whether the game cannot go on without an input of this seat. */
export function needsSeat({ frame, guestFrom }: Game, seat: number): boolean {
  return seat === 0 || (seat === 1 && guestFrom > 0 && frame >= guestFrom);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function movePaddle(top: number, buttons: number): number {
  const by = (buttons & DOWN ? PADDLE_SPEED : 0) - (buttons & UP ? PADDLE_SPEED : 0);
  return clamp(top + by, 0, HEIGHT - PADDLE_HEIGHT);
}

/** Where on a paddle the ball is, as speed up or down; null beside it. */
function bounce(ballY: number, top: number): number | null {
  const from = ballY + BALL_SIZE - top;
  if (from < 0 || ballY > top + PADDLE_HEIGHT) return null;
  return clamp(Math.trunc((from - PADDLE_HEIGHT / 2) / 5), -BALL_SPEED_MAX, BALL_SPEED_MAX);
}

/** The game one frame later. Nothing else decides: no clock, no dice. */
export function step(game: Game, hostButtons: number, guestButtons: number): Game {
  const left = movePaddle(game.left, hostButtons);
  const right = movePaddle(game.right, guestButtons);
  const frame = game.frame + 1;
  let { guestFrom, ballX, ballY, speedX, speedY, leftScore, rightScore } = game;
  if (hostButtons & GUEST_IN && guestFrom === 0) guestFrom = frame + GUEST_NOTICE;
  ballX += speedX;
  ballY += speedY;
  if (ballY < 0 || ballY > HEIGHT - BALL_SIZE) {
    speedY = -speedY;
    ballY = clamp(ballY, 0, HEIGHT - BALL_SIZE);
  }
  const isLeft = ballX <= PADDLE_WIDTH;
  if (isLeft || ballX >= WIDTH - PADDLE_WIDTH - BALL_SIZE) {
    const hit = bounce(ballY, isLeft ? left : right);
    speedX = -speedX;
    speedY = hit ?? speedY;
    ballX = clamp(ballX, PADDLE_WIDTH, WIDTH - PADDLE_WIDTH - BALL_SIZE);
    if (hit === null) {
      if (isLeft) rightScore += 1;
      else leftScore += 1;
      ballX = WIDTH / 2;
      ballY = HEIGHT / 2;
    }
  }
  return { frame, ballX, ballY, speedX, speedY, left, right, leftScore, rightScore, guestFrom };
}

/** The game as bytes: each number as 4, little-endian. */
export function packGame(game: Game): Uint8Array {
  const bytes = new Uint8Array(FIELDS.length * 4);
  const view = new DataView(bytes.buffer);
  FIELDS.forEach((field, index) => {
    view.setInt32(index * 4, game[field], true);
  });
  return bytes;
}

/** The game that bytes hold; null when they hold none. */
export function unpackGame(bytes: Uint8Array): Game | null {
  if (bytes.length !== FIELDS.length * 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const game = Object.fromEntries(FIELDS.map((field, index) => [field, view.getInt32(index * 4, true)]));
  return { ...NEW_GAME, ...game };
}

/** A number that is another for almost every other game (FNV-1a). */
export function checksumOf(game: Game): string {
  let sum = 0x811c9dc5;
  for (const byte of packGame(game)) sum = Math.imul(sum ^ byte, 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
