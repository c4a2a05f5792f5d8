import { createHash } from "node:crypto";
import type { DatabaseHandle } from "@multitap/db";
import { AssertionError, assert } from "../../base/assert.ts";
import { AppError } from "../../base/errors.ts";
import { findErrorCode } from "../../base/outage.ts";
import { checkName, checkNames, checkTtl, checkValue } from "./check.ts";
import { KV_CHANNELS_MAX, KV_SET_MEMBERS_MAX, KV_SWEEP_INTERVAL_MS } from "./limits.ts";
import { takeLock } from "./lock.ts";
import { createMessageId, createMessageJoiner, splitMessage } from "./notify-frames.ts";
import { toPgFailure } from "./pg-failure.ts";
import type { PgListener } from "./pg-listener.ts";
import { createKvStatements, type KvStatements } from "./pg-statements.ts";
import type { Kv, ReportProblem } from "./port.ts";

/** What the PostgreSQL driver needs. */
export interface PostgresKvOptions {
  /** The one listening connection of the process; the caller closes it after the drivers that use it. */
  listener: PgListener;
  report: ReportProblem;
  /** Milliseconds between two sweeps, `KV_SWEEP_INTERVAL_MS` when absent. */
  sweepIntervalMs?: number | undefined;
}

/** The PostgreSQL driver also lets its sweep be run at will. */
export interface PostgresKv extends Kv {
  /** Deletes expired rows; returns how many. Runs by itself, and no answer depends on it. */
  sweep(): Promise<number>;
}

const INVALID_TEXT_REPRESENTATION = "22P02";
const NUMERIC_VALUE_OUT_OF_RANGE = "22003";

/**
 * Opens the kv port on tables of PostgreSQL (`db/schema/kv.ts`) and LISTEN/NOTIFY. Every operation is one
 * statement, so atomic, and all time is the database's. The pool stays the caller's.
 */
export function createPostgresKv(
  handle: Pick<DatabaseHandle, "sql">,
  options: PostgresKvOptions,
): PostgresKv {
  const statements = createKvStatements(handle.sql);
  const sweep = createSweep(statements, options);
  return {
    ...createEntryOperations(statements),
    ...createSetOperations(statements),
    ...createMessaging(statements, options),
    lock: (key, lockOptions) =>
      takeLock(
        {
          acquire: (name, owner, ttlMs) => guard(() => statements.setWhenAbsent(name, owner, ttlMs)),
          extend: (name, owner, ttlMs) => guard(() => statements.expireIfEqual(name, owner, ttlMs)),
          release: (name, owner) => guard(() => statements.removeIfEqual(name, owner)),
        },
        key,
        lockOptions,
      ),
    ping: () => guard(() => statements.ping()),
    sweep: sweep.run,
    async close() {
      await sweep.stop();
    },
  };
}

/** Gives the failures of one operation their names. */
async function guard<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = findErrorCode(error);
    if (code === INVALID_TEXT_REPRESENTATION || code === NUMERIC_VALUE_OUT_OF_RANGE) {
      throw new AssertionError("kv counter holds text that is not a whole number", { cause: error });
    }
    throw toPgFailure(error, "KV_UNAVAILABLE");
  }
}

type EntryOperations = Pick<Kv, "get" | "set" | "take" | "remove" | "expire" | "increment">;

function createEntryOperations(statements: KvStatements): EntryOperations {
  return {
    async get(key) {
      checkName(key, "key");
      return guard(() => statements.get(key));
    },
    async set(key, value, { ttlMs, when } = {}) {
      checkName(key, "key");
      checkValue(value, "value");
      if (ttlMs !== undefined) checkTtl(ttlMs);
      const life = ttlMs ?? null;
      if (when === "absent") return guard(() => statements.setWhenAbsent(key, value, life));
      if (when === "present") return guard(() => statements.setWhenPresent(key, value, life));
      await guard(() => statements.set(key, value, life));
      return true;
    },
    async take(key) {
      checkName(key, "key");
      return guard(() => statements.take(key));
    },
    async remove(keys) {
      checkNames(keys, "key");
      return keys.length === 0 ? 0 : guard(() => statements.remove(keys));
    },
    async expire(key, ttlMs) {
      checkName(key, "key");
      checkTtl(ttlMs);
      return guard(() => statements.expire(key, ttlMs));
    },
    async increment(key, { ttlMs, by = 1, sliding = false }) {
      checkName(key, "key");
      checkTtl(ttlMs);
      assert(Number.isSafeInteger(by), `kv increment by ${by}`);
      return guard(() => statements.increment(key, { ttlMs, by, sliding }));
    },
  };
}

type SetOperations = Pick<Kv, "addMembers" | "removeMembers" | "members">;

function createSetOperations(statements: KvStatements): SetOperations {
  return {
    async addMembers(key, members, { ttlMs } = {}) {
      checkName(key, "key");
      checkNames(members, "member");
      if (ttlMs !== undefined) checkTtl(ttlMs);
      if (members.length === 0) return;
      await guard(() => statements.addMembers(key, members, ttlMs ?? null));
    },
    async removeMembers(key, members) {
      checkName(key, "key");
      checkNames(members, "member");
      if (members.length > 0) await guard(() => statements.removeMembers(key, members));
    },
    async members(key) {
      checkName(key, "key");
      const members = await guard(() => statements.members(key, KV_SET_MEMBERS_MAX + 1));
      if (members.length <= KV_SET_MEMBERS_MAX) return members;
      throw new AppError("too_large", "KV_TOO_LARGE", {
        message: `a set has more than ${KV_SET_MEMBERS_MAX} members`,
      });
    },
  };
}

/** The channel of PostgreSQL for a channel of ours, whose name may be longer than the 63 bytes allowed there. */
function pgChannel(channel: string): string {
  return `kv_${createHash("sha256").update(channel).digest("hex").slice(0, 40)}`;
}

function createMessaging(
  statements: KvStatements,
  { listener, report }: PostgresKvOptions,
): Pick<Kv, "publish" | "subscribe"> {
  let channelCount = 0;
  return {
    async publish(channel, message) {
      checkName(channel, "channel");
      checkValue(message, "message");
      await guard(() => statements.notify(pgChannel(channel), splitMessage(message, createMessageId())));
    },
    async subscribe(channel, deliver) {
      checkName(channel, "channel");
      assert(channelCount < KV_CHANNELS_MAX, `over ${KV_CHANNELS_MAX} kv subscriptions`);
      const join = createMessageJoiner();
      channelCount += 1;
      const onNotify = (frame: string) => {
        const message = join(frame);
        if (message === null) return;
        try {
          deliver(message);
        } catch (error) {
          report(`a listener of kv channel ${channel} failed`, error);
        }
      };
      const stop = await listener.listen(pgChannel(channel), { onNotify }).catch((error: unknown) => {
        channelCount -= 1;
        throw error;
      });
      let isStopped = false;
      return async () => {
        if (isStopped) return;
        isStopped = true;
        channelCount -= 1;
        await stop();
      };
    },
  };
}

interface Sweep {
  run(): Promise<number>;
  stop(): Promise<void>;
}

function createSweep(
  statements: KvStatements,
  { report, sweepIntervalMs = KV_SWEEP_INTERVAL_MS }: PostgresKvOptions,
): Sweep {
  let running: Promise<unknown> | null = null;
  const run = () => guard(() => statements.sweep());
  const timer = setInterval(() => {
    if (running !== null) return;
    running = run()
      .catch((error: unknown) => report("cannot delete expired kv entries", error))
      .finally(() => {
        running = null;
      });
  }, sweepIntervalMs);
  timer.unref();
  return {
    run,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
