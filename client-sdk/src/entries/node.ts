/**
 * Files and credentials for Node, Bun and Deno.
 * @module
 */

export { fileCredentials } from "../node/file-credentials.ts";
export { fileSink } from "../node/file-sink.ts";
export { fileSource } from "../node/file-source.ts";
