import { prepareBaseFolder } from "../app/base-folder.ts";
import type { Config } from "../app/config.ts";
import { createControlKey } from "../app/control.ts";
import { createDispatcher } from "../app/dispatcher.ts";
import { createHealthChecks } from "../app/health-checks.ts";
import { createLifecycle } from "../app/lifecycle.ts";
import { openServerParts } from "../app/server-parts.ts";
import type { Log } from "../ports/log/port.ts";
import { CliError } from "./errors.ts";
import { createOperatorClient } from "./join.ts";
import { CONNECT_WAIT_MS, LOCK_WAIT_MS } from "./limits.ts";
import type { OpenedServer } from "./open-server.ts";

export interface HereOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly withWorker: boolean;
}

/**
 * Opens what a server consists of in this process; its client calls the doors directly, without a port.
 * @throws StartError or DbError when it must not start.
 */
export async function openHere(
  config: Config,
  { log, signal, withWorker }: HereOptions,
): Promise<OpenedServer> {
  await prepareBaseFolder(config.basePath);
  const lifecycle = createLifecycle();
  const ended = new AbortController();
  const parts = await openServerParts(config, {
    log,
    lifecycle,
    withWorker,
    lockWaitMs: LOCK_WAIT_MS,
    connectWaitMs: CONNECT_WAIT_MS,
    onFailed: () =>
      ended.abort(new CliError("CLI_SERVER_ENDED", "the database stopped and cannot be restarted")),
  });
  const { ports, facts, cache, zips } = parts;
  const controlKey = createControlKey();
  const dispatcher = createDispatcher({
    lifecycle,
    onFailure: (error) => parts.ports.log.error("request failed", { error }),
    ...config,
  });
  dispatcher.attach({
    ports,
    facts,
    cache,
    zips,
    controlKey,
    healthChecks: createHealthChecks(ports),
    socketMounts: [],
  });
  lifecycle.enter({ name: "serving" });
  const client = createOperatorClient({
    url: "http://127.0.0.1",
    token: controlKey.token,
    fetch: async (url, init) => {
      const response = await dispatcher.fetch(new Request(url, init), null);
      return response ?? new Response(null, { status: 426 });
    },
  });
  return {
    client,
    isJoined: false,
    signal: AbortSignal.any([signal, ended.signal]),
    async close() {
      await client.close();
      lifecycle.enter({ name: "stopping" });
      // Somebody who wants to leave does not wait for jobs; the next server goes on with them.
      await parts.close(signal.aborted ? 0 : undefined);
    },
  };
}
