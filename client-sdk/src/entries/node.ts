/**
 * Files and credentials for Node, Bun and Deno.
 * @module
 */

export type { NativeWorkers } from "../native/types.ts";
export { fileCredentials } from "../node/file-credentials.ts";
export { fileSink } from "../node/file-sink.ts";
export { fileSource } from "../node/file-source.ts";
export { folderSaveStore } from "../node/folder-save-store.ts";
export { type RetroArchFolders, retroArchSaveStore } from "../node/retroarch-save-store.ts";
export { threadWorkers } from "../node/thread-workers.ts";
