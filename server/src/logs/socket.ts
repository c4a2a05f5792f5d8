import { ADMIN_ROOM, type SocketDoor } from "../socket/door.ts";
import { followLogs } from "./service.ts";
import { toLogEntryWire } from "./wire.ts";

/** Tells those who may read logs each new line of this process. */
export const logsDoor: SocketDoor = {
  topics: [],
  open: async (hub) => {
    const stop = followLogs(hub.ctx, (entries) => {
      for (const entry of entries) {
        // Whoever reads too slowly asks for the list.
        hub.sendToRooms([ADMIN_ROOM], {
          event: "logs:entry",
          args: [toLogEntryWire(entry)],
          canSkip: true,
        });
      }
    });
    return { close: stop };
  },
};
