import { callOperation } from "../base/operation.ts";
import type { RoomInfo } from "../netplay/relay-rooms/contract.ts";
import type { RoomSource } from "../netplay/relay-rooms/service.ts";
import type { RelaySession } from "../relay/contract.ts";
import { listRelaySessions } from "../relay/service.ts";

/** Games that RetroArch hosts on the relay, in the list of rooms of every sort. */
export const retroArchRoomSource: RoomSource = {
  kind: "retroarch",
  list: async (ctx) => (await callOperation(listRelaySessions, ctx, () => ({}))).map(toRoomInfo),
};

function toRoomInfo(session: RelaySession): RoomInfo {
  const { id, title, rom, hostNick, hasPassword, players, playersMax, joinLine, openedAt } = session;
  return {
    kind: "retroarch",
    id,
    name: title ?? hostNick ?? "RetroArch",
    rom,
    ownerName: hostNick,
    hasPassword: hasPassword === true,
    contentHash: null,
    // The relay does not see who has which seat, and knows the delay of its connection to the host alone.
    players: players.map(({ playerId, nick, isLinked }) => ({
      playerId: String(playerId),
      name: nick ?? `Player ${playerId}`,
      seat: null,
      isConnected: isLinked,
      delay: null,
    })),
    playersMax,
    spectatorCount: 0,
    joinLine,
    openedAt,
  };
}
