import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { NativeWorkers } from "../native/types.ts";
import { nativeWorkers } from "../native/workers.ts";

/** More threads than a disc can feed are of no use. */
const COUNT_DEFAULT_MAX = 4;

/**
 * Gives threads that decode CHDs in Node and Bun, for `workers` of the `/native` entry. They keep the process
 * running until `close`.
 * @param options `count`: one for each core, at most 4, unless given.
 * @example
 * const workers = threadWorkers();
 * const report = await (await openChd(await fileSource("/in/disc.chd"), { workers })).verify();
 * await workers.close();
 */
export function threadWorkers(options: { readonly count?: number | undefined } = {}): NativeWorkers {
  const count = options.count ?? Math.min(availableParallelism(), COUNT_DEFAULT_MAX);
  // By the package's name, so that the file is found from within a bundle of the app as well.
  const findFile = () => createRequire(import.meta.url).resolve("@multitap/client/native/worker");
  return nativeWorkers(() => new Worker(pathToFileURL(findFile())), { count });
}
