import { forgetBaselines } from "../../assets/baselines/service.ts";
import { AppError } from "../../base/errors.ts";
import { requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { inTransaction } from "../../base/transaction.ts";
import type { RegisteredDevice } from "../../devices/contract.ts";
import { createTransferFolders, registerDevice } from "../../devices/registry/service.ts";
import { RegisterDeviceInput, RegisteredDeviceSchema } from "./contract.ts";

/**
 * Registers the machine that an app runs on. One with the same hardware address, or the same host name and system, is
 * the same machine: of it only the last sign of life changes.
 * @throws AppError `DEVICES_EXISTS`, `DEVICE_LIMIT`; `AUTH_ACCOUNT_REQUIRED` for callers without an account.
 */
export const registerSyncDevice = operation(
  { type: "mutation", scope: "devices.write", input: RegisterDeviceInput, output: RegisteredDeviceSchema },
  async (ctx, input): Promise<RegisteredDevice> => {
    const { isExistingAllowed, isDuplicateAllowed, isSyncReset, ...description } = input;
    const userId = requireAccountId(ctx);
    const registered = await inTransaction(ctx, async (inner) => {
      const asked = { userId, description, isExistingAllowed, isDuplicateAllowed };
      const { device, deviceId, isNew } = await registerDevice(inner, asked);
      if (device === null) throw deviceExists(deviceId);
      if (!isNew && isSyncReset) await forgetBaselines(inner, deviceId);
      return { device, isNew };
    });
    const { device, isNew } = registered;
    if (isNew && device.syncMode === "file_transfer") await createTransferFolders(ctx, device.id);
    return registered;
  },
);

function deviceExists(deviceId: string): AppError<"conflict"> {
  const message = "A device with this fingerprint already exists";
  return new AppError("conflict", "DEVICES_EXISTS", { message, details: { deviceId } });
}
