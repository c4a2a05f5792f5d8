import { test } from "bun:test";
import { createTestDatabase } from "@multitap/db/testing";
import { createPgListener } from "../../ports/kv/pg-listener.ts";
import type { Kv } from "../../ports/kv/port.ts";
import { createPostgresKv } from "../../ports/kv/postgres.ts";
import { createRedisKv } from "../../ports/kv/redis.ts";
import { runSessionStoreContract, type SessionStore } from "./contract.testing.ts";
import { createSessionKeeper, renewSession } from "./service.ts";

/** lucia with our adapter, the way the sessions use both. */
function openStore(kv: Kv, maxAgeMs: number): SessionStore {
  const keeper = createSessionKeeper(kv, maxAgeMs);
  return {
    async create(userId, facts, sessionId) {
      await keeper.createSession(userId, facts, { sessionId });
    },
    find: async (sessionId) => (await keeper.validateSession(sessionId)).session,
    list: async (userId) => await keeper.getUserSessions(userId),
    renew: async (session) => await renewSession(kv, session, maxAgeMs),
    end: async (sessionId) => await keeper.invalidateSession(sessionId),
    endAll: async (userId) => await keeper.invalidateUserSessions(userId),
  };
}

const ignore = () => undefined;

runSessionStoreContract("lucia on PostgreSQL", async () => {
  const database = await createTestDatabase();
  const clients = [1, 2].map(() => {
    const listener = createPgListener(database.handle.sql, ignore);
    return { listener, kv: createPostgresKv(database.handle, { listener, report: ignore }) };
  });
  const [first, second] = clients;
  return {
    first: (maxAgeMs) => openStore(first?.kv as Kv, maxAgeMs),
    second: (maxAgeMs) => openStore(second?.kv as Kv, maxAgeMs),
    async dispose() {
      for (const { kv, listener } of clients) {
        await kv.close();
        await listener.close();
      }
      await database.drop();
    },
  };
});

const url = process.env.MULTITAP_TEST_REDIS_URL;
if (url === undefined) {
  const reason = "login sessions on Redis: skipped, MULTITAP_TEST_REDIS_URL is not set";
  console.info(reason);
  test.skip(reason, () => undefined);
} else {
  runSessionStoreContract("lucia on Redis", async () => {
    const prefix = `multitap-test-${crypto.randomUUID()}:`;
    const first = createRedisKv({ url, prefix, report: ignore });
    const second = createRedisKv({ url, prefix, report: ignore });
    return {
      first: (maxAgeMs) => openStore(first, maxAgeMs),
      second: (maxAgeMs) => openStore(second, maxAgeMs),
      async dispose() {
        // Everything lives ten minutes at most, so nothing has to be searched for.
        await first.close();
        await second.close();
      },
    };
  });
}
