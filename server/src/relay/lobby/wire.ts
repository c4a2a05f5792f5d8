import type { RelayRoom } from "./contract.ts";

/** Names of the form's fields that we call otherwise. */
const FORM_NAMES: Readonly<Record<string, string>> = {
  username: "username",
  coreName: "core_name",
  coreVersion: "core_version",
  gameName: "game_name",
  gameCrc: "game_crc",
  port: "port",
  relayName: "mitm_server",
  relaySession: "mitm_session",
  relayAddress: "mitm_custom_addr",
  relayPort: "mitm_custom_port",
  hasPassword: "has_password",
  hasSpectatePassword: "has_spectate_password",
  isRelayForced: "force_mitm",
  retroarchVersion: "retroarch_version",
  frontend: "frontend",
  subsystemName: "subsystem_name",
  playerCount: "player_count",
  spectatorCount: "spectator_count",
};

/** Takes an announcement out of a form; what is not there is left out. */
export function fromRoomForm(form: URLSearchParams): Record<string, string> {
  const known = Object.entries(FORM_NAMES).map(([name, wireName]) => [name, form.get(wireName)] as const);
  return Object.fromEntries(known.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

/** A room in RetroArch's list. */
export function toRoomWire(room: RelayRoom) {
  return {
    fields: {
      id: room.id,
      username: room.username,
      country: "",
      game_name: room.gameName,
      game_crc: room.gameCrc,
      core_name: room.coreName,
      core_version: room.coreVersion,
      subsystem_name: room.subsystemName,
      retroarch_version: room.retroarchVersion,
      frontend: room.frontend,
      ip: room.ip,
      port: room.port,
      mitm_ip: room.relayAddress,
      mitm_port: room.relayPort,
      mitm_session: room.relaySession,
      host_method: room.hostMethod,
      has_password: room.hasPassword,
      has_spectate_password: room.hasSpectatePassword,
      connectable: room.isConnectable,
      is_retroarch: true,
      player_count: room.playerCount,
      spectator_count: room.spectatorCount,
      created: room.createdAt,
      updated: room.updatedAt,
    },
  };
}

const flag = (is: boolean) => (is ? 1 : 0);

/** Lines of `key=value` that RetroArch reads; nothing in a value may begin another line. */
function toLines(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${String(value).replace(/[\r\n]+/g, " ")}\n`)
    .join("");
}

/** The answer to an announcement. */
export function toAnnouncedText(room: RelayRoom): string {
  return toLines({
    status: "OK",
    id: room.id,
    username: room.username,
    core_name: room.coreName,
    game_name: room.gameName,
    game_crc: room.gameCrc,
    core_version: room.coreVersion,
    ip: room.ip,
    port: room.port,
    host_method: room.hostMethod,
    has_password: flag(room.hasPassword),
    has_spectate_password: flag(room.hasSpectatePassword),
    retroarch_version: room.retroarchVersion,
    frontend: room.frontend,
    subsystem_name: room.subsystemName,
    country: "",
    connectable: flag(room.isConnectable),
  });
}

/** The answer to the question where a relay is. */
export function toTunnelText({ address, port }: { readonly address: string; readonly port: number }): string {
  return toLines({ status: "OK", tunnel_addr: address, tunnel_port: port });
}
