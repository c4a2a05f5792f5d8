import { fromRegisterWire, toRegisteredWire } from "../../devices/wire.ts";

export { fromRegisterWire, toRegisteredWire };

/** The body that apps read when a device is there already. */
export function toDeviceExistsWire(message: string, details: unknown) {
  const deviceId =
    typeof details === "object" && details !== null && "deviceId" in details ? details.deviceId : null;
  return { error: "device_exists", message, device_id: deviceId };
}
