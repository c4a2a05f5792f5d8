import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { Id, list, Nothing } from "../base/schemas.ts";
import { BAN_MS_MAX, ID_CHARS } from "./limits.ts";

/** The rom that is played, as far as its checksum tells. */
export interface RelayRom {
  readonly id: number;
  readonly name: string;
  readonly platformId: number;
  readonly platformSlug: string;
}

/** Somebody who joined a session, or is about to. */
export interface RelayPlayer {
  /** Names the player in this session, for kicking. */
  readonly playerId: number;
  /** What it calls itself; null before it has said so. */
  readonly nick: string | null;
  /** The host has let it in; before that it waits. */
  readonly isLinked: boolean;
}

/** One game that somebody hosts on the relay. */
export interface RelaySession {
  /** What a user's RetroArch needs to join: whoever knows it may. */
  readonly id: string;
  /** Where the relay is, as seen by whoever asks. */
  readonly address: string;
  readonly port: number;
  /** `address|port|session`, for RetroArch's "connect to host" and behind its `--connect`. */
  readonly joinLine: string;
  /** The same as a command for a terminal, to which a core and the rom are to be added. */
  readonly command: string;
  /** Name of the rom, else of the game as the host announced it; null as long as neither is known. */
  readonly title: string | null;
  readonly rom: RelayRom | null;
  /** Of the file that the host loaded; 8 lower-case hex digits. Known once somebody joined. */
  readonly crc32: string | null;
  readonly coreName: string | null;
  readonly coreVersion: string | null;
  readonly hostNick: string | null;
  readonly hasPassword: boolean | null;
  /** The account whose session it is. */
  readonly claimedBy: { readonly userId: number; readonly username: string } | null;
  readonly players: readonly RelayPlayer[];
  /** How many may join, beside the host. */
  readonly playersMax: number;
  /** How long the host takes to answer the relay. */
  readonly pingMs: number | null;
  readonly openedAt: Instant;
}

/** A network that may not use the relay. */
export interface RelayBan {
  /** An IPv4 address, or the first 64 bits of IPv6. */
  readonly network: string;
  readonly endsAt: Instant;
}

const SessionId = v.pipe(v.string(), v.regex(new RegExp(`^[A-Za-z0-9+/]{${ID_CHARS}}$`)));

export const RelayPlayerSchema = v.object({
  playerId: v.number(),
  nick: v.nullable(v.string()),
  isLinked: v.boolean(),
});

export const RelaySessionSchema = v.object({
  id: v.string(),
  address: v.string(),
  port: v.number(),
  joinLine: v.string(),
  command: v.string(),
  title: v.nullable(v.string()),
  rom: v.nullable(v.object({ id: Id, name: v.string(), platformId: Id, platformSlug: v.string() })),
  crc32: v.nullable(v.string()),
  coreName: v.nullable(v.string()),
  coreVersion: v.nullable(v.string()),
  hostNick: v.nullable(v.string()),
  hasPassword: v.nullable(v.boolean()),
  claimedBy: v.nullable(v.object({ userId: Id, username: v.string() })),
  players: list(RelayPlayerSchema),
  playersMax: v.number(),
  pingMs: v.nullable(v.number()),
  openedAt: v.string(),
});
export const RelaySessionsSchema = list(RelaySessionSchema);
export const RelayBanSchema = v.object({ network: v.string(), endsAt: v.string() });
export const RelayBansSchema = list(RelayBanSchema);

export const ListRelayInput = v.optional(v.strictObject({ romId: v.optional(Id) }), {});
export const RelaySessionInput = v.strictObject({ sessionId: SessionId });
export const RelayPlayerInput = v.strictObject({ sessionId: SessionId, playerId: Id });

/** Letters that stand in addresses and networks as we write them. */
const NetworkText = v.pipe(v.string(), v.regex(/^[0-9a-f.:]{2,45}(?:\/64)?$/i));
const DurationMs = v.pipe(v.number(), v.integer(), v.minValue(1_000), v.maxValue(BAN_MS_MAX));

export const BanInput = v.union([
  v.strictObject({
    ...RelayPlayerInput.entries,
    /** `session`: for as long as it lasts; `relay`: from all of it, for the given time. */
    from: v.picklist(["session", "relay"]),
    durationMs: v.optional(DurationMs),
  }),
  v.strictObject({ address: NetworkText, durationMs: v.optional(DurationMs) }),
]);
export const LiftBanInput = v.strictObject({ network: NetworkText });
export const DoneSchema = Nothing;
