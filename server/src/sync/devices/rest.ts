import { post, type RestRoute } from "../../http/route.ts";
import { registerSyncDevice } from "./service.ts";
import { fromRegisterWire, toDeviceExistsWire, toRegisteredWire } from "./wire.ts";

/** The compatible route that registers a device. */
export const deviceRegistrationRoutes: readonly RestRoute[] = [
  post("/api/devices", registerSyncDevice, {
    summary: "Register a device; 201 when new, 200 when it is there, 409 when that is not wanted",
    read: async (reader) => fromRegisterWire(await reader.json()),
    names: {
      isExistingAllowed: "allow_existing",
      isDuplicateAllowed: "allow_duplicate",
      isSyncReset: "reset_syncs",
      syncDirection: "sync_mode",
    },
    write: (registered) =>
      Response.json(toRegisteredWire(registered), { status: registered.isNew ? 201 : 200 }),
    errors: {
      DEVICE_LIMIT: { status: 400 },
      DEVICES_EXISTS: { detail: ({ message, details }) => toDeviceExistsWire(message, details) },
    },
  }),
];
