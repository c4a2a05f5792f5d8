import { isEntryName } from "../../base/entry-name.ts";

/** Folders of a device, as in the compatible layout. */
export const INCOMING = "incoming";
export const OUTGOING = "outgoing";
export const CONFLICTS = "conflicts";

/** The device whose incoming files a path below the sync folder is about; null when it is about none. */
export function findDeviceOfPath(path: string): string | null {
  const [deviceId, folder] = path.split("/");
  return deviceId !== undefined && folder === INCOMING && isEntryName(deviceId) ? deviceId : null;
}

/** The name of the n-th file of one name in the folder of conflicts: the counter stands before the extension. */
export function toConflictName(fileName: string, copyNumber: number): string {
  if (copyNumber <= 1) return fileName;
  const dot = fileName.lastIndexOf(".");
  return dot <= 0
    ? `${fileName} (${copyNumber})`
    : `${fileName.slice(0, dot)} (${copyNumber})${fileName.slice(dot)}`;
}

/** What tells two states of a file apart without reading it. */
export interface FileMark {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly inode: bigint;
}

/** Tells whether a file is still the one that was looked at. */
export function isSameFile(a: FileMark, b: FileMark | null): boolean {
  return (
    b !== null && a.sizeBytes === b.sizeBytes && a.modifiedAtMs === b.modifiedAtMs && a.inode === b.inode
  );
}
