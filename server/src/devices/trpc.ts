import { mutation, query } from "../rpc/procedures.ts";
import { getDevice, listDevices, removeDevice, updateDevice } from "./registry/service.ts";

/** Procedures about devices; the one that registers them raises events of sync, and stands there. */
export const deviceProcedures = {
  get: query(getDevice),
  list: query(listDevices),
  remove: mutation(removeDevice),
  update: mutation(updateDevice),
};
