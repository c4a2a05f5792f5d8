/**
 * Decodes a CHD in a process of its own and prints what it took:
 *
 *     bun decode-child.ts decode|verify FILE [WORKERS]
 */
import { openChd } from "../../native/host/chd/open.ts";
import { openFileSource } from "../../native/host/node-file.ts";
import { type NativeWorkers, nativeWorkers } from "../../native/host/workers.ts";

/** What the child found. */
export interface DecodeResult {
  readonly bytes: number;
  /** CPU of all threads, from opening the file to the end; compiling the WebAssembly is in it. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Null when nothing was held against checksums of the whole file. */
  readonly isIntact: boolean | null;
}

const WORKER = new URL("../../native/vectors/worker.ts", import.meta.url);

async function run(mode: string, path: string, workers: NativeWorkers | undefined): Promise<DecodeResult> {
  const startedAtMs = performance.now();
  const before = process.cpuUsage();
  const source = await openFileSource(path);
  const chd = await openChd(source, { workers });
  let bytes = 0;
  let isIntact: boolean | null = null;
  if (mode === "verify") {
    ({ isIntact } = await chd.verify());
    bytes = chd.header.logicalBytes;
  } else {
    for await (const piece of chd.stream()) bytes += piece.length;
  }
  const { user, system } = process.cpuUsage(before);
  const wallMs = performance.now() - startedAtMs;
  await chd.close();
  await source.close?.();
  return { bytes, cpuMs: (user + system) / 1000, wallMs, isIntact };
}

const [mode = "", path = "", count = "0"] = process.argv.slice(2);
const workers = count === "0" ? undefined : nativeWorkers(() => new Worker(WORKER), { count: Number(count) });
console.log(`RESULT ${JSON.stringify(await run(mode, path, workers))}`);
await workers?.close();
