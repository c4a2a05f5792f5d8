import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sql as text } from "drizzle-orm";
import { bigint, pgTable, timestamp } from "drizzle-orm/pg-core";
import { openDatabase, parseInt8 } from "./client.ts";
import { catchError } from "./embedded/fixtures/clusters.ts";
import { constraintName, sqlState } from "./errors.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

const sizes = pgTable("client_test_sizes", {
  sizeBytes: bigint("size_bytes", { mode: "number" }).primaryKey(),
  exact: bigint("exact", { mode: "bigint" }),
  createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }),
});

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.handle.sql`create table client_test_sizes
    (size_bytes bigint primary key, exact bigint, created_at timestamptz(3))`;
});

afterAll(() => database.drop());

describe("openDatabase", () => {
  test("hands out int8 as a number, and drizzle's columns keep every digit", async () => {
    const { db, sql } = database.handle;
    await db.delete(sizes);
    const createdAt = new Date("2026-01-02T03:04:05.678Z");
    const exact = 9_223_372_036_854_775_807n;
    await db.insert(sizes).values({ sizeBytes: 8_589_934_592, exact, createdAt });
    expect(await db.select().from(sizes)).toEqual([{ sizeBytes: 8_589_934_592, exact, createdAt }]);
    const [row] =
      await sql`select count(*) as n, max(exact) as max, max(created_at) as at from client_test_sizes`;
    expect(row).toEqual({ n: 1, max: "9223372036854775807", at: "2026-01-02 03:04:05.678+00" });
    const [count] = await db.execute(text`select count(*) as n from client_test_sizes`);
    expect(count).toEqual({ n: 1 });
  });

  test("lets a failed statement of drizzle be told apart", async () => {
    const { db } = database.handle;
    await db.delete(sizes);
    await db.insert(sizes).values({ sizeBytes: 7 });
    const error = await catchError(db.insert(sizes).values({ sizeBytes: 7 }).execute());
    expect(sqlState(error)).toBe("23505");
    expect(constraintName(error)).toBe("client_test_sizes_pkey");
  });

  test("speaks UTC, under its own name, and hands notices over", async () => {
    const notices: string[] = [];
    const handle = openDatabase(database.target, {
      maxConnections: 1,
      applicationName: "notice test",
      onNotice: ({ message }) => notices.push(message ?? ""),
    });
    await handle.sql`drop table if exists no_such_table`;
    const [row] = await handle.sql`
      select current_setting('application_name') as name, current_setting('TimeZone') as zone`;
    expect(row).toEqual({ name: "notice test", zone: "UTC" });
    expect(notices).toEqual(['table "no_such_table" does not exist, skipping']);
    await handle.close();
  });

  test("rolls a failed transaction back", async () => {
    const { db } = database.handle;
    const failed = db.transaction(async (transaction) => {
      await transaction.insert(sizes).values({ sizeBytes: 99 });
      await transaction.execute(text`select 1 / 0`);
    });
    expect(sqlState(await catchError(failed))).toBe("22012");
    expect(await db.select().from(sizes).where(text`size_bytes = 99`)).toEqual([]);
  });

  test("closes within the time given although a query runs, and refuses new ones", async () => {
    const handle = openDatabase(database.target, { maxConnections: 1, applicationName: "x" });
    const running = catchError(handle.sql`select pg_sleep(20)`);
    await Bun.sleep(50);
    const startedAt = performance.now();
    await handle.close(200);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(await running).not.toBeNull();
    expect(await catchError(handle.sql`select 1`)).toMatchObject({ code: "E_DB_CONNECT" });
  });
});

describe("parseInt8", () => {
  test.each([
    ["0", 0],
    ["-1", -1],
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", "9007199254740992"],
    ["-9223372036854775808", "-9223372036854775808"],
  ])("of %s is %p", (digits, expected) => {
    expect(parseInt8(digits)).toBe(expected);
  });
});
