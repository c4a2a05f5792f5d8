import type { RequestReader } from "../http/reader.ts";
import { del, get, put, type RestRoute } from "../http/route.ts";
import { getDevice, listDevices, removeDevice, updateDevice } from "./registry/service.ts";
import { fromDeviceChangesWire, toDeviceWire } from "./wire.ts";

const readId = (reader: RequestReader) => ({ deviceId: reader.pathText("device_id") });

/** Compatible routes about devices, without the one that registers them. */
export const deviceRoutes: readonly RestRoute[] = [
  get("/api/devices", listDevices, {
    summary: "Caller's devices",
    write: (devices) => devices.map(toDeviceWire),
  }),
  get("/api/devices/{device_id}", getDevice, {
    summary: "One of the caller's devices",
    read: readId,
    write: toDeviceWire,
  }),
  put("/api/devices/{device_id}", updateDevice, {
    summary: "Update a device; only the sent fields change",
    read: async (reader) => fromDeviceChangesWire(reader.pathText("device_id"), await reader.json()),
    names: { isSyncEnabled: "sync_enabled", syncDirection: "sync_mode" },
    write: toDeviceWire,
  }),
  del("/api/devices/{device_id}", removeDevice, {
    summary: "Delete a device",
    status: 204,
    read: readId,
  }),
];
