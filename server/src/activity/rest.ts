import { del, get, post, type RestRoute } from "../http/route.ts";
import { heartbeatActivity, listActivity, stopActivity } from "./service.ts";
import { fromHeartbeatWire, toActivityWire } from "./wire.ts";

/** Compatible routes about who plays what now. */
export const activityRoutes: readonly RestRoute[] = [
  get("/api/activity", listActivity, {
    summary: "Current activities of all users",
    write: (activities) => activities.map(toActivityWire),
  }),
  get("/api/activity/rom/{rom_id}", listActivity, {
    summary: "Who plays a rom now",
    read: (reader) => ({ romId: reader.pathInt("rom_id") }),
    write: (activities) => activities.map(toActivityWire),
  }),
  post("/api/activity/heartbeat", heartbeatActivity, {
    summary: "Device activity heartbeat",
    read: async (reader) => fromHeartbeatWire(await reader.json()),
    write: toActivityWire,
  }),
  del("/api/activity/heartbeat", stopActivity, {
    summary: "Clear device activity",
    status: 204,
    read: (reader) => ({ deviceId: reader.queryText("device_id") }),
  }),
];
