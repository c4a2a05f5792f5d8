import postgres from "postgres";
import { assert } from "../../base/assert.ts";
import { AppError } from "../../base/errors.ts";
import {
  LISTEN_PROBE_INTERVAL_MS,
  LISTEN_PROBE_TIMEOUT_MS,
  LISTEN_RETRY_MS_MAX,
  LISTEN_RETRY_MS_MIN,
} from "./limits.ts";
import type { ReportProblem } from "./port.ts";

/** What happens on one channel of PostgreSQL. */
export interface PgChannelHandler {
  onNotify(payload: string): void;
  /** Called whenever listening begins again after a loss: what was sent meanwhile did not arrive. */
  onResume?: (() => void) | undefined;
}

/** One connection to PostgreSQL that listens to any number of channels and survives its own loss. */
export interface PgListener {
  /**
   * Starts listening; resolves when PostgreSQL has confirmed it.
   * @param channel Lower-case letters, digits and `_`, at most 63.
   * @returns Stops listening. Several handlers of one channel are independent.
   * @throws AppError `KV_UNAVAILABLE` when the database does not answer in time.
   */
  listen(channel: string, handler: PgChannelHandler): Promise<() => Promise<void>>;
  /** Closes the connection and forgets all channels. Harmless when repeated. */
  close(): Promise<void>;
}

const CHANNEL_NAME = /^[a-z0-9_]{1,63}$/;

/** The fields of postgres.js 3.4.9 that its own `listen` uses and its types leave out. */
interface ListenOptions {
  onnotify(channel: string, payload: string): void;
  onclose(): void;
  shared: { retries: number; typeArrayMap: Record<string, never> };
}

type Client = postgres.Sql;

interface State {
  readonly channels: Map<string, Set<PgChannelHandler>>;
  client: Client | null;
  /** Settles when the running attempts to connect have succeeded; null while nothing is tried. */
  connecting: Promise<Client> | null;
  isClosed: boolean;
  /** True once a connection was had, so that the next one is a resumption. */
  wasConnected: boolean;
}

/**
 * Creates the listener without connecting; the first `listen` does. postgres.js's own `listen` is not used
 * because it gives up for good when the first attempt after a loss fails, as during a restart of the server.
 * @param sql A pool on the same database; only its options are read.
 */
export function createPgListener(sql: postgres.Sql, report: ReportProblem): PgListener {
  const state: State = {
    channels: new Map(),
    client: null,
    connecting: null,
    isClosed: false,
    wasConnected: false,
  };
  const connect = () => connectOnce(state, sql, report);
  const probe = setInterval(() => void probeConnection(state, report), LISTEN_PROBE_INTERVAL_MS);
  probe.unref();
  return {
    listen: (channel, handler) => addHandler(state, connect, { channel, handler }),
    async close() {
      state.isClosed = true;
      clearInterval(probe);
      state.channels.clear();
      const { client } = state;
      state.client = null;
      await client?.end({ timeout: 0 });
    },
  };
}

async function addHandler(
  state: State,
  connect: () => Promise<Client>,
  { channel, handler }: { channel: string; handler: PgChannelHandler },
): Promise<() => Promise<void>> {
  assert(CHANNEL_NAME.test(channel), `bad channel name ${channel}`);
  const handlers = state.channels.get(channel) ?? new Set();
  state.channels.set(channel, handlers);
  handlers.add(handler);
  const remove = async () => {
    if (!handlers.delete(handler) || handlers.size > 0 || state.channels.get(channel) !== handlers) return;
    state.channels.delete(channel);
    // A connection that is being lost forgets the channel by itself.
    await state.client?.unsafe(`unlisten "${channel}"`).catch(ignoreLoss);
  };
  const listening = confirmListening(state, connect, channel);
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(unavailable(null)), LISTEN_PROBE_TIMEOUT_MS);
  try {
    await Promise.race([listening, timeout.promise]);
    return remove;
  } catch (error) {
    await remove();
    throw error instanceof AppError ? error : unavailable(error);
  } finally {
    clearTimeout(timer);
  }
}

async function confirmListening(
  state: State,
  connect: () => Promise<Client>,
  channel: string,
): Promise<void> {
  const client = state.client ?? (await connect());
  try {
    // Harmless when the connecting statement has named the channel already.
    await client.unsafe(`listen "${channel}"`);
  } catch (error) {
    if (state.isClosed) throw unavailable(error);
    await connect();
  }
}

function connectOnce(state: State, sql: postgres.Sql, report: ReportProblem): Promise<Client> {
  if (state.connecting !== null) return state.connecting;
  const attempts = keepConnecting(state, sql, report).finally(() => {
    state.connecting = null;
  });
  // Attempts started by a loss are awaited by nobody; those who wait get the rejection from the original.
  attempts.catch(ignoreLoss);
  state.connecting = attempts;
  return attempts;
}

async function keepConnecting(state: State, sql: postgres.Sql, report: ReportProblem): Promise<Client> {
  for (let pauseMs = LISTEN_RETRY_MS_MIN; ; pauseMs = Math.min(pauseMs * 2, LISTEN_RETRY_MS_MAX)) {
    if (state.isClosed) throw unavailable(null);
    const client = openClient(state, sql, () => onLost(state, sql, { client, report }));
    try {
      await client.unsafe(listenStatements(state));
      if (state.isClosed) throw unavailable(null);
      state.client = client;
      if (state.wasConnected) resumeAll(state, report);
      state.wasConnected = true;
      return client;
    } catch (error) {
      await client.end({ timeout: 0 });
      if (state.isClosed) throw unavailable(error);
      report("cannot listen to the database; trying again", error);
      await Bun.sleep(pauseMs);
    }
  }
}

function openClient(state: State, sql: postgres.Sql, onLoss: () => void): Client {
  const ours: ListenOptions = {
    onnotify(channel, payload) {
      for (const handler of state.channels.get(channel) ?? []) handler.onNotify(payload);
    },
    onclose: onLoss,
    shared: { retries: 0, typeArrayMap: {} },
  };
  const options = {
    ...sql.options,
    max: 1,
    idle_timeout: null,
    max_lifetime: null,
    fetch_types: false,
    ...ours,
  };
  // Options that were parsed before carry `shared` and are taken as they are; the types do not know that.
  return postgres(options as unknown as postgres.Options<Record<string, never>>);
}

function listenStatements(state: State): string {
  const statements = [...state.channels.keys()].map((channel) => `listen "${channel}"`);
  return statements.length === 0 ? "select 1" : statements.join(";");
}

function onLost(
  state: State,
  sql: postgres.Sql,
  { client, report }: { client: Client; report: ReportProblem },
): void {
  if (state.isClosed || state.client !== client) return;
  state.client = null;
  void client.end({ timeout: 0 });
  void connectOnce(state, sql, report).catch(ignoreLoss);
}

function resumeAll(state: State, report: ReportProblem): void {
  report("listening to the database again; messages sent meanwhile are lost", null);
  for (const handlers of state.channels.values()) {
    for (const handler of handlers) handler.onResume?.();
  }
}

/** Finds connections that died without a word, for instance behind a NAT that forgot them. */
async function probeConnection(state: State, report: ReportProblem): Promise<void> {
  const { client } = state;
  if (client === null) return;
  const timer = setTimeout(() => {
    report("the listening connection does not answer; opening another", null);
    // Cutting it raises `onclose`, which connects again.
    void client.end({ timeout: 0 });
  }, LISTEN_PROBE_TIMEOUT_MS);
  await client.unsafe("select 1").catch(ignoreLoss);
  clearTimeout(timer);
}

function ignoreLoss(): void {
  // `onclose` reports and handles every loss; the statement that was under way adds nothing.
}

function unavailable(cause: unknown): AppError {
  return new AppError("unavailable", "KV_UNAVAILABLE", { message: "the database does not answer", cause });
}
