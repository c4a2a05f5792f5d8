import type { TaskTable } from "../task.ts";
import { type ChecksumFilesShape, checksumFiles } from "./checksum-files.ts";
import { type HashFilesShape, hashFiles } from "./hash-files.ts";
import { hashRom } from "./hash-rom.ts";
import type { HashRomShape } from "./hash-rom-shape.ts";

/** Every task of the server: its types here, its code in the table below. */
export type AppTasks = {
  readonly "checksum-files": ChecksumFilesShape;
  readonly "hash-files": HashFilesShape;
  readonly "hash-rom": HashRomShape;
};

export const TASKS: TaskTable<AppTasks> = {
  "checksum-files": checksumFiles,
  "hash-files": hashFiles,
  "hash-rom": hashRom,
};
