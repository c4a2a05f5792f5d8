import * as v from "valibot";
import { DeviceSchema, deviceFields } from "../../devices/contract.ts";

export const RegisterDeviceInput = v.strictObject({
  ...deviceFields,
  /** Takes the device that is there for the same machine; otherwise it is a conflict. */
  isExistingAllowed: v.optional(v.boolean(), true),
  /** Adds another one, whatever is there. */
  isDuplicateAllowed: v.optional(v.boolean(), false),
  /** Forgets what the device that is there synced: it begins anew. */
  isSyncReset: v.optional(v.boolean(), false),
});

export const RegisteredDeviceSchema = v.object({ device: DeviceSchema, isNew: v.boolean() });
