/** Runs the host on the chunk with counters, and reads what was counted. */
import { readFile } from "node:fs/promises";
import { ensureBuilt } from "../build.ts";
import { type DiscExports, loadNative } from "../host/load.ts";
import { buildInstrumented, counterCount } from "./instrument.ts";

/** The chunk's functions with the place of the counters. */
export interface CountingExports extends DiscExports {
  coverAt(): number;
}

/**
 * Instances that are watched until they are collected: the host makes a new one after each map that was refused, and
 * the one it shares is among the oldest.
 */
const INSTANCES_MAX = 8192;

/** What was counted since the last time, as features; the counters start over. */
export interface Coverage {
  takeFeatures(): number[];
  /** The instances that ran since the last time. */
  listUsed(): readonly CountingExports[];
  /** An instance that nobody else uses. */
  createInstance(): Promise<CountingExports>;
}

let coverage: Promise<Coverage> | undefined;
/** The runtime's own, while ours stands in for it. */
let runtimeInstantiate: typeof WebAssembly.instantiate | undefined;

const isCounting = (exports: WebAssembly.Exports): boolean => "coverAt" in exports;

/** Gives a block and how often it ran by order of magnitude as one number. */
const toFeature = (block: number, count: number): number => block * 16 + Math.ceil(Math.log2(count + 1));

function readCounters(exports: CountingExports): Uint8Array {
  return new Uint8Array(exports.memory.buffer, exports.coverAt(), counterCount + 1);
}

function listFeatures(exports: CountingExports): number[] {
  const counters = readCounters(exports);
  const features: number[] = [];
  for (let block = 0; block < counterCount; block += 1) {
    const count = counters[block] ?? 0;
    if (count > 0) features.push(toFeature(block, count));
  }
  counters.fill(0);
  return features;
}

/** Watches instances for as long as somebody else holds them. */
function createWatch() {
  let watched: WeakRef<CountingExports>[] = [];
  return {
    add(exports: CountingExports) {
      watched = watched.filter((one) => one.deref() !== undefined).slice(1 - INSTANCES_MAX);
      watched.push(new WeakRef(exports));
    },
    listUsed(): CountingExports[] {
      const exports = watched.flatMap((one) => one.deref() ?? []);
      return exports.filter((one) => readCounters(one)[counterCount] !== 0);
    },
  };
}

async function start(): Promise<Coverage> {
  const wasm = await buildInstrumented();
  const module = await WebAssembly.compile(wasm);
  const watch = createWatch();
  const instantiate = WebAssembly.instantiate.bind(WebAssembly);
  // The host keeps its instances to itself, so they are taken where they are made.
  const taking = async (input: WebAssembly.Module, imports?: WebAssembly.Imports) => {
    const instance = (await instantiate(input, imports)) as unknown as WebAssembly.Instance;
    if (isCounting(instance.exports)) watch.add(instance.exports as unknown as CountingExports);
    return instance;
  };
  runtimeInstantiate = WebAssembly.instantiate;
  WebAssembly.instantiate = taking as unknown as typeof WebAssembly.instantiate;
  await loadNative({ wasm: wasm.buffer });
  return {
    listUsed: watch.listUsed,
    createInstance: async () => (await taking(module, {})).exports as unknown as CountingExports,
    takeFeatures: () => watch.listUsed().flatMap(listFeatures),
  };
}

/** Starts counting, once for this process: from then on the host runs on the chunk with counters. */
export function startCoverage(): Promise<Coverage> {
  coverage ??= start();
  return coverage;
}

/** Puts the host back on the chunk that is shipped, for whatever runs in this process afterwards. */
export async function stopCoverage(): Promise<void> {
  if (coverage === undefined) return;
  await coverage;
  coverage = undefined;
  if (runtimeInstantiate !== undefined) WebAssembly.instantiate = runtimeInstantiate;
  await ensureBuilt();
  const wasm = await readFile(new URL("../dist/disc.wasm", import.meta.url));
  await loadNative({ wasm: new Uint8Array(wasm).buffer });
}
