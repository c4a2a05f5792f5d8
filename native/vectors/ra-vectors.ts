import { bytesSource } from "../host/byte-source.ts";
import { createPortableHasher } from "../host/portable-hash.ts";
import { nameOf } from "../host/rahash/files.ts";
import { detectConsoles, hashRetroAchievements, type RaFiles } from "../host/rahash/rahash.ts";
import type { ReadVectorFile } from "./chd-vectors.ts";
import type { RaCase } from "./ra/case.ts";

/** An input as its list names it: all but the bytes. */
export interface RaInputFacts extends Pick<RaCase, "id" | "consoleId" | "mode" | "entry"> {
  readonly paths: readonly string[];
}

/** Where the inputs come from: the builders beside this, or a server that has them. */
export interface RaInputs {
  list(): Promise<readonly RaInputFacts[]>;
  /** Reads one file of an input. */
  readFile(id: string, path: string): Promise<Uint8Array>;
}

interface Known {
  /** SHA-1 of each input file: holds the builders to the bytes that were hashed elsewhere. */
  readonly files: { readonly [path: string]: string };
  /** What the reference answers; empty where it gives no hash. */
  readonly hashes: readonly string[];
}

/** What the reference answers for each input, by its id. */
export type KnownRaAnswers = { readonly [id: string]: Known };

/** Inputs that are packed by the runtime's zlib, whose bytes may differ from version to version. */
const PACKED_HERE = new Set(["arduboy-fx", "dosz-plain", "dosz-dosc", "dosz-parent", "psp-cso"]);

/** Reads what is known about all inputs. */
export async function readRaAnswers(readFile: ReadVectorFile): Promise<KnownRaAnswers> {
  return JSON.parse(new TextDecoder().decode(await readFile("ra/ra-vectors.json"))) as KnownRaAnswers;
}

/** Gives the inputs of a list that the builders made; the bytes of one are made when they are asked for. */
export function inputsOfCases(cases: readonly RaCase[]): RaInputs {
  const byId = new Map(cases.map((item) => [item.id, item]));
  return {
    list: async () =>
      cases.map(({ files, id, consoleId, mode, entry }) => ({
        id,
        consoleId,
        mode,
        entry,
        paths: Object.keys(files),
      })),
    async readFile(id, path) {
      const file = byId.get(id)?.files[path];
      if (file === undefined) throw new RangeError(`no input ${id} ${path}`);
      return typeof file === "function" ? file() : file;
    },
  };
}

async function readFiles(facts: RaInputFacts, inputs: RaInputs): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of facts.paths) files.set(path, await inputs.readFile(facts.id, path));
  return files;
}

async function checkBytes(
  files: ReadonlyMap<string, Uint8Array>,
  wanted: Known["files"],
): Promise<readonly string[]> {
  const hasher = await createPortableHasher(["sha1"]);
  const problems = Object.keys(wanted)
    .filter((path) => !files.has(path))
    .map((path) => `${path} is missing`);
  for (const [path, bytes] of files) {
    hasher.update(bytes);
    const { sha1 } = hasher.digest();
    if (wanted[path] !== sha1) problems.push(`${path} has the SHA-1 ${sha1}, not ${wanted[path]}`);
  }
  return problems;
}

/** Gives hashers one after the other; the first hasher is made before, because making one takes a turn. */
async function createMd5Maker() {
  const hasher = await createPortableHasher(["md5"]);
  return () => {
    // The last message may have been left in the middle.
    hasher.digest();
    return {
      update: (bytes: Uint8Array) => hasher.update(bytes),
      digestHex: () => hasher.digest().md5,
    };
  };
}

async function listHashes(facts: RaInputFacts, files: ReadonlyMap<string, Uint8Array>): Promise<string[]> {
  const createMd5 = await createMd5Maker();
  const input: RaFiles = {
    entry: facts.entry,
    async find(path) {
      const bytes = files.get(path);
      return bytes === undefined ? null : bytesSource(bytes, nameOf(path));
    },
  };
  const consoles = facts.mode === "detect" ? await detectConsoles(input) : [facts.consoleId];
  const hashes: string[] = [];
  for (const consoleId of consoles) {
    const { raHash } = await hashRetroAchievements(input, consoleId, { createMd5 });
    if (raHash !== null) hashes.push(raHash);
  }
  return hashes;
}

/** Holds the hashes of an input against the reference's, with the portable MD5; gives what differs. */
export async function checkRaInput(
  facts: RaInputFacts,
  inputs: RaInputs,
  known: KnownRaAnswers,
): Promise<readonly string[]> {
  const wanted = known[facts.id];
  if (wanted === undefined) return ["there is no known answer"];
  const files = await readFiles(facts, inputs);
  const problems = PACKED_HERE.has(facts.id) ? [] : [...(await checkBytes(files, wanted.files))];
  const found = (await listHashes(facts, files)).join();
  if (found !== wanted.hashes.join()) problems.push(`gives "${found}", not "${wanted.hashes.join()}"`);
  return problems;
}
