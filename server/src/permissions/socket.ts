import { ADMIN_ROOM, type SocketDoor, userRoom } from "../socket/door.ts";

/** Tells an account, and those who administrate, that what it may do or see changed: clients ask again. */
export const permissionsDoor: SocketDoor = {
  topics: ["permissions"],
  open: async (hub) => ({
    async onEvents(items) {
      for (const item of items) {
        if ("gap" in item || item.topic !== "permissions") continue;
        const { userId } = item.data;
        hub.sendToRooms([userRoom(userId), ADMIN_ROOM], {
          event: "permissions:changed",
          args: [{ user_id: userId }],
        });
      }
    },
  }),
};
