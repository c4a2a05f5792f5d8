import { toFirmwareWire } from "../platforms/wire.ts";
import type { RemovedFirmware, UploadedFirmware } from "./contract.ts";

export { toFirmwareWire };

/** What became of an upload, in the compatible shape. */
export function toUploadedWire({ storedCount, firmware }: UploadedFirmware) {
  return { uploaded: storedCount, firmware: firmware.map(toFirmwareWire) };
}

/** What became of a removal, in the compatible shape. */
export function toRemovedWire({ removedIds, failures }: RemovedFirmware) {
  return {
    successful_items: removedIds.length,
    failed_ids: failures.map((failure) => failure.firmwareId),
    errors: failures.map((failure) => failure.message),
  };
}

/** Which firmware to remove, out of a JSON body; what is no object is left for the schema to refuse. */
export function fromRemovalWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const fields = body as Readonly<Record<string, unknown>>;
  return { firmwareIds: fields.firmware, fileIds: fields.delete_from_fs };
}
