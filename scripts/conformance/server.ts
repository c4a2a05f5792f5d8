/** Runs the server that is looked at: a process of its own on a base folder of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../../server/src/app/e2e/server-process.testing.ts";
import type { OurAnswer } from "./compare-answers.ts";
import { writeLibrary } from "./library.ts";
import type { RequestBody } from "./translate-request.ts";
import type { Json } from "./types.ts";

/** No route works longer on a library this small; the rest is for a machine that does other work as well. */
const CALL_TIMEOUT_MS = 10_000;

export interface Call {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: RequestBody | undefined;
}

/** Sends one request and takes the whole answer; redirects are answers. */
export type CallServer = (call: Call) => Promise<OurAnswer>;

/** Makes the function that calls one server. */
export function createCaller(url: string): CallServer {
  return async ({ method, path, headers = {}, body = null }) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      body,
      redirect: "manual",
      // Answers are compared as they are sent, not as a client unpacks them.
      decompress: true,
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return {
      status: response.status,
      headers: [...response.headers],
      bytes,
      json: parseJson(response, bytes),
    };
  };
}

function parseJson(response: Response, bytes: Uint8Array): Json | undefined {
  if (!(response.headers.get("content-type") ?? "").includes("json") || bytes.length === 0) return undefined;
  return JSON.parse(new TextDecoder().decode(bytes)) as Json;
}

/** A server that answers, and its folder. */
export interface Scene {
  readonly call: CallServer;
  stop(): Promise<void>;
}

/**
 * Starts a server with the embedded database on a new base folder with the recording's library; nobody has an
 * account on it yet and nothing is scanned. `stop` ends it and removes the folder.
 */
export async function openScene(): Promise<Scene> {
  const basePath = await mkdtemp(join(tmpdir(), "multitap-conformance-"));
  const removeFolder = () => rm(basePath, { recursive: true, force: true });
  try {
    await writeLibrary(basePath);
    const server = await startServer({ basePath });
    return {
      call: createCaller(server.url),
      async stop() {
        await server.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
