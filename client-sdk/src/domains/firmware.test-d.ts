import type { UploadedFirmware } from "@multitap/server/contract/firmware";
import type { Client, Firmware, FirmwareFailure, Platform, RemovedFirmware } from "../index.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;

/** What platforms show of their firmware is part of it. */
export const shapes: readonly true[] = [
  true satisfies Fits<Firmware, Platform["firmware"][number]>,
  true satisfies Fits<UploadedFirmware["firmware"], readonly Firmware[]>,
  true satisfies Fits<RemovedFirmware["failures"], readonly FirmwareFailure[]>,
];

/** What callers write. */
export async function calls({ firmware, platforms }: Client): Promise<void> {
  const { id } = await platforms.create("gba");
  await platforms.update(id, { customName: undefined, description: "Words" });
  // @ts-expect-error the folder of a platform does not change
  await platforms.update(id, { fsSlug: "gbc" });
  await firmware.upload(id, [{ fileName: "a.bin", bytes: new Uint8Array(1) }]);
  // @ts-expect-error a file has a name
  await firmware.upload(id, [{ bytes: new Uint8Array(1) }]);
  const [first] = await firmware.list({ platformId: undefined });
  if (first !== undefined) await firmware.remove([first.id], { fileIds: undefined });
}
