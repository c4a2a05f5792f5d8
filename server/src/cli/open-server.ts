import type { Client } from "@multitap/client";
import type { Surroundings } from "./command.ts";
import { createOperatorClient, findRunningServer } from "./join.ts";

/** A server as a command uses it: the running one, or its parts in this process. */
export interface OpenedServer {
  /** Speaks as the operator. */
  readonly client: Client;
  /** Another process does the work. */
  readonly isJoined: boolean;
  /** Aborted, with a `CliError` as its reason, when a signal or the end of the database ends the command. */
  readonly signal: AbortSignal;
  close(): Promise<void>;
}

export interface OpenServerOptions {
  /** Without a running server, also work on jobs. */
  readonly withWorker: boolean;
  /** Asked before anything is started here; throws when only a running server will do. */
  readonly beforeStart?: (() => void) | undefined;
}

/**
 * Joins the server that runs on this machine, or opens what one consists of in this process, without a port.
 * @throws StartError or DbError when it must not start, `E_DATA_LOCKED` when a server that cannot be joined
 * has the data; CliError when a signal came meanwhile.
 */
export async function openServer(
  surroundings: Surroundings,
  options: OpenServerOptions,
): Promise<OpenedServer> {
  const config = await surroundings.getConfig();
  const log = surroundings.createLog(config);
  const { signal } = surroundings.getInterruption();
  const running = await findRunningServer(config.basePath, log);
  if (running !== null) {
    const client = createOperatorClient(running);
    return { client, isJoined: true, signal, close: () => client.close() };
  }
  options.beforeStart?.();
  // Loaded only now: a command that joins a server needs none of it, and most of its time would go into loading.
  const { openHere } = await import("./open-here.ts");
  const opened = await openHere(config, { log, signal, withWorker: options.withWorker });
  if (!signal.aborted) return opened;
  await opened.close();
  throw signal.reason;
}
