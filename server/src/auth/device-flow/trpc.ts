import { mutation, query } from "../../rpc/procedures.ts";
import { approveDevice, denyDevice, getPendingDevice } from "../device-approvals/service.ts";
import { pollDeviceFlow, startDeviceFlow } from "./service.ts";

/** Procedures that let a device in without typing a password on it. */
export const deviceFlowProcedures = {
  start: mutation(startDeviceFlow),
  pending: query(getPendingDevice),
  approve: mutation(approveDevice),
  deny: mutation(denyDevice),
  poll: mutation(pollDeviceFlow),
};
