import type { RelayRoomLimits } from "../relay-rooms/limits.ts";
import type { Effect, Room } from "../relay-rooms/rules.ts";
import { createSwitchboardState, type SwitchboardEvent, stepSwitchboard } from "./rules.ts";

/** All rooms of this process, without their sockets. */
export interface RoomSwitchboard {
  readonly limits: RelayRoomLimits;
  /** Handles one event and gives what is to be done, in order. */
  handle(event: SwitchboardEvent, nowMs: number): readonly Effect[];
  findRoom(roomId: string): Room | null;
  /** Accounts that have a member in any room. */
  listUserIds(): readonly number[];
  /** How many there are, and what they keep. */
  count(): { readonly rooms: number; readonly connections: number; readonly keptBytes: number };
}

/** Makes the switchboard of a process, without rooms. */
export function createRoomSwitchboard(limits: RelayRoomLimits): RoomSwitchboard {
  const state = createSwitchboardState(limits);
  return {
    limits,
    handle: (event, nowMs) => stepSwitchboard(state, event, nowMs),
    findRoom: (roomId) => state.rooms.get(roomId) ?? null,
    listUserIds() {
      const userIds = new Set<number>();
      for (const { members } of state.rooms.values()) {
        for (const { userId } of members.values()) userIds.add(userId);
      }
      return [...userIds];
    },
    count: () => ({
      rooms: state.rooms.size,
      connections: state.connections.size,
      keptBytes: state.ledger.bytes,
    }),
  };
}
