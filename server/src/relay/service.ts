import { toInstant } from "../base/clock.ts";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { hasScope, requireAccountId } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { networkOf, toNetwork } from "../base/rate-limit.ts";
import { NoInput } from "../base/schemas.ts";
import { getHidden, hidesRom } from "../permissions/hidden/service.ts";
import {
  BanInput,
  DoneSchema,
  LiftBanInput,
  ListRelayInput,
  type RelayBan,
  RelayBansSchema,
  RelayPlayerInput,
  type RelayRom,
  type RelaySession,
  RelaySessionInput,
  RelaySessionSchema,
  RelaySessionsSchema,
} from "./contract.ts";
import {
  BAN_DEFAULT_MS,
  BANS_MAX,
  CLAIM_TTL_MS,
  CLAIM_WINDOW_MS,
  SESSIONS_LISTED_MAX,
  USERS_PER_SESSION_MAX,
} from "./limits.ts";
import { listRomsByCrc32 } from "./queries.ts";
import { claimKey, type ListedSession } from "./registry/rules.ts";
import { listSessions, putBan, readBans, removeBan, sendCommand } from "./registry/service.ts";
import type { StoredRoom } from "./rooms/rules.ts";
import { listRooms } from "./rooms/service.ts";
import { findHost, formatJoin, type Reach, readCrc32 } from "./rules.ts";

/** Who may do to any session what others may do to their own. */
const MANAGING = "users.write";

/** Where the caller can reach a process: where it says, else where the caller found us. */
export function findReach(
  ctx: Pick<Context, "facts" | "baseUrl">,
  place: { readonly address: string | null; readonly port: number },
): Reach {
  const address = place.address ?? findHost(ctx.facts.publicUrl) ?? findHost(ctx.baseUrl) ?? "127.0.0.1";
  return { address, port: place.port };
}

/** A session as the caller may see it, with what other processes know. */
export interface SeenSession {
  readonly shown: RelaySession;
  readonly listed: ListedSession;
  /** What its host announced. */
  readonly room: StoredRoom | null;
}

/** Every session that the caller may know of; those of roms that are hidden from the caller are left out. */
export async function seeSessions(ctx: Context): Promise<readonly SeenSession[]> {
  const [all, rooms, hidden] = await Promise.all([listSessions(ctx), listRooms(ctx), getHidden(ctx)]);
  const roomOf = new Map(rooms.map((room) => [room.relaySession, room]));
  const found = all.slice(0, SESSIONS_LISTED_MAX).map((listed) => {
    const room = roomOf.get(listed.id) ?? null;
    return { listed, room, crc32: listed.crc32 ?? readCrc32(room?.gameCrc) };
  });
  const checksums = [...new Set(found.flatMap(({ crc32 }) => crc32 ?? []))];
  const romsOf = Map.groupBy(await listRomsByCrc32(ctx.db, checksums), ({ crc32 }) => crc32);
  return found.flatMap(({ listed, room, crc32 }) => {
    const roms = romsOf.get(crc32 ?? "") ?? [];
    const rom = roms.find((each) => !hidesRom(hidden, each)) ?? null;
    if (rom === null && roms.length > 0) return [];
    return [{ listed, room, shown: show(ctx, listed, { room, rom, crc32 }) }];
  });
}

interface Known {
  readonly room: StoredRoom | null;
  readonly rom: RelayRom | null;
  readonly crc32: string | null;
}

function show(ctx: Context, listed: ListedSession, { room, rom, crc32 }: Known): RelaySession {
  const { id, nick, claim, players, pingMs, hasPassword } = listed;
  const reach = findReach(ctx, listed.place);
  return {
    id,
    ...reach,
    ...formatJoin(reach, id),
    title: rom?.name ?? (room?.gameName || null),
    rom: rom && { id: rom.id, name: rom.name, platformId: rom.platformId, platformSlug: rom.platformSlug },
    crc32,
    coreName: listed.coreName ?? (room?.coreName || null),
    coreVersion: listed.coreVersion ?? (room?.coreVersion.trim() || null),
    hostNick: nick ?? room?.username ?? null,
    hasPassword: hasPassword ?? room?.hasPassword ?? null,
    claimedBy: claim,
    players: players.map(({ playerId, nick: own, isLinked }) => ({ playerId, nick: own, isLinked })),
    playersMax: USERS_PER_SESSION_MAX,
    pingMs,
    openedAt: toInstant(new Date(listed.openedAtMs)),
  };
}

/**
 * Games that are hosted on the relay now, in whichever process, each with what is needed to join; those that opened
 * last first. Sessions of roms that are hidden from the caller are left out.
 */
export const listRelaySessions = operation(
  { type: "query", scope: "roms.user.read", input: ListRelayInput, output: RelaySessionsSchema },
  async (ctx, { romId }): Promise<readonly RelaySession[]> => {
    const seen = (await seeSessions(ctx)).map(({ shown }) => shown);
    return romId === undefined ? seen : seen.filter(({ rom }) => rom?.id === romId);
  },
);

async function requireSession(ctx: Context, sessionId: string): Promise<SeenSession> {
  const seen = (await seeSessions(ctx)).find(({ shown }) => shown.id === sessionId);
  if (seen !== undefined) return seen;
  throw new AppError("not_found", "RELAY_SESSION_NOT_FOUND", { message: "There is no such session" });
}

/**
 * Makes a session the caller's own, who may then remove its players, and whom plain `--connect` finds among several.
 * RetroArch cannot say whose it is: the caller has to come from the host's own address, within half an hour. Who
 * manages accounts may claim any.
 * @throws AppError `RELAY_SESSION_NOT_FOUND`, `RELAY_CLAIM_REFUSED`, `RELAY_CLAIMED`; `AUTH_ACCOUNT_REQUIRED` for
 *   callers without an account.
 */
export const claimRelaySession = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    input: RelaySessionInput,
    output: RelaySessionSchema,
    isFleeting: true,
  },
  async (ctx, { sessionId }): Promise<RelaySession> => {
    const userId = requireAccountId(ctx);
    const { shown, listed } = await requireSession(ctx, sessionId);
    const ageMs = ctx.ports.clock.now().getTime() - listed.openedAtMs;
    const isNear = listed.network === networkOf(ctx) && ageMs <= CLAIM_WINDOW_MS;
    if (!isNear && !hasScope(ctx.identity, MANAGING)) {
      const message = "A session can be claimed within half an hour, from the network address of its host";
      throw new AppError("forbidden", "RELAY_CLAIM_REFUSED", { message });
    }
    const username = ctx.identity.kind === "user" ? ctx.identity.username : "";
    const claim = { userId, username };
    const isFirst = await ctx.ports.kv.set(claimKey(sessionId), String(userId), {
      ttlMs: CLAIM_TTL_MS,
      when: "absent",
    });
    if (!isFirst && (await ctx.ports.kv.get(claimKey(sessionId))) !== String(userId)) {
      throw new AppError("conflict", "RELAY_CLAIMED", { message: "Somebody else has claimed this session" });
    }
    await sendCommand(ctx, { kind: "claimed", sessionId, claim });
    return { ...shown, claimedBy: claim };
  },
);

/** Lets only those manage a session who have claimed it, or manage accounts. */
function requireOwn({ identity }: Context, { claimedBy }: RelaySession): void {
  const isOwn = claimedBy !== null && identity.kind === "user" && identity.userId === claimedBy.userId;
  if (isOwn || hasScope(identity, MANAGING)) return;
  throw new AppError("forbidden", "RELAY_NOT_YOURS", {
    message: "Only whoever claimed the session may do this",
  });
}

async function requirePlayer(
  ctx: Context,
  { sessionId, playerId }: { readonly sessionId: string; readonly playerId: number },
): Promise<ListedSession["players"][number]> {
  const { shown, listed } = await requireSession(ctx, sessionId);
  requireOwn(ctx, shown);
  const player = listed.players.find((each) => each.playerId === playerId);
  if (player !== undefined) return player;
  throw new AppError("not_found", "RELAY_PLAYER_NOT_FOUND", { message: "There is no such player" });
}

/**
 * Removes a player from a session that the caller has claimed; the player may come back.
 * @throws AppError `RELAY_SESSION_NOT_FOUND`, `RELAY_NOT_YOURS`, `RELAY_PLAYER_NOT_FOUND`.
 */
export const kickFromRelaySession = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    input: RelayPlayerInput,
    output: DoneSchema,
    isFleeting: true,
  },
  async (ctx, { sessionId, playerId }): Promise<null> => {
    await requirePlayer(ctx, { sessionId, playerId });
    await sendCommand(ctx, { kind: "kicked", sessionId, memberId: playerId, isBanned: false });
    return null;
  },
);

/**
 * Removes a player with everybody of the same network, who cannot come back: to a session that the caller has claimed,
 * or, for those who manage accounts, to the whole relay for a day unless said. They may also name an address.
 * @throws AppError as `kickFromRelaySession`; `AUTH_SCOPE_MISSING`; `RELAY_BANS_FULL`.
 */
export const banFromRelay = operation(
  { type: "mutation", scope: "roms.user.write", input: BanInput, output: DoneSchema, isFleeting: true },
  async (ctx, input): Promise<null> => {
    if ("address" in input) {
      await banNetwork(ctx, toNetwork(input.address), input.durationMs);
      return null;
    }
    const { sessionId, playerId, from, durationMs } = input;
    const player = await requirePlayer(ctx, { sessionId, playerId });
    if (from === "relay") await banNetwork(ctx, player.network, durationMs);
    else await sendCommand(ctx, { kind: "kicked", sessionId, memberId: playerId, isBanned: true });
    return null;
  },
);

async function banNetwork(ctx: Context, network: string, durationMs = BAN_DEFAULT_MS): Promise<void> {
  if (!hasScope(ctx.identity, MANAGING)) {
    const details = { scope: MANAGING };
    throw new AppError("forbidden", "AUTH_SCOPE_MISSING", { message: "Forbidden", details });
  }
  const bans = await readBans(ctx);
  if (bans.size >= BANS_MAX && !bans.has(network)) {
    throw new AppError("conflict", "RELAY_BANS_FULL", {
      message: `No more than ${BANS_MAX} networks can be banned`,
    });
  }
  await putBan(ctx, network, ctx.ports.clock.now().getTime() + durationMs);
}

/** Networks that may not use the relay now, those that come back first first. */
export const listRelayBans = operation(
  { type: "query", scope: MANAGING, input: NoInput, output: RelayBansSchema },
  async (ctx): Promise<readonly RelayBan[]> =>
    [...(await readBans(ctx))]
      .toSorted(([, a], [, b]) => a - b)
      .map(([network, untilMs]) => ({ network, endsAt: toInstant(new Date(untilMs)) })),
);

/**
 * Lets a network use the relay again.
 * @throws AppError `RELAY_BAN_NOT_FOUND`.
 */
export const liftRelayBan = operation(
  { type: "mutation", scope: MANAGING, input: LiftBanInput, output: DoneSchema, isFleeting: true },
  async (ctx, { network }): Promise<null> => {
    if (await removeBan(ctx, network)) return null;
    throw new AppError("not_found", "RELAY_BAN_NOT_FOUND", { message: "This network is not banned" });
  },
);
