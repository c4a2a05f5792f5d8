/**
 * What a thread of `nativeWorkers` runs in a browser: a module worker that decodes CHD hunks for its creator.
 * @module
 */
import { type JobPort, serveDecodeJobs } from "@multitap/native/serve-jobs";

// The global scope of a worker has these functions, which the types of a page do not know.
serveDecodeJobs(globalThis as unknown as JobPort);
