import type { TaskTable } from "../task.ts";
import { type HashFilesShape, hashFiles } from "./hash-files.ts";

/** Every task of the server: its types here, its code in the table below. */
export type AppTasks = {
  readonly "hash-files": HashFilesShape;
};

export const TASKS: TaskTable<AppTasks> = {
  "hash-files": hashFiles,
};
