import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql as text } from "drizzle-orm";
import type postgres from "postgres";
import { type DatabaseHandle, openDatabase } from "../client.ts";
import { catchError, waitFor } from "../embedded/fixtures/clusters.ts";
import { isConnectionLost, sqlState } from "../errors.ts";
import { createTestDatabase, type TestDatabase } from "../testing.ts";

const TIMEOUT_MS = 15_000;

let database: TestDatabase;
let killer: DatabaseHandle;

const open = (maxConnections: number) =>
  openDatabase(database.target, { maxConnections, applicationName: "pool test", connectTimeoutMs: 2_000 });

beforeAll(async () => {
  database = await createTestDatabase();
  killer = database.handle;
  await killer.sql`create table entries (id integer primary key)`;
});

afterAll(() => database.drop());

type Runner = Pick<postgres.Sql, "unsafe">;

const getBackend = async (sql: Runner): Promise<number> =>
  (await sql.unsafe("select pg_backend_pid() as pid"))[0]?.pid as number;

const killBackend = (pid: number) => killer.sql`select pg_terminate_backend(${pid})`;

describe("a pool whose connection is lost", () => {
  test(
    "in a running query of a transaction, rejects it and works on",
    async () => {
      const { sql, db, close } = open(1);
      for (let round = 0; round < 3; round++) {
        const lost = db.transaction(async (transaction) => {
          await transaction.execute(text`insert into entries values (1)`);
          const [row] = await transaction.execute(text`select pg_backend_pid() as pid`);
          setTimeout(() => void killBackend(row?.pid as number).execute(), 20);
          await transaction.execute(text`select pg_sleep(10)`);
        });
        expect(isConnectionLost(await catchError(lost))).toBe(true);
        expect(await sql`select id from entries where id = 1`).toHaveLength(0);
      }
      await close();
    },
    TIMEOUT_MS,
  );

  test(
    "between two statements of a transaction, never runs the second one elsewhere",
    async () => {
      const { sql, close } = open(1);
      const lost = sql.begin(async (transaction) => {
        await killBackend(await getBackend(transaction));
        await Bun.sleep(50);
        await transaction`insert into entries values (2)`;
      });
      expect(isConnectionLost(await catchError(lost))).toBe(true);
      expect(await sql`select id from entries where id = 2`).toHaveLength(0);
      await close();
    },
    TIMEOUT_MS,
  );

  test(
    "while reserved, answers errors on it from then on",
    async () => {
      const { sql, close } = open(1);
      const reserved = await sql.reserve();
      await killBackend(await getBackend(reserved));
      for (let attempt = 0; attempt < 3; attempt++) {
        expect(isConnectionLost(await catchError(reserved`select 1`))).toBe(true);
      }
      reserved.release();
      expect(await sql`select 1 as one`).toHaveLength(1);
      await close();
    },
    TIMEOUT_MS,
  );

  test(
    "with much work at once, settles every query",
    async () => {
      const { sql, close } = open(3);
      const pid = await getBackend(sql);
      const work = Array.from({ length: 60 }, (_, index) => sql`select pg_sleep(0.01), ${index}::int as n`);
      const results = Promise.allSettled(work);
      await killBackend(pid);
      const lost = (await results).filter(({ status }) => status === "rejected");
      for (const outcome of lost) expect(isConnectionLost("reason" in outcome && outcome.reason)).toBe(true);
      expect(lost.length).toBeLessThan(20);
      await close();
    },
    TIMEOUT_MS,
  );

  test(
    "listening, hears again afterwards",
    async () => {
      const { sql, close } = open(1);
      const heard: string[] = [];
      await sql.listen("pool_test", (payload) => heard.push(payload));
      await sql.notify("pool_test", "one");
      expect(await waitFor(() => heard.includes("one"), 2_000)).toBe(true);
      await killer.sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen "pool_test"%'`;
      await Bun.sleep(300);
      await sql.notify("pool_test", "two");
      expect(await waitFor(() => heard.includes("two"), 2_000)).toBe(true);
      await close();
    },
    TIMEOUT_MS,
  );
});

describe("a transaction", () => {
  test("rolls back when the body fails, and when a failed statement was swallowed", async () => {
    const { sql, close } = open(2);
    const thrown = new Error("from the body");
    const first = sql.begin(async (transaction) => {
      await transaction`insert into entries values (10)`;
      throw thrown;
    });
    expect(await catchError(first)).toBe(thrown);
    const second = sql.begin(async (transaction) => {
      await transaction`insert into entries values (11)`;
      await Promise.allSettled([transaction`select 1 / 0`]);
    });
    expect(sqlState(await catchError(second))).toBe("22012");
    expect(await sql`select id from entries where id in (10, 11)`).toHaveLength(0);
    await close();
  });

  test("keeps what came before a failed savepoint", async () => {
    const { db, sql, close } = open(1);
    await db.transaction(async (outer) => {
      await outer.execute(text`insert into entries values (20)`);
      const inner = outer.transaction(async (nested) => {
        await nested.execute(text`insert into entries values (21)`);
        await nested.execute(text`select 1 / 0`);
      });
      expect(sqlState(await catchError(inner))).toBe("22012");
      await outer.transaction((nested) => nested.execute(text`insert into entries values (22)`));
    });
    const rows = await sql`select id from entries where id between 20 and 29 order by id`;
    expect(rows.map(({ id }) => id)).toEqual([20, 22]);
    await close();
  });

  test("takes a mode, awaits an array, and refuses queries after its end", async () => {
    const { sql, close } = open(1);
    const [rows] = await sql.begin("read only", (transaction) => [
      transaction`select current_setting('transaction_read_only') as mode`,
    ]);
    expect(rows?.[0]?.mode).toBe("on");
    let leaked: postgres.TransactionSql | undefined;
    await sql.begin(async (transaction) => {
      leaked = transaction;
      await transaction`select 1`;
    });
    expect(await catchError(Promise.resolve(leaked?.unsafe("select 1")))).toMatchObject({
      code: "E_DB_CONNECT",
    });
    await close();
  });

  test("notifies on its own connection, and only when it commits", async () => {
    const { sql, close } = open(1);
    const heard: string[] = [];
    await sql.listen("pool_commit", (payload) => heard.push(payload));
    const failed = sql.begin(async (transaction) => {
      await transaction.notify("pool_commit", "undone");
      throw new Error("undo");
    });
    await catchError(failed);
    await sql.begin((transaction) => transaction.notify("pool_commit", "done"));
    expect(await waitFor(() => heard.length > 0, 2_000)).toBe(true);
    expect(heard).toEqual(["done"]);
    await close();
  });
});

describe("the pool", () => {
  test("opens no more connections than allowed, and serves all who wait in order", async () => {
    const { sql, close } = open(2);
    const pids = new Set<number>();
    const order: number[] = [];
    const work = Array.from({ length: 10 }, (_, index) =>
      sql.begin(async (transaction) => {
        pids.add(await getBackend(transaction));
        order.push(index);
        await transaction`select pg_sleep(0.005)`;
      }),
    );
    await Promise.all(work);
    expect(pids.size).toBe(2);
    // The first two wait for their connections; of the others two run at a time, so neighbours may change places.
    const waited = order.filter((index) => index > 1);
    for (const [place, index] of waited.entries()) expect(Math.abs(place + 2 - index)).toBeLessThan(3);
    await close();
  });

  test("runs cursors, COPY both ways, cancelled queries and fragments", async () => {
    const { sql, close } = open(1);
    const seen: number[] = [];
    for await (const rows of sql`select n from generate_series(1, 7) n`.cursor(3)) {
      seen.push(...rows.map(({ n }) => n as number));
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const writable = await sql`copy entries from stdin`.writable();
    await new Promise<void>((resolve, reject) => {
      writable.once("error", reject).once("close", resolve).end("30\n31\n");
    });
    const readable =
      await sql`copy (select id from entries where id in (30, 31) order by 1) to stdout`.readable();
    const chunks = await Array.fromAsync(readable as AsyncIterable<Buffer>);
    expect(Buffer.concat(chunks).toString()).toBe("30\n31\n");
    const slow = sql`select pg_sleep(10)`;
    const cancelled = catchError(slow);
    await Bun.sleep(50);
    slow.cancel();
    expect(sqlState(await cancelled)).toBe("57014");
    const filter = sql`where id = ${30}`;
    expect(await sql`select ${sql("id")} from entries ${filter}`).toHaveLength(1);
    expect(await sql`insert into entries ${sql([{ id: 32 }, { id: 33 }])} returning id`).toHaveLength(2);
    await close();
  });

  test("closes at once when idle, and rejects those who wait", async () => {
    const { sql, close } = open(1);
    const busy = catchError(sql`select pg_sleep(10)`);
    await Bun.sleep(20);
    const transaction = catchError(sql.begin((inner) => inner`select 1`));
    await close(100);
    expect(isConnectionLost(await busy)).toBe(true);
    expect(await transaction).toMatchObject({ code: "E_DB_CONNECT" });
    const startedAt = performance.now();
    await close();
    expect(performance.now() - startedAt).toBeLessThan(100);
  });

  test("does not fail for ever when the server was absent", async () => {
    const { close, sql } = openDatabase(
      { socketFolder: "/nonexistent", user: "x", database: "x", port: 5432 },
      { maxConnections: 1, applicationName: "x" },
    );
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(isConnectionLost(await catchError(sql`select 1`))).toBe(true);
      expect(isConnectionLost(await catchError(sql.begin((inner) => inner`select 1`)))).toBe(true);
    }
    await close();
  });
});
