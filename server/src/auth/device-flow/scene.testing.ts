/** The calls of a device that wants to be let in, and of the user who decides. */
import { callOperation } from "../../base/operation.ts";
import { type Answer, callApp } from "../calls.testing.ts";
import { type TokenScene, VIEWER } from "../client-tokens/scene.testing.ts";
import { toRequestId } from "../device-requests/service.ts";
import type { DeviceGrant } from "./contract.ts";
import { pollDeviceFlow } from "./service.ts";

export const PATH = "/api/auth/device";
export const ASKED = ["me.read", "roms.read", "assets.read", "assets.write", "devices.read", "devices.write"];
/** A start with every field. */
export const START = {
  client_device_identifier: "dev-ident-0001",
  name: "Pocket One",
  client: "argosy",
  platform: "android",
  client_version: "1.2.3",
  requested_scopes: ASKED,
};
export const UNKNOWN = '{"detail":"Unknown or expired code"}';

export interface Flow {
  readonly deviceCode: string;
  readonly userCode: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Calls through REST, unless they say otherwise. */
export interface FlowCalls {
  post(path: string, json: unknown, authorization?: string): Promise<Answer>;
  pending(userCode: string, authorization: string): Promise<Answer>;
  start(fields?: Fields): Promise<Flow>;
  /** By a viewer, all that was asked for, unless said. */
  approve(flow: Pick<Flow, "userCode">, fields?: Fields, authorization?: string): Promise<Answer>;
  deny(flow: Flow, authorization?: string): Promise<Answer>;
  /** Polls as if the pause had gone by. */
  poll(flow: Flow): Promise<Answer>;
  /** Polls from an address, as the operation sees it. */
  pollFrom(address: string, deviceCode: string, repeatKey?: string): Promise<DeviceGrant>;
}

/** @param getScene Asked at each call, for the scene opens after the tests are collected. */
export function createFlowCalls(getScene: () => TokenScene): FlowCalls {
  const post: FlowCalls["post"] = (path, json, authorization) => {
    const header = authorization === undefined ? {} : { authorization };
    return callApp(getScene().app, `${PATH}/${path}`, { json, ...header });
  };
  return {
    post,
    pending: (userCode, authorization) =>
      callApp(getScene().app, `${PATH}/pending/${userCode}`, { authorization }),
    async start(fields = {}) {
      const { json } = await post("init", { ...START, ...fields });
      const { device_code, user_code } = json as { device_code: string; user_code: string };
      return { deviceCode: device_code, userCode: user_code };
    },
    approve: ({ userCode }, fields = {}, authorization = VIEWER) =>
      post("approve", { user_code: userCode, approved_scopes: ASKED, ...fields }, authorization),
    deny: ({ userCode }, authorization = VIEWER) => post("deny", { user_code: userCode }, authorization),
    async poll({ deviceCode }) {
      await getScene().app.ports.kv.remove([`device-flow:poll:${toRequestId(deviceCode)}`]);
      return await post("token", { device_code: deviceCode });
    },
    pollFrom: (address, deviceCode, repeatKey) =>
      callOperation(pollDeviceFlow, getScene().from(address, repeatKey), () => ({ deviceCode })),
  };
}

/** Status and body. */
export const outcome = ({ status, text }: Answer) => [status, text];
/** What a device is told that gets no token. */
export const bad = (word: string) => [400, `{"detail":"${word}"}`];
/** The code of the error that a promise ends with. */
export const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: { code?: string }) => error.code ?? String(error),
  );
