import { post, type RestRoute } from "../../http/route.ts";
import { toSyncSessionWire } from "../sessions/wire.ts";
import { pushPullDevice } from "./service.ts";

const BAD_REQUEST = { status: 400 };

/** The compatible route by which a device is synced that the server reaches by SSH. */
export const pushPullRoutes: readonly RestRoute[] = [
  post("/api/sync/devices/{device_id}/push-pull", pushPullDevice, {
    summary: "Start server-driven sync of a device",
    read: (reader) => ({ deviceId: reader.pathText("device_id") }),
    write: toSyncSessionWire,
    errors: { SYNC_PUSH_PULL_MODE: BAD_REQUEST, SYNC_DISABLED: BAD_REQUEST },
  }),
];
