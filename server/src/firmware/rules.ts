import { isEntryName } from "../base/entry-name.ts";
import { AppError } from "../base/errors.ts";
import type { HashedFirmware } from "./contract.ts";

/** The one answer for firmware that does not exist or is hidden; clients match on its form. */
export function firmwareNotFound(firmwareId: number): AppError<"not_found"> {
  return new AppError("not_found", "FIRMWARE_NOT_FOUND", { message: firmwareNotFoundText(firmwareId) });
}

/** The same words, for lists of what failed. */
export function firmwareNotFoundText(firmwareId: number): string {
  return `Firmware with ID ${firmwareId} not found`;
}

/**
 * Asks whether files may be stored under the names they were sent with.
 * @param isExcluded Whether scans pass over a name.
 * @throws AppError `FIRMWARE_NAME_REFUSED`, naming the first that may not.
 */
export function requireStorableNames(
  fileNames: readonly string[],
  isExcluded: (fileName: string) => boolean,
): void {
  for (const fileName of fileNames) {
    if (!isEntryName(fileName)) throw nameRefused(fileName, "is not the name of one file");
    if (isExcluded(fileName)) throw nameRefused(fileName, "is passed over by scans");
  }
}

/** Makes the refusal of one name. */
export function nameRefused(fileName: string, reason: string): AppError<"invalid"> {
  const shown = JSON.stringify(fileName.toWellFormed().slice(0, 100));
  return new AppError("invalid", "FIRMWARE_NAME_REFUSED", {
    message: `The file name ${shown} ${reason}`,
    details: { reason },
  });
}

/** Tells whether a stored place stays inside the library: rows may be imported from elsewhere. */
export function isInLibrary({ filePath, fileName }: Pick<HashedFirmware, "filePath" | "fileName">): boolean {
  const parts = filePath.split("/");
  return (
    !fileName.includes("/") && ![...parts, fileName].some((part) => part === "" || /^\.{1,2}$/.test(part))
  );
}
