import {
  nativeWorkers as createWorkers,
  type NativeWorkers as DecodeWorkers,
} from "@multitap/native/workers";
import { MultitapError } from "../errors.ts";
import type { NativeWorkers } from "./types.ts";

/**
 * Gives threads that decode CHDs; each starts with its first job, and one that dies is replaced.
 * @param create Makes a worker that runs `@multitap/client/native/worker`. It is the app's line because bundlers
 *   find the file of a worker only where `new Worker(…)` is written.
 * @param options `count`: one for each core, at most 4, unless given.
 * @example
 * const workers = nativeWorkers(
 *   () => new Worker(new URL("@multitap/client/native/worker", import.meta.url), { type: "module" }),
 * );
 * const chd = await openChd(file, { workers });
 */
export function nativeWorkers(
  create: () => unknown,
  options: { readonly count?: number | undefined } = {},
): NativeWorkers {
  return createWorkers(create, options);
}

/**
 * Gives the inner side of threads.
 * @throws MultitapError `invalid` for an object that `nativeWorkers` did not make.
 */
export function toDecodeWorkers(workers: NativeWorkers | undefined): DecodeWorkers | undefined {
  if (workers === undefined || isDecodeWorkers(workers)) return workers;
  throw new MultitapError("invalid", "NATIVE_WORKERS_FOREIGN", {
    message: "The workers were not made by nativeWorkers() or threadWorkers()",
  });
}

// By its function, not by a registry: threads made by the `/node` entry may come from another copy of this file.
function isDecodeWorkers(workers: NativeWorkers): workers is DecodeWorkers {
  return "decode" in workers;
}
