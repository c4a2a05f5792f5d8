import { get, post, type RestRoute } from "../../http/route.ts";
import { approveDevice, denyDevice, getPendingDevice } from "../device-approvals/service.ts";
import { pollDeviceFlow, startDeviceFlow } from "./service.ts";
import {
  fromApprovalWire,
  fromDeviceCodeWire,
  fromStartWire,
  fromUserCodeWire,
  toApprovedWire,
  toGrantWire,
  toPendingWire,
  toStartedWire,
} from "./wire.ts";

/** As in OAuth, every outcome but the token is 400 with a word that says which. */
const OUTCOME = { status: 400 };
/** The compatible API's word for a code that somebody has decided about. */
const DECIDED = { DEVICE_FLOW_DECIDED: { status: 410 } };

/** Routes that let a device in without typing a password on it. */
export const deviceFlowRoutes: readonly RestRoute[] = [
  post("/api/auth/device/init", startDeviceFlow, {
    summary: "Device flow: start, returns device code and user code",
    status: 201,
    read: async (reader) => fromStartWire(await reader.json()),
    write: toStartedWire,
  }),
  get("/api/auth/device/pending/{user_code}", getPendingDevice, {
    summary: "Device flow: what the request behind a user code asks for",
    read: (reader) => ({ userCode: reader.pathText("user_code") }),
    write: toPendingWire,
  }),
  post("/api/auth/device/approve", approveDevice, {
    summary: "Device flow: user approves with chosen scopes",
    read: async (reader) => fromApprovalWire(await reader.json()),
    write: toApprovedWire,
    errors: { ...DECIDED, CLIENT_TOKEN_LIMIT: { status: 400 }, DEVICE_LIMIT: { status: 400 } },
  }),
  post("/api/auth/device/deny", denyDevice, {
    summary: "Device flow: user refuses",
    read: async (reader) => fromUserCodeWire(await reader.json()),
    errors: DECIDED,
  }),
  post("/api/auth/device/token", pollDeviceFlow, {
    summary: "Device flow: device polls for its token",
    read: async (reader) => fromDeviceCodeWire(await reader.json()),
    write: toGrantWire,
    errors: {
      DEVICE_FLOW_PENDING: OUTCOME,
      DEVICE_FLOW_SLOW_DOWN: OUTCOME,
      DEVICE_FLOW_DENIED: OUTCOME,
      DEVICE_FLOW_EXPIRED: OUTCOME,
    },
  }),
];
