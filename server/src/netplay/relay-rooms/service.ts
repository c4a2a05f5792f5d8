import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { requireAccountId } from "../../base/identity.ts";
import { createHexToken } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { countAttempt, networkOf, type RateLimit, takeBackAttempt } from "../../base/rate-limit.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import { requireVisibleRom } from "../../roms/service.ts";
import { createPasswords } from "../passwords/service.ts";
import type { Entrant } from "../relay-members/rules.ts";
import type { ListedRelayRoom } from "../relay-registry/rules.ts";
import { listOpenRooms } from "../relay-registry/service.ts";
import { formatInvite } from "../relay-tickets/rules.ts";
import { findPending, findPendingByInvite, issueTicket } from "../relay-tickets/service.ts";
import {
  JoinRoomInput,
  ListRoomsInput,
  OpenRoomInput,
  type RoomInfo,
  RoomInfosSchema,
  type RoomKind,
  type RoomTicket,
  RoomTicketSchema,
  SpectateRoomInput,
} from "./contract.ts";
import {
  DELAY_DEFAULT_MS,
  PLAYER_NAME_CHARS_MAX,
  ROOMS_LISTED_MAX,
  ROOMS_PER_ACCOUNT_MAX,
  SPECTATORS_MAX,
  TRIES_MAX,
  TRIES_WINDOW_MS,
  WINDOW_FRAMES_DEFAULT,
} from "./limits.ts";
import { listRoomRoms } from "./queries.ts";
import type { RoomFacts } from "./rules.ts";

/** Where the raw relay listens. */
export const RELAY_ROOMS_PATH = "/ws/netplay";

const INVITE_TRIES: RateLimit = {
  name: "netplay-relay-invite",
  attemptsMax: TRIES_MAX,
  windowMs: TRIES_WINDOW_MS,
};

const passwordsOf = perPorts((ports) => createPasswords({ ports }));

/** One sort of rooms, for the list of all. */
export interface RoomSource {
  readonly kind: RoomKind;
  /** Those that the caller may know of. */
  list(ctx: Context): Promise<readonly RoomInfo[]>;
}

/** Rooms of the raw relay; those of roms that are hidden from the caller are left out. */
export const relayRoomSource: RoomSource = {
  kind: "multitap",
  async list(ctx) {
    const [all, hidden] = await Promise.all([listOpenRooms(ctx), getHidden(ctx)]);
    const listed = all.slice(0, ROOMS_LISTED_MAX);
    const roms = await listRoomRoms(ctx.db, [...new Set(listed.map(({ romId }) => romId))]);
    return listed.flatMap((room) => {
      const rom = roms.get(room.romId) ?? null;
      return rom === null || hidesRom(hidden, rom) ? [] : [toRoomInfo(room, rom)];
    });
  },
};

function toRoomInfo(room: ListedRelayRoom, rom: NonNullable<RoomInfo["rom"]>): RoomInfo {
  const { id, name, ownerName, passwordHash, contentHash, players, playersMax, spectatorCount } = room;
  return {
    kind: "multitap",
    id,
    name,
    rom,
    ownerName,
    hasPassword: passwordHash !== null,
    contentHash,
    players,
    playersMax,
    spectatorCount,
    joinLine: null,
    openedAt: toInstant(new Date(room.openedAtMs)),
  };
}

/** Makes the list of the rooms of some sorts that are open now, in whichever process; those that opened last first. */
export function createRoomList(sources: readonly RoomSource[]) {
  return operation(
    { type: "query", scope: "roms.user.read", input: ListRoomsInput, output: RoomInfosSchema },
    async (ctx, { romId, kinds }): Promise<readonly RoomInfo[]> => {
      const wanted = sources.filter(({ kind }) => kinds?.includes(kind) ?? true);
      const rooms = (await Promise.all(wanted.map((source) => source.list(ctx)))).flat();
      return rooms
        .filter(({ rom }) => romId === undefined || rom?.id === romId)
        .toSorted((a, b) => Date.parse(b.openedAt) - Date.parse(a.openedAt));
    },
  );
}

/**
 * Opens a room: whoever comes with the ticket has seat 0 and owns it.
 * @throws AppError `ROMS_NOT_FOUND`, `NETPLAY_ROOMS_FULL`; `AUTH_ACCOUNT_REQUIRED` for callers without an account.
 */
export const openRelayRoom = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    input: OpenRoomInput,
    output: RoomTicketSchema,
    storesNoAnswer: true,
    isFleeting: true,
  },
  async (ctx, { romId, name, playersMax, inputBytes, ...rest }): Promise<RoomTicket> => {
    const userId = requireAccountId(ctx);
    await requireVisibleRom(ctx, romId);
    await requireFewRooms(ctx, userId);
    const { password, contentHash = null, inputWindow = WINDOW_FRAMES_DEFAULT, playerName } = rest;
    const opens: RoomFacts = {
      id: createHexToken(8),
      invite: formatInvite(crypto.getRandomValues(new Uint8Array(8))),
      name,
      romId,
      ownerUserId: userId,
      playersMax,
      inputBytes,
      inputWindow,
      passwordHash: password === undefined ? null : await passwordsOf(ctx.ports).hash(password),
      contentHash,
      openedAtMs: ctx.ports.clock.now().getTime(),
    };
    const entrant = toEntrant(ctx, userId, { role: "player", seat: 0, playerName });
    return await toTicket(ctx, opens, { entrant, opens });
  },
);

async function requireFewRooms(ctx: Context, userId: number): Promise<void> {
  const own = (await listOpenRooms(ctx)).filter(({ ownerUserId }) => ownerUserId === userId);
  if (own.length < ROOMS_PER_ACCOUNT_MAX) return;
  const message = `One account can have ${ROOMS_PER_ACCOUNT_MAX} rooms open`;
  throw new AppError("unavailable", "NETPLAY_ROOMS_FULL", { message });
}

interface Wish {
  readonly role: Entrant["role"];
  readonly seat?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly playerName?: string | undefined;
}

function toEntrant(
  { identity }: Context,
  userId: number,
  { role, seat, delayMs, playerName }: Wish,
): Entrant {
  const username = identity.kind === "user" ? identity.username : "";
  const name = playerName ?? username.slice(0, PLAYER_NAME_CHARS_MAX);
  return { role, userId, name, seat: seat ?? null, delayMs: delayMs ?? null };
}

async function toTicket(
  ctx: Context,
  { id, invite }: Pick<RoomFacts, "id" | "invite">,
  worth: { readonly entrant: Entrant; readonly opens: RoomFacts | null },
): Promise<RoomTicket> {
  const { ticket, expiresAt } = await issueTicket(ctx, id, worth);
  return {
    roomId: id,
    invite: worth.opens === null ? null : invite,
    ticket,
    url: `${RELAY_ROOMS_PATH}?room=${id}`,
    seat: worth.entrant.seat,
    expiresAt,
  };
}

/**
 * Lets the caller play in a room.
 * @throws AppError `NETPLAY_ROOM_NOT_FOUND`, `NETPLAY_PASSWORD_WRONG`, `NETPLAY_TRIES`, `NETPLAY_CONTENT_DIFFERS`,
 *   `NETPLAY_ROOM_FULL`, `NETPLAY_SEAT_TAKEN`; `AUTH_ACCOUNT_REQUIRED`.
 */
export const joinRelayRoom = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    input: JoinRoomInput,
    output: RoomTicketSchema,
    storesNoAnswer: true,
    isFleeting: true,
  },
  async (ctx, { contentHash, seat, playerName, ...door }): Promise<RoomTicket> => {
    const userId = requireAccountId(ctx);
    const room = await requireRoom(ctx, door);
    if (contentHash !== undefined && room.contentHash !== null && contentHash !== room.contentHash) {
      const details = { contentHash: room.contentHash };
      const message = "The room is played with other content";
      throw new AppError("conflict", "NETPLAY_CONTENT_DIFFERS", { message, details });
    }
    requireSeat(room, seat);
    const entrant = toEntrant(ctx, userId, { role: "player", seat, playerName });
    return await toTicket(ctx, room, { entrant, opens: null });
  },
);

/** As far as the registry knows; the relay itself has the last word. */
function requireSeat({ playersMax, players }: FoundRoom, seat: number | undefined): void {
  const isTaken = players.some((player) => player.seat === seat);
  if (seat !== undefined && (seat >= playersMax || isTaken)) {
    throw new AppError("conflict", "NETPLAY_SEAT_TAKEN", { message: "The seat is taken" });
  }
  if (players.length < playersMax) return;
  throw new AppError("conflict", "NETPLAY_ROOM_FULL", { message: "Every seat is taken" });
}

/**
 * Lets the caller watch a room, some time behind the players.
 * @throws AppError `NETPLAY_ROOM_NOT_FOUND`, `NETPLAY_PASSWORD_WRONG`, `NETPLAY_TRIES`, `NETPLAY_ROOM_FULL`;
 *   `AUTH_ACCOUNT_REQUIRED`.
 */
export const spectateRelayRoom = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    input: SpectateRoomInput,
    output: RoomTicketSchema,
    storesNoAnswer: true,
    isFleeting: true,
  },
  async (ctx, { delayMs = DELAY_DEFAULT_MS, playerName, ...door }): Promise<RoomTicket> => {
    const userId = requireAccountId(ctx);
    const room = await requireRoom(ctx, door);
    if (room.spectatorCount >= SPECTATORS_MAX) {
      throw new AppError("conflict", "NETPLAY_ROOM_FULL", { message: "There are too many spectators" });
    }
    const entrant = toEntrant(ctx, userId, { role: "spectator", delayMs, playerName });
    return await toTicket(ctx, room, { entrant, opens: null });
  },
);

type FoundRoom = Omit<ListedRelayRoom, "ownerName">;

/** How somebody asks to be let in. */
interface Door {
  readonly roomId?: string | undefined;
  readonly invite?: string | undefined;
  readonly password?: string | undefined;
}

async function requireRoom(ctx: Context, door: Door): Promise<FoundRoom> {
  const network = networkOf(ctx);
  // Counted before it is known to be right, so that guesses made at once count as well.
  if (door.invite !== undefined) await countInvite(ctx, network);
  const room = await findRoom(ctx, door);
  const isVisible = room !== null && (await isRomVisible(ctx, room.romId));
  if (room === null || !isVisible) {
    throw new AppError("not_found", "NETPLAY_ROOM_NOT_FOUND", { message: "There is no such room" });
  }
  if (door.invite !== undefined) await takeBackAttempt(ctx, INVITE_TRIES, network);
  else await requirePassword(ctx, room, { password: door.password, network });
  return room;
}

async function countInvite(ctx: Context, network: string): Promise<void> {
  const { isAllowed, retryAfterMs } = await countAttempt(ctx, INVITE_TRIES, network);
  if (isAllowed) return;
  throw new AppError("rate_limited", "NETPLAY_TRIES", { message: "Too many wrong invites", retryAfterMs });
}

async function findRoom(ctx: Context, { roomId, invite }: Door): Promise<FoundRoom | null> {
  const open = (await listOpenRooms(ctx)).find((room) =>
    invite === undefined ? room.id === roomId : room.invite === invite,
  );
  if (open !== undefined) return open;
  const pending =
    invite === undefined ? await findPending(ctx, roomId ?? "") : await findPendingByInvite(ctx, invite);
  return pending === null ? null : { ...pending, players: [], spectatorCount: 0 };
}

async function isRomVisible(ctx: Context, romId: number): Promise<boolean> {
  const [roms, hidden] = await Promise.all([listRoomRoms(ctx.db, [romId]), getHidden(ctx)]);
  const rom = roms.get(romId);
  return rom !== undefined && !hidesRom(hidden, rom);
}

interface Guess {
  readonly password: string | undefined;
  readonly network: string;
}

async function requirePassword(
  ctx: Context,
  { id, passwordHash }: FoundRoom,
  { password, network }: Guess,
): Promise<void> {
  if (passwordHash === null) return;
  const isRight =
    password !== undefined &&
    (await passwordsOf(ctx.ports).isRight({ password, hash: passwordHash, roomId: id, network }));
  if (isRight) return;
  throw new AppError("forbidden", "NETPLAY_PASSWORD_WRONG", { message: "The password is wrong" });
}
