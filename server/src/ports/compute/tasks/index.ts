import type { TaskTable } from "../task.ts";
import { type ChecksumFilesShape, checksumFiles } from "./checksum-files.ts";
import { type HashAssetShape, hashAsset } from "./hash-asset.ts";
import { type HashFilesShape, hashFiles } from "./hash-files.ts";
import { hashRom } from "./hash-rom.ts";
import type { HashRomShape } from "./hash-rom-shape.ts";
import { patchFile } from "./patch-file.ts";
import type { PatchFileShape } from "./patch-file-shape.ts";
import { type ReadTrackShape, readTrack } from "./read-track.ts";

/** Every task of the server: its types here, its code in the table below. */
export type AppTasks = {
  readonly "checksum-files": ChecksumFilesShape;
  readonly "hash-asset": HashAssetShape;
  readonly "hash-files": HashFilesShape;
  readonly "hash-rom": HashRomShape;
  readonly "patch-file": PatchFileShape;
  readonly "read-track": ReadTrackShape;
};

export const TASKS: TaskTable<AppTasks> = {
  "checksum-files": checksumFiles,
  "hash-asset": hashAsset,
  "hash-files": hashFiles,
  "hash-rom": hashRom,
  "patch-file": patchFile,
  "read-track": readTrack,
};
