import type { ApprovedDevice, PendingDevice } from "@multitap/server/contract/auth/device-flow";
import type { Scope } from "../auth/types.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What the user grants to a device that waits. */
export interface ApproveDevice {
  /** At least one, each of which the device asked for and the caller holds. */
  readonly scopes: readonly Scope[];
  /** Another name than the app gave. */
  readonly deviceName?: string | null | undefined;
  /** `never` unless said. */
  readonly expiresIn?: "30d" | "90d" | "1y" | "never" | null | undefined;
}

/** Deciding about devices that want to be let in; the device's own side is `auth.startDeviceFlow`. */
export interface DeviceFlowCalls {
  /**
   * Tells what the device behind a user code asks for, and what of that the caller may grant.
   * @throws MultitapError `not_found` for a code that is wrong, expired or decided.
   * @example
   * const { name, allowedScopes } = await client.deviceFlow.pending("RN7W-HEJ6");
   */
  pending(userCode: string, options?: CallOptions): Promise<PendingDevice>;
  /**
   * Lets a device in. Tokens that it was given earlier stop working.
   * @throws MultitapError `not_found`; `forbidden` for scopes beyond what may be granted; `invalid`
   * (`CLIENT_TOKEN_LIMIT`) when the account has too many tokens.
   * @example
   * const { allowedScopes: scopes } = await client.deviceFlow.pending(userCode);
   * const { deviceId } = await client.deviceFlow.approve(userCode, { scopes, expiresIn: "90d" });
   */
  approve(userCode: string, input: ApproveDevice, options?: WriteOptions): Promise<ApprovedDevice>;
  /**
   * Sends a device away.
   * @throws MultitapError `not_found`.
   * @example
   * await client.deviceFlow.deny("RN7W-HEJ6");
   */
  deny(userCode: string, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createDeviceFlowCalls(rpc: Rpc): DeviceFlowCalls {
  return {
    pending: (userCode, options) => rpc.query("deviceFlow.pending", { userCode }, options),
    approve: (userCode, { scopes: approvedScopes, deviceName, expiresIn }, options) =>
      rpc.mutate("deviceFlow.approve", { userCode, approvedScopes, deviceName, expiresIn }, options),
    async deny(userCode, options) {
      await rpc.mutate("deviceFlow.deny", { userCode }, options);
    },
  };
}
