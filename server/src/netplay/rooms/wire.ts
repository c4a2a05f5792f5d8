import {
  DOMAIN_CHARS_MAX,
  ID_CHARS_MAX,
  NAME_CHARS_MAX,
  PASSWORD_CHARS_MAX,
  PLAYERS_DEFAULT,
  PLAYERS_MAX,
} from "../limits.ts";
import type { ListedRoom, Player, Refusal, RoomAsk, Signal } from "./contract.ts";

/** Texts that players are shown; the first five are those of the compatible API. */
export const REFUSALS: Readonly<Record<Refusal, string>> = {
  invalid: "Invalid data: sessionId and playerId required",
  exists: "Room already exists",
  not_found: "Room not found",
  wrong_password: "Incorrect password",
  full: "Room is full",
  rom_mismatch: "ROM mismatch",
  player_taken: "Player is already in the room",
  too_many_rooms: "Too many rooms are open",
};

/** What clients take an unnamed game for. */
const GAME_DEFAULT = "default";

type Fields = ReadonlyMap<string, unknown>;

function fieldsOf(value: unknown): Fields | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return new Map(Object.entries(value));
}

/** A text, or a number as its text; null for anything else, nothing and too much. */
function readText(value: unknown, charsMax: number): string | null {
  const text = typeof value === "number" && Number.isFinite(value) ? String(value) : value;
  return typeof text === "string" && text !== "" && text.length <= charsMax ? text : null;
}

function readName(value: unknown): string | null {
  const text = readText(value, Number.POSITIVE_INFINITY)?.trim() ?? "";
  // By code points, so that no half of one is left.
  return text === "" ? null : [...text.slice(0, 4 * NAME_CHARS_MAX)].slice(0, NAME_CHARS_MAX).join("");
}

/** Ids become keys of an object that clients read. */
const readId = (value: unknown) => {
  const id = readText(value, ID_CHARS_MAX);
  return id === "__proto__" ? null : id;
};

function readPlayersMax(value: unknown): number {
  const count = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof count !== "number" || !Number.isFinite(count) || count < 1) return PLAYERS_DEFAULT;
  return Math.min(Math.floor(count), PLAYERS_MAX);
}

/** Clients send it beside `extra`; those of the compatible API within it. Empty is none. */
function readPassword(body: Fields, extra: Fields): unknown {
  return [body.get("password"), extra.get("room_password")].find((each) => (each ?? "") !== "") ?? null;
}

/** Reads who wants to open or join which room; null when that cannot be told. */
export function fromRoomWire(payload: unknown): RoomAsk | null {
  const body = fieldsOf(payload);
  const extra = fieldsOf(body?.get("extra"));
  if (body === null || extra === null) return null;
  const sessionId = readId(extra.get("sessionid"));
  const [userid, altPlayerId] = [readId(extra.get("userid")), readId(extra.get("playerId"))];
  const playerId = userid ?? altPlayerId;
  const given = readPassword(body, extra);
  const password = readText(given, PASSWORD_CHARS_MAX);
  // A password that cannot be kept must not leave the room open to everybody.
  if (sessionId === null || playerId === null || (given !== null && password === null)) return null;
  const digest =
    readText(extra.get("rom_hash"), ID_CHARS_MAX) ?? readText(extra.get("content_hash"), ID_CHARS_MAX);
  return {
    sessionId,
    playerId,
    userid,
    altPlayerId,
    playerName: readName(extra.get("player_name")),
    roomName: readName(extra.get("room_name")),
    gameId: readText(extra.get("game_id"), ID_CHARS_MAX) ?? GAME_DEFAULT,
    domain: readText(extra.get("domain"), DOMAIN_CHARS_MAX),
    contentHash: digest?.toLowerCase() ?? null,
    password,
    playersMax: readPlayersMax(body.get("maxPlayers")),
  };
}

/** Players by id, in the order of their places. */
export function toPlayersWire(players: readonly Player[]) {
  return Object.fromEntries(
    players.map(({ playerId, socketId, name, userid, altPlayerId }) => [
      playerId,
      { socketId, player_name: name, userid, playerId: altPlayerId },
    ]),
  );
}

/** Reads what one player tells another; null without a target. */
export function fromSignalWire(payload: unknown): Signal | null {
  const fields = fieldsOf(payload);
  const target = fields?.get("target");
  if (fields === null || typeof target !== "string") return null;
  return {
    target,
    isRenegotiation: fields.get("requestRenegotiate") === true,
    candidate: fields.get("candidate") ?? null,
    offer: fields.get("offer") ?? null,
    answer: fields.get("answer") ?? null,
  };
}

/** What the other one is told. */
export function toSignalWire(sender: string, { isRenegotiation, candidate, offer, answer }: Signal) {
  if (isRenegotiation) return { sender, requestRenegotiate: true };
  return { sender, candidate: candidate ?? null, offer: offer ?? null, answer: answer ?? null };
}

/** Told to guests when the owner is gone: clients know it from the data channel that is gone as well. */
export const OWNER_LEFT_WIRE = { type: "host-left" } as const;

/** Rooms by id, as menus ask for them every second. */
export function toRoomsWire(rooms: readonly ListedRoom[]) {
  return Object.fromEntries(
    rooms.map(({ id, name, playerCount, playersMax, ownerName, hasPassword }) => [
      id,
      {
        room_name: name,
        current: playerCount,
        max: playersMax,
        player_name: ownerName ?? "Unknown",
        hasPassword,
      },
    ]),
  );
}
