import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FuzzTarget } from "./target.ts";

/** The kept inputs of one target together, in bytes: twelve targets stay below 200 KB. */
export const CORPUS_BYTES_MAX = 15_000;
/** The kept inputs of one target: they are files that people look through. */
export const CORPUS_INPUTS_MAX = 24;
/** Added to an input's size when it is weighed against what it reaches, so that tiny ones do not win by that alone. */
const WORTH_BASE_BYTES = 200;

const corpusFolder = fileURLToPath(new URL("corpus/", import.meta.url));
const findingsFolder = fileURLToPath(new URL("findings/", import.meta.url));

const nameOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

/** Reads the kept inputs of a target, in order of their names. */
export async function readCorpus(targetName: string): Promise<readonly Uint8Array[]> {
  const folder = join(corpusFolder, targetName);
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => name.endsWith(".bin")).sort();
  return Promise.all(names.map(async (name) => new Uint8Array(await readFile(join(folder, name)))));
}

/** An input, and what it reaches that is not reached yet. */
interface Candidate {
  readonly input: Uint8Array;
  readonly features: Set<number>;
}

/**
 * Chooses the inputs that reach most beyond the seeds, each time the one that adds most for its size, until the
 * number or the size is full.
 */
async function choose(target: FuzzTarget, inputs: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  const known = new Set<number>();
  for (const seed of await target.listSeeds()) {
    for (const feature of (await target.run(seed)).features) known.add(feature);
  }
  let candidates: Candidate[] = [];
  for (const input of inputs) {
    const { features } = await target.run(input);
    candidates.push({ input, features: new Set(features.filter((feature) => !known.has(feature))) });
  }
  const chosen: Uint8Array[] = [];
  let leftBytes = CORPUS_BYTES_MAX;
  const worth = ({ input, features }: Candidate) => features.size / (input.length + WORTH_BASE_BYTES);
  while (chosen.length < CORPUS_INPUTS_MAX) {
    candidates = candidates.filter(({ input, features }) => features.size > 0 && input.length <= leftBytes);
    const [first, ...others] = candidates;
    if (first === undefined) break;
    const best = others.reduce((a, b) => (worth(b) > worth(a) ? b : a), first);
    chosen.push(best.input);
    leftBytes -= best.input.length;
    const added = [...best.features];
    for (const { features } of candidates) for (const feature of added) features.delete(feature);
  }
  return chosen;
}

/** Replaces the kept inputs of a target by a choice of these. */
export async function storeCorpus(target: FuzzTarget, inputs: readonly Uint8Array[]): Promise<number> {
  const chosen = await choose(target, inputs);
  const folder = join(corpusFolder, target.name);
  const files = new Map(chosen.map((bytes) => [`${nameOf(bytes)}.bin`, bytes]));
  for (const name of await readdir(folder)) if (!files.has(name)) await rm(join(folder, name));
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
  return chosen.length;
}

/** What was found, as it is stored beside the input. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly problem: string;
}

/** Stores an input that went wrong, with what is known about it; gives the path. */
export async function storeFinding(finding: Finding, input: Uint8Array): Promise<string> {
  await mkdir(findingsFolder, { recursive: true });
  const path = join(findingsFolder, `${finding.target}-${nameOf(input)}`);
  await writeFile(`${path}.bin`, input);
  await writeFile(`${path}.json`, `${JSON.stringify(finding, null, 2)}\n`);
  return `${path}.bin`;
}
