import { type ApiClient, signIn } from "./api-client.ts";
import type { Cleanup } from "./cleanup.ts";
import { readRssBytes } from "./processes.ts";
import { type ServerProcess, startServer } from "./server-process.ts";

/** A server of its own, and its memory before anything was asked of it. */
export interface ServerSession {
  readonly server: ServerProcess;
  readonly client: ApiClient;
  readonly idleRssBytes: number;
}

export interface ServerStart {
  readonly basePath: string;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

const SETTLE_MS = 2_000;

/** Runs work on a fresh server over a prepared folder, so that no figure hangs on what came before it. */
export async function withServer<T>(
  cleanup: Cleanup,
  start: ServerStart,
  work: (session: ServerSession) => Promise<T>,
): Promise<T> {
  const server = await startServer(cleanup, start);
  try {
    const client = await signIn(server.url);
    await Bun.sleep(SETTLE_MS);
    return await work({ server, client, idleRssBytes: readRssBytes(server.pid) });
  } finally {
    await server.stop();
  }
}
