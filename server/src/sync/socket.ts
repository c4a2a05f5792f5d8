import type { SavesEvent, SyncEvent } from "../base/events.ts";
import { type SocketDoor, type SocketMessage, userRoom } from "../socket/door.ts";

/** What the compatible API says of each phase. */
const SYNC_PAYLOADS: Readonly<Record<SyncEvent["phase"], (event: SyncEvent) => object>> = {
  started: ({ syncMode }) => ({ sync_mode: syncMode }),
  progress: ({ operationsCompleted, operationsPlanned, fileName }) => ({
    operations_completed: operationsCompleted,
    operations_planned: operationsPlanned,
    current_file: fileName,
  }),
  completed: ({ operationsCompleted, operationsFailed }) => ({
    operations_completed: operationsCompleted,
    operations_failed: operationsFailed,
  }),
  conflict: ({ fileName, romId, reason }) => ({ file_name: fileName, rom_id: romId ?? 0, reason }),
  error: ({ reason }) => ({ error: reason }),
};

function toSyncMessage(event: SyncEvent): SocketMessage {
  const about = { device_id: event.deviceId, session_id: event.sessionId };
  return {
    event: `sync:${event.phase}`,
    args: [{ ...about, ...SYNC_PAYLOADS[event.phase](event) }],
    canSkip: event.phase === "progress",
  };
}

function toSavesMessage(event: SavesEvent): SocketMessage {
  return {
    event: "saves:changed",
    args: [
      {
        change: event.change,
        kind: event.kind === "saves" ? "save" : "state",
        rom_id: event.romId,
        save_id: event.versionId,
        slot: event.slot,
        origin_device_id: event.originDeviceId,
      },
    ],
  };
}

/** Tells an account how its devices sync, and which of its saves and states are new, so that none has to ask. */
export const syncDoor: SocketDoor = {
  topics: ["sync", "saves"],
  open: async (hub) => ({
    async onEvents(items) {
      for (const item of items) {
        if ("gap" in item || item.userId === null) continue;
        const message =
          item.topic === "sync"
            ? toSyncMessage(item.data)
            : item.topic === "saves"
              ? toSavesMessage(item.data)
              : null;
        if (message !== null) hub.sendToRooms([userRoom(item.userId)], message);
      }
    },
  }),
};
