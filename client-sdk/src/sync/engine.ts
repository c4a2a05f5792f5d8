import { partsOf } from "../client-parts.ts";
import { MultitapError } from "../errors.ts";
import type { Client } from "../index.ts";
import type { SyncEngine, SyncEvent, SyncOptions } from "./types.ts";

/**
 * Makes the sync of one device's saves with one server. Nothing is read or sent before the first call, which also loads
 * most of the code. One engine per store: two that write the same store at the same time know nothing of each other.
 * @throws MultitapError `invalid` (`CLIENT_FOREIGN`) for a client that `createClient` did not make.
 * @example
 * const sync = createSync(client, { deviceId, store, conflicts: (c) => (c.base === null ? "keep_both" : "server_wins") });
 * const { uploaded, downloaded } = await sync.run();
 */
export function createSync(client: Client, options: SyncOptions): SyncEngine {
  const parts = partsOf(client);
  let loading: Promise<Pick<SyncEngine, "plan" | "run">> | null = null;
  const open = async () => {
    const { createEngine, createSyncServer } = await loaded(import("./engine-work.ts"));
    const owner = { url: client.url, deviceId: options.deviceId };
    return createEngine({ ...parts, owner, options, server: createSyncServer(parts, options) });
  };
  const engine = () => {
    loading ??= open().catch((thrown: unknown) => {
      loading = null;
      throw thrown;
    });
    return loading;
  };
  const run: SyncEngine["run"] = async (how) => await (await engine()).run(how);
  return {
    run,
    plan: async (how) => await (await engine()).plan(how),
    async *follow(how): AsyncGenerator<SyncEvent, void> {
      const { followStore } = await loaded(import("./follower.ts"));
      yield* followStore({ client, parts, options, run }, how);
    },
  };
}

/** A page whose server is gone cannot load the rest of itself. */
async function loaded<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (thrown) {
    throw new MultitapError("network", "NETWORK_FAILED", {
      message: "A part of the sync could not be loaded",
      cause: thrown,
    });
  }
}
