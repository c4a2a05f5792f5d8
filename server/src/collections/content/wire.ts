import type { ZipToSend } from "../../http/zip/sender.ts";
import type { StoredArchive } from "../../roms/content/contract.ts";
import { toZip } from "../../roms/content/wire.ts";

/** Several roms as the door sends them. */
export function toRomsZip(archive: StoredArchive): ZipToSend {
  return toZip(archive);
}
