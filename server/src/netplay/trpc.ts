import { query } from "../rpc/procedures.ts";
import { listNetplayIceServers, listNetplayRooms } from "./service.ts";

/** Procedures about rooms in which players of EmulatorJS meet. */
export const netplayProcedures = {
  rooms: query(listNetplayRooms),
  iceServers: query(listNetplayIceServers),
};
