import { Redis, type RedisOptions } from "ioredis";
import { AssertionError, assert } from "../../base/assert.ts";
import { AppError } from "../../base/errors.ts";
import { checkName, checkNames, checkTtl, checkValue } from "./check.ts";
import {
  KV_SET_MEMBERS_MAX,
  REDIS_COMMAND_TIMEOUT_MS,
  REDIS_CONNECT_TIMEOUT_MS,
  REDIS_RECONNECT_MS_MAX,
  REDIS_RECONNECT_MS_STEP,
} from "./limits.ts";
import { takeLock } from "./lock.ts";
import type { Kv, ReportProblem } from "./port.ts";
import { createRedisChannels } from "./redis-channels.ts";

/** What the Redis driver needs. */
export interface RedisKvOptions {
  /** `redis://` or `rediss://` with user, password and database number; `unix://` for a socket. */
  url: string;
  /** Put before every key and channel, so that several installations can share one Redis. Empty when absent. */
  prefix?: string | undefined;
  /** What a URL cannot say, such as a certificate authority. */
  connection?: Pick<RedisOptions, "tls" | "username" | "password" | "db"> | undefined;
  report: ReportProblem;
}

// Each script takes one key; the arguments stand in the comment.

/** () → text or nil. GETDEL exists only from Redis 6.2. */
const TAKE_SCRIPT = `local v = redis.call('GET', KEYS[1]); if v then redis.call('DEL', KEYS[1]) end; return v`;

/** (by, ttlMs, sliding 0|1) → {value as text, ttlMs}. Text, because Lua's numbers are exact only to 2^53. */
const INCREMENT_SCRIPT = `
redis.call('INCRBY', KEYS[1], ARGV[1])
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 or ARGV[3] == '1' then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  ttl = tonumber(ARGV[2])
end
return {redis.call('GET', KEYS[1]), ttl}`;

/** (ttlMs or '', member…). */
const ADD_MEMBERS_SCRIPT = `
redis.call('SADD', KEYS[1], unpack(ARGV, 2))
if ARGV[1] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end`;

/** (limit) → members, or nil when there are more. */
const MEMBERS_SCRIPT = `
if redis.call('SCARD', KEYS[1]) > tonumber(ARGV[1]) then return false end
return redis.call('SMEMBERS', KEYS[1])`;

/** (owner, ttlMs) → 1 when the lock was ours. */
const EXTEND_SCRIPT = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`;

/** (owner). */
const RELEASE_SCRIPT = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/**
 * Opens the kv port on Redis (or Valkey) with two connections, one of them for subscriptions. Returns at
 * once; `ping` tells whether the server answers.
 */
export function createRedisKv(options: RedisKvOptions): Kv {
  const { prefix = "" } = options;
  const connection = openRedis(options, "commands");
  const { redis } = connection;
  const guard = <T>(run: () => Promise<T>) => guardCommand(connection, run);
  const channels = createRedisChannels(() => openRedis(options, "subscriptions").redis, options.report);
  return {
    ...createEntryOperations(redis, prefix, guard),
    ...createSetOperations(redis, prefix, guard),
    async publish(channel, message) {
      checkName(channel, "channel");
      checkValue(message, "message");
      await guard(() => redis.publish(prefix + channel, message));
    },
    async subscribe(channel, listener) {
      checkName(channel, "channel");
      return guard(() => channels.subscribe(prefix + channel, listener));
    },
    lock: (key, lockOptions) =>
      takeLock(
        {
          acquire: (name, owner, ttlMs) =>
            guard(async () => (await redis.set(prefix + name, owner, "PX", ttlMs, "NX")) === "OK"),
          extend: (name, owner, ttlMs) =>
            guard(async () => (await redis.eval(EXTEND_SCRIPT, 1, prefix + name, owner, ttlMs)) === 1),
          release: (name, owner) =>
            guard(async () => void (await redis.eval(RELEASE_SCRIPT, 1, prefix + name, owner))),
        },
        key,
        lockOptions,
      ),
    ping: () => guard(async () => void (await redis.ping())),
    async close() {
      redis.disconnect();
      channels.close();
    },
  };
}

type Guard = <T>(run: () => Promise<T>) => Promise<T>;

function createEntryOperations(
  redis: Redis,
  prefix: string,
  guard: Guard,
): Pick<Kv, "get" | "set" | "take" | "remove" | "expire" | "increment"> {
  return {
    async get(key) {
      checkName(key, "key");
      return guard(() => redis.get(prefix + key));
    },
    async set(key, value, { ttlMs, when } = {}) {
      checkName(key, "key");
      checkValue(value, "value");
      if (ttlMs !== undefined) checkTtl(ttlMs);
      const life = ttlMs === undefined ? [] : ["PX", ttlMs];
      const condition = when === undefined ? [] : [when === "absent" ? "NX" : "XX"];
      const args = [prefix + key, value, ...life, ...condition];
      return guard(async () => (await redis.call("SET", args)) === "OK");
    },
    async take(key) {
      checkName(key, "key");
      return guard(async () => toText(await redis.eval(TAKE_SCRIPT, 1, prefix + key)));
    },
    async remove(keys) {
      checkNames(keys, "key");
      if (keys.length === 0) return 0;
      return guard(() => redis.unlink(keys.map((key) => prefix + key)));
    },
    async expire(key, ttlMs) {
      checkName(key, "key");
      checkTtl(ttlMs);
      return guard(async () => (await redis.pexpire(prefix + key, ttlMs)) === 1);
    },
    async increment(key, { ttlMs, by = 1, sliding = false }) {
      checkName(key, "key");
      checkTtl(ttlMs);
      assert(Number.isSafeInteger(by), `kv increment by ${by}`);
      return guard(async () => {
        const args = [by, ttlMs, sliding ? 1 : 0];
        const reply = await redis.eval(INCREMENT_SCRIPT, 1, prefix + key, ...args);
        assert(Array.isArray(reply), "kv increment answered no pair");
        return { value: Number(reply[0]), ttlMs: Number(reply[1]) };
      });
    },
  };
}

function createSetOperations(
  redis: Redis,
  prefix: string,
  guard: Guard,
): Pick<Kv, "addMembers" | "removeMembers" | "members"> {
  return {
    async addMembers(key, members, { ttlMs } = {}) {
      checkName(key, "key");
      checkNames(members, "member");
      if (ttlMs !== undefined) checkTtl(ttlMs);
      if (members.length === 0) return;
      const args = [ttlMs === undefined ? "" : String(ttlMs), ...members];
      await guard(() => redis.eval(ADD_MEMBERS_SCRIPT, 1, prefix + key, ...args));
    },
    async removeMembers(key, members) {
      checkName(key, "key");
      checkNames(members, "member");
      if (members.length > 0) await guard(() => redis.srem(prefix + key, [...members]));
    },
    async members(key) {
      checkName(key, "key");
      const reply = await guard(() => redis.eval(MEMBERS_SCRIPT, 1, prefix + key, KV_SET_MEMBERS_MAX));
      if (Array.isArray(reply)) return reply.map(String);
      throw new AppError("too_large", "KV_TOO_LARGE", {
        message: `a set has more than ${KV_SET_MEMBERS_MAX} members`,
      });
    },
  };
}

function toText(reply: unknown): string | null {
  return reply === null ? null : String(reply);
}

interface Connection {
  readonly redis: Redis;
  /** The last failure of the socket; the command itself is only told "Connection is closed". */
  lastFailure: Error | null;
}

function openRedis({ url, connection: extra, report }: RedisKvOptions, purpose: string): Connection {
  const redis = new Redis(url, {
    ...extra,
    connectTimeout: REDIS_CONNECT_TIMEOUT_MS,
    commandTimeout: REDIS_COMMAND_TIMEOUT_MS,
    // A command that may have been carried out is not sent twice, or a counter would count it twice; 0 makes
    // ioredis reject it at once. `autoResendUnfulfilledCommands: false` would let it hang (ioredis 6.0.0).
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * REDIS_RECONNECT_MS_STEP, REDIS_RECONNECT_MS_MAX),
  });
  const connection: Connection = { redis, lastFailure: null };
  redis.on("error", (error: Error) => {
    // Every attempt to reconnect fails the same way; it is said once.
    if (connection.lastFailure?.message !== error.message) {
      report(`the Redis connection for ${purpose} failed`, error);
    }
    connection.lastFailure = error;
  });
  redis.on("ready", () => {
    connection.lastFailure = null;
  });
  return connection;
}

/** Replies of Redis that mean our code used a key as something it is not. */
const MISUSE_REPLY = /^WRONGTYPE|value is not an integer|would overflow/;

/** Replies of a server that is there but cannot serve: starting, read-only replica, refused login and so on. */
const UNAVAILABLE_REPLY =
  /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOAUTH|WRONGPASS|NOPERM)\b/;

/** Replies of a server that refuses writes: over `maxmemory`, or unable to save to its disk. */
const FULL_REPLY = /^(OOM|MISCONF)\b/;

async function guardCommand<T>(connection: Connection, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toRedisFailure(error, connection.lastFailure);
  }
}

function toRedisFailure(thrown: unknown, lastFailure: Error | null): unknown {
  if (!(thrown instanceof Error) || thrown instanceof AppError || thrown instanceof AssertionError)
    return thrown;
  if (thrown.name === "ReplyError") {
    // A script's error carries the reply of the command inside it.
    const reply = thrown.message;
    if (MISUSE_REPLY.test(reply)) return new AssertionError(`kv key misused: ${reply}`, { cause: thrown });
    if (FULL_REPLY.test(reply)) {
      return new AppError("storage_full", "STORAGE_FULL", {
        message: "insufficient storage in Redis",
        cause: thrown,
      });
    }
    if (!UNAVAILABLE_REPLY.test(reply)) return thrown;
  }
  return new AppError("unavailable", "KV_UNAVAILABLE", {
    message: "Redis does not answer",
    cause: lastFailure ?? thrown,
  });
}
