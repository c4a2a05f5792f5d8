import type { RelaySession } from "@multitap/client";
import type { NetplayRoom } from "../../netplay/contract.ts";
import type { RoomInfo } from "../../netplay/relay-rooms/contract.ts";
import { formatCount } from "./format.ts";

/** Rooms of every sort, as the server lists them. */
export interface RoomSources {
  readonly listed: readonly RoomInfo[];
  readonly emulatorJs: readonly NetplayRoom[];
  readonly relay: readonly RelaySession[];
}

/** One room as the page shows it. */
export interface RoomCard {
  readonly key: string;
  readonly kind: RoomInfo["kind"];
  readonly kindText: string;
  /** The game, else what the room calls itself. */
  readonly title: string;
  readonly romId: number | null;
  readonly about: string;
  readonly players: readonly string[];
  /** What to copy. */
  readonly joinLine: string;
  /** What to do with it. */
  readonly joinHint: string;
  readonly openedAt: string;
}

const KINDS = { multitap: "App room", emulatorjs: "EmulatorJS", retroarch: "RetroArch" } as const;
const HINTS = {
  multitap: "The room's id, for apps that play together over this server.",
  emulatorjs: "In EmulatorJS start this game, open Netplay and choose this room.",
  retroarch: "In RetroArch: Netplay, Connect to Netplay Host. Behind --connect it works as well.",
} as const;

const locked = (hasPassword: boolean | null) => (hasPassword === true ? "with password" : null);
const join = (...parts: readonly (string | null)[]) => parts.filter((part) => part !== null).join(", ");

/** How long a player's messages take, in words; null where nobody knows. */
export function formatDelay(delay: RoomInfo["players"][number]["delay"]): string | null {
  if (delay === null) return null;
  return `${Math.round(delay.medianMs)} ms median, ${Math.round(delay.p99Ms)} ms p99`;
}

function fromListed(room: RoomInfo): RoomCard {
  const players = room.players.map(({ name, seat, delay, isConnected }) =>
    join(
      seat === null ? name : `${name} (player ${seat + 1})`,
      isConnected ? formatDelay(delay) : "connection lost",
    ),
  );
  const watching = room.spectatorCount === 0 ? null : formatCount(room.spectatorCount, "spectator");
  return {
    key: `${room.kind}:${room.id}`,
    kind: room.kind,
    kindText: KINDS[room.kind],
    title: room.rom?.name ?? room.name,
    romId: room.rom?.id ?? null,
    about: join(
      `"${room.name}"`,
      `${room.players.length} of ${room.playersMax} players`,
      watching,
      locked(room.hasPassword),
    ),
    players,
    joinLine: room.joinLine ?? room.id,
    joinHint: HINTS[room.kind],
    openedAt: room.openedAt,
  };
}

function fromEmulatorJs(room: NetplayRoom): RoomCard {
  return {
    key: `emulatorjs:${room.id}`,
    kind: "emulatorjs",
    kindText: KINDS.emulatorjs,
    title: room.title ?? `Game ${room.gameId}`,
    romId: room.romId,
    about: join(
      `"${room.name}"`,
      `${room.playerCount} of ${room.playersMax} players`,
      locked(room.hasPassword),
    ),
    players: room.hostName === null ? [] : [`${room.hostName} (host)`],
    joinLine: room.name,
    joinHint: HINTS.emulatorjs,
    openedAt: room.openedAt,
  };
}

function fromRelay(session: RelaySession): RoomCard {
  const host = join(
    `${session.hostNick ?? "Host"} (host)`,
    session.pingMs === null ? null : `${Math.round(session.pingMs)} ms`,
  );
  const others = session.players.map(({ nick, isLinked }) =>
    join(nick ?? "Somebody", isLinked ? null : "joining"),
  );
  return {
    key: `retroarch:${session.id}`,
    kind: "retroarch",
    kindText: KINDS.retroarch,
    title: session.title ?? "Unknown game",
    romId: session.rom?.id ?? null,
    about: join(
      `${session.players.length} of ${session.playersMax} joined`,
      session.coreName,
      locked(session.hasPassword),
    ),
    players: [host, ...others],
    joinLine: session.joinLine,
    joinHint: HINTS.retroarch,
    openedAt: session.openedAt,
  };
}

/** One list of all rooms, those that opened last first; a room that two lists know is shown as its own list knows it. */
export function toRoomCards({ listed, emulatorJs, relay }: RoomSources): readonly RoomCard[] {
  const cards = [...listed.map(fromListed), ...emulatorJs.map(fromEmulatorJs), ...relay.map(fromRelay)];
  const byKey = new Map(cards.map((card) => [card.key, card]));
  return [...byKey.values()].toSorted((a, b) => b.openedAt.localeCompare(a.openedAt));
}
