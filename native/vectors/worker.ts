// The file that a decoding thread runs in the tests; the client package has one of its own.
import { type JobPort, serveDecodeJobs } from "../host/serve-jobs.ts";

serveDecodeJobs(globalThis as unknown as JobPort);
