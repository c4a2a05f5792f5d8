import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createTestDatabase } from "@multitap/db/testing";
import { runKvContract } from "./contract.ts";
import { createPgListener } from "./pg-listener.ts";
import { createPostgresKv, type PostgresKv } from "./postgres.ts";

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

/** One process's view of a database: its own listening connection, its own driver. */
function openClient(database: TestDatabase, problems: string[]) {
  const report = (message: string) => void problems.push(message);
  const listener = createPgListener(database.handle.sql, report);
  const kv = createPostgresKv(database.handle, { listener, report });
  return {
    kv,
    async close() {
      await kv.close();
      await listener.close();
    },
  };
}

runKvContract("PostgreSQL", async () => {
  const database = await createTestDatabase();
  const first = openClient(database, []);
  const second = openClient(database, []);
  return {
    first: first.kv,
    second: second.kv,
    async cutConnections() {
      await database.handle.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`;
    },
    async dispose() {
      await first.close();
      await second.close();
      await database.drop();
    },
  };
});

describe("the sweep of kv on PostgreSQL", () => {
  let database: TestDatabase;
  let client: { kv: PostgresKv; close(): Promise<void> };
  beforeAll(async () => {
    database = await createTestDatabase();
    client = openClient(database, []);
  });
  afterAll(async () => {
    await client?.close();
    await database?.drop();
  });
  beforeEach(async () => {
    await database.handle.sql`truncate kv_entries, kv_members`;
  });
  const countRows = async () => {
    const [row] = await database.handle.sql`
      select (select count(*) from kv_entries)::int as entries, (select count(*) from kv_members)::int as members`;
    return row;
  };

  test("deletes what has expired and nothing else", async () => {
    const { kv } = client;
    await kv.set("alive", "v", { ttlMs: 60_000 });
    await kv.set("forever", "v");
    await kv.addMembers("set alive", ["a", "b"]);
    const names = Array.from({ length: 1_500 }, (_, index) => `expired ${index}`);
    await Promise.all(names.map((name) => kv.set(name, "v", { ttlMs: 1 })));
    await kv.addMembers("set expired", ["a", "b", "c"], { ttlMs: 1 });
    await kv.addMembers("set overwritten", ["a"]);
    await kv.set("set overwritten", "text");
    await Bun.sleep(20);
    expect(await kv.get("expired 7")).toBeNull();
    expect(await countRows()).toEqual({ entries: 1_505, members: 6 });
    expect(await kv.sweep()).toBe(1_505);
    expect(await countRows()).toEqual({ entries: 4, members: 2 });
    expect(await kv.sweep()).toBe(0);
    expect(await kv.get("alive")).toBe("v");
  });

  test("runs by itself and ends with the driver", async () => {
    const report = () => undefined;
    const listener = createPgListener(database.handle.sql, report);
    const kv = createPostgresKv(database.handle, { listener, report, sweepIntervalMs: 20 });
    await kv.set("swept", "v", { ttlMs: 1 });
    const countSwept = async () =>
      (await database.handle.sql`select 1 from kv_entries where key = 'swept'`).length;
    for (let tries = 0; tries < 100 && (await countSwept()) > 0; tries += 1) await Bun.sleep(10);
    expect(await countSwept()).toBe(0);
    await kv.close();
    await kv.set("kept", "v", { ttlMs: 1 });
    await Bun.sleep(80);
    const [row] = await database.handle.sql`select count(*)::int as count from kv_entries where key = 'kept'`;
    expect(row?.count).toBe(1);
    await listener.close();
  });
});
