// The entry of a decoding thread: one of the files that act on import.
import { type JobPort, serveDecodeJobs } from "@multitap/native/serve-jobs";

declare const self: JobPort;

serveDecodeJobs(self);
