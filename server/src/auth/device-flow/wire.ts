import { toWireInstant, toWireInstantOrNull } from "../../users/wire.ts";
import type { ApprovedDevice, DeviceGrant, PendingDevice, StartedDeviceFlow } from "./contract.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A body that is no object is handed on, so that its schema refuses it. */
function fromObject(body: unknown, pick: (fields: Fields) => unknown): unknown {
  return typeof body === "object" && body !== null && !Array.isArray(body) ? pick(body as Fields) : body;
}

/** Takes the fields of a start out of a JSON body; apps may send more, which is ignored. */
export function fromStartWire(body: unknown): unknown {
  return fromObject(body, (fields) => ({
    clientDeviceIdentifier: fields.client_device_identifier,
    name: fields.name,
    client: fields.client,
    platform: fields.platform,
    clientVersion: fields.client_version,
    requestedScopes: fields.requested_scopes,
  }));
}

/** A started flow in the compatible shape. */
export function toStartedWire(started: StartedDeviceFlow) {
  return {
    device_code: started.deviceCode,
    user_code: started.userCode,
    verification_path: started.verificationPath,
    verification_path_complete: started.verificationPathComplete,
    expires_in: started.expiresInSeconds,
    interval: started.intervalSeconds,
  };
}

/** What waits under a user code in the compatible shape. */
export function toPendingWire(pending: PendingDevice) {
  return {
    client_device_identifier: pending.clientDeviceIdentifier,
    name: pending.name,
    client: pending.client,
    platform: pending.platform,
    client_version: pending.clientVersion,
    requested_scopes: pending.requestedScopes,
    allowed_scopes: pending.allowedScopes,
    expires_at: toWireInstant(pending.expiresAt),
  };
}

/** Takes the fields of an approval out of a JSON body. */
export function fromApprovalWire(body: unknown): unknown {
  return fromObject(body, (fields) => ({
    userCode: fields.user_code,
    approvedScopes: fields.approved_scopes,
    deviceName: fields.device_name,
    expiresIn: fields.expires_in,
  }));
}

/** A device that was let in, in the compatible shape. */
export function toApprovedWire({ deviceId, deviceName }: ApprovedDevice) {
  return { device_id: deviceId, device_name: deviceName };
}

/** Takes the user code out of a JSON body. */
export function fromUserCodeWire(body: unknown): unknown {
  return fromObject(body, (fields) => ({ userCode: fields.user_code }));
}

/** Takes the device code out of a JSON body. */
export function fromDeviceCodeWire(body: unknown): unknown {
  return fromObject(body, (fields) => ({ deviceCode: fields.device_code }));
}

/** A device's token in the compatible shape. */
export function toGrantWire(grant: DeviceGrant) {
  return {
    access_token: grant.accessToken,
    device_id: grant.deviceId,
    scopes: grant.scopes,
    expires_at: toWireInstantOrNull(grant.expiresAt),
  };
}
