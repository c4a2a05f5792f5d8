import { test } from "bun:test";
import { Redis } from "ioredis";
import { assert } from "../../base/assert.ts";
import { runKvContract } from "./contract.ts";
import { createRedisKv } from "./redis.ts";

const url = process.env.MULTITAP_TEST_REDIS_URL;

if (url === undefined) {
  const reason = "kv on Redis: skipped, MULTITAP_TEST_REDIS_URL is not set";
  console.info(reason);
  test.skip(reason, () => undefined);
} else {
  runKvContract("Redis", async () => {
    const prefix = `multitap-test-${crypto.randomUUID()}:`;
    const problems: string[] = [];
    const report = (message: string) => void problems.push(message);
    const first = createRedisKv({ url, prefix, report });
    const second = createRedisKv({ url, prefix, report });
    const admin = new Redis(url);
    return {
      first,
      second,
      async cutConnections() {
        await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
        await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        assert(admin.status === "ready", "the administrator's connection survives");
      },
      async dispose() {
        await first.close();
        await second.close();
        for await (const keys of admin.scanStream({ match: `${prefix}*`, count: 1_000 })) {
          if (keys.length > 0) await admin.unlink(keys);
        }
        admin.disconnect();
      },
    };
  });
}
