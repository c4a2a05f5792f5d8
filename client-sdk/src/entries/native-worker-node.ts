/**
 * What a thread of `nativeWorkers` runs in Node and Bun, behind the same name as the browsers' one: there the way to
 * the creator is not global.
 * @module
 */
import { parentPort } from "node:worker_threads";
import { serveDecodeJobs } from "@multitap/native/serve-jobs";

const port = parentPort;
if (port !== null) {
  serveDecodeJobs({
    postMessage: (message, transfer) => port.postMessage(message, transfer),
    on: (type, listener) => port.on(type, listener),
  });
}
