import { basename, join } from "node:path";
import { isObject, type JsonObject, type Pair, type Route, type Transcript } from "./types.ts";

/** A file that was named on the command line cannot be used; the message says which and why. */
export class InputError extends Error {}

async function readJson(path: string): Promise<JsonObject> {
  let value: unknown;
  try {
    value = await Bun.file(path).json();
  } catch (cause) {
    throw new InputError(`${path} is not readable as JSON`, { cause });
  }
  if (!isObject(value)) throw new InputError(`${path} does not hold an object`);
  return value;
}

/**
 * The routes of a tab-separated list with the columns `method` and `path` first, in its order.
 * @throws InputError when its first line is another.
 */
export async function loadRoutes(path: string): Promise<readonly Route[]> {
  const file = Bun.file(path);
  if (!(await file.exists())) throw new InputError(`${path} is not there`);
  const [head = "", ...lines] = (await file.text()).split("\n");
  if (!head.startsWith("method\tpath\t")) throw new InputError(`${path} is not a list of routes`);
  return lines
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [method = "", routePath = ""] = line.split("\t");
      return { method, path: routePath };
    });
}

/**
 * The OpenAPI document of the reference.
 * @throws InputError when it has no paths.
 */
export async function loadOpenApi(path: string): Promise<JsonObject> {
  const document = await readJson(path);
  if (!isObject(document.paths)) throw new InputError(`${path} is not an OpenAPI document`);
  return document;
}

const isTranscript = (name: string) => name.startsWith("socket_");

async function listFiles(folder: string, isWanted: (name: string) => boolean): Promise<readonly string[]> {
  try {
    const names = await Array.fromAsync(new Bun.Glob("*.json").scan({ cwd: folder }));
    return names.filter(isWanted).sort();
  } catch (cause) {
    throw new InputError(`${folder} is not a readable folder`, { cause });
  }
}

/** A recorded pair as its file holds it: without its group and id. */
type PairRecord = Omit<Pair, "id" | "group">;

function isPairRecord(value: unknown): value is PairRecord {
  if (!isObject(value) || typeof value.seq !== "number" || typeof value.name !== "string") return false;
  const { request, response } = value;
  if (!isObject(request) || !isObject(response)) return false;
  const isRequest = typeof request.path === "string" && typeof request.method === "string";
  return isRequest && isObject(request.headers) && typeof response.status === "number";
}

/**
 * Every recorded pair of a folder, in the order in which they were recorded.
 * @throws InputError when a file is no recording, or when there is none.
 */
export async function loadPairs(folder: string): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (const name of await listFiles(folder, (file) => !isTranscript(file))) {
    const { group, items } = await readJson(join(folder, name));
    const records: readonly unknown[] = Array.isArray(items) ? items : [null];
    for (const record of records) {
      if (typeof group !== "string" || !isPairRecord(record)) throw new InputError(`${name} is no recording`);
      pairs.push({ ...record, group, id: `${group}/${record.seq}` });
    }
  }
  if (pairs.length === 0) throw new InputError(`${folder} holds no recording`);
  return pairs.sort((a, b) => a.seq - b.seq);
}

/**
 * Every recorded socket conversation of a folder.
 * @throws InputError when a file is none.
 */
export async function loadTranscripts(folder: string): Promise<readonly Transcript[]> {
  const transcripts: Transcript[] = [];
  for (const name of await listFiles(folder, isTranscript)) {
    const { log } = await readJson(join(folder, name));
    if (!Array.isArray(log) || !log.every(isObject)) throw new InputError(`${name} is no transcript`);
    transcripts.push({ id: `socket/${basename(name, ".json").slice("socket_".length)}`, log });
  }
  return transcripts;
}
