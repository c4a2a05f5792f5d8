import { afterEach, describe, expect, test } from "bun:test";
import type { DatabaseHandle } from "../client.ts";
import { migrate } from "../migrate.ts";
import { listMigrations } from "../migration-files.ts";
import { createOlderDatabase, createTestDatabase, type TestDatabase } from "../testing.ts";
import {
  checkDumpHistory,
  type DumpFacts,
  findOccupancy,
  openSnapshot,
  type RestoreOptions,
  restoreDump,
} from "./index.ts";
import { openSession } from "./session.ts";
import { orderByLinks } from "./tables.ts";

const opened: TestDatabase[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.drop();
});

async function open(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  opened.push(database);
  return database;
}

const HOSTILE = "tab\t newline\n return\r backslash \\N \\. quote '\" zero-width \u200b emoji 🎮";

async function fill({ sql }: DatabaseHandle): Promise<void> {
  const [user] = await sql<{ id: number }[]>`
    insert into users (username, ui_settings) values (${HOSTILE}, ${JSON.stringify({ text: HOSTILE })}::text::jsonb), ('b', null)
    returning id`;
  await sql`insert into platforms (slug, fs_slug, name, name_sort_key) values ('gb', 'gb', ${HOSTILE}, '')`;
  await sql`insert into devices (id, user_id, name) values (gen_random_uuid(), ${user?.id ?? 0}, ${HOSTILE})`;
}

/** A dump in memory. */
interface Dump extends DumpFacts {
  readonly texts: ReadonlyMap<string, Buffer>;
}

async function dump(database: TestDatabase, meanwhile = async () => undefined): Promise<Dump> {
  const snapshot = await openSnapshot(database.target);
  try {
    await meanwhile();
    const texts = new Map<string, Buffer>();
    for (const table of snapshot.tables) {
      texts.set(table.name, Buffer.concat(await Array.fromAsync(snapshot.copyOut(table))));
    }
    const tables = snapshot.tables.map((table) => {
      const text = texts.get(table.name)?.toString("latin1") ?? "";
      return { ...table, rowCount: text.split("\n").length - 1 };
    });
    return { texts, tables, history: snapshot.history, sequences: snapshot.sequences };
  } finally {
    await snapshot.close();
  }
}

function restoring(to: TestDatabase, from: Dump, isReplacing = false): RestoreOptions {
  return {
    target: to.target,
    facts: from,
    readTable: async function* (name) {
      yield from.texts.get(name) ?? Buffer.alloc(0);
    },
    appVersion: "test",
    isReplacing,
    otherSchemas: ["pgboss"],
  };
}

/** All rows of all tables but those that expire, as the server writes them. */
async function contentOf({ handle: { sql } }: TestDatabase): Promise<Record<string, unknown>> {
  const content: Record<string, unknown> = {};
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`;
  for (const { name } of tables.filter((table) => !table.name.startsWith("kv_"))) {
    content[name] = await sql.unsafe(`select t::text from "${name}" t order by 1`);
  }
  return content;
}

describe("restoreDump", () => {
  test("gives every row back, whatever its text, and goes on counting where the sequences stood", async () => {
    const [from, to] = await Promise.all([open(), open()]);
    await fill(from.handle);
    const expected = await contentOf(from);
    // What is written once the snapshot stands is not in it.
    const kept = await dump(from, async () => {
      await from.handle.sql`insert into users (username) values ('late')`;
      return undefined;
    });
    await restoreDump(restoring(to, kept));
    expect(await contentOf(to)).toEqual(expected);
    const [row] = await to.handle.sql<{ id: number }[]>`
      insert into users (username) values ('next') returning id`;
    // The late one was made after the sequences were read.
    expect(row?.id).toBe(3);
  }, 30_000);

  test("brings the rows of an earlier release back, which are then brought up to this one", async () => {
    const from = await createOlderDatabase(10);
    opened.push(from);
    const to = await open();
    await fill(from.handle);
    const kept = await dump(from);
    expect(kept.history).toHaveLength(10);
    await restoreDump(restoring(to, kept));
    expect(await contentOf(to)).toEqual(await contentOf(from));
    const { level } = await migrate(to.handle, { appVersion: "test", log: () => undefined });
    expect(level).toBe(listMigrations().length);
    const names = await to.handle.sql<{ username: string }[]>`select username from users order by id`;
    expect(names.map(({ username }) => username)).toEqual([HOSTILE, "b"]);
  }, 30_000);

  test("brings the triggers back", async () => {
    const [from, to] = await Promise.all([open(), open()]);
    await restoreDump(restoring(to, await dump(from)));
    const off = await to.handle
      .sql`select tgname from pg_trigger where not tgisinternal and tgenabled <> 'O'`;
    expect([...off]).toEqual([]);
  }, 30_000);

  test("refuses a database in use unless it is to be replaced", async () => {
    const [from, to] = await Promise.all([open(), open()]);
    const kept = await dump(from);
    await fill(to.handle);
    expect(await findOccupancy(to.target)).toBe("used");
    const before = await contentOf(to);
    await expect(restoreDump(restoring(to, kept))).rejects.toMatchObject({ name: "DatabaseInUse" });
    expect(await contentOf(to)).toEqual(before);
    await restoreDump(restoring(to, kept, true));
    expect(await contentOf(to)).toEqual(await contentOf(from));
    expect(await findOccupancy(to.target)).toBe("empty");
  }, 30_000);

  test.each([
    ["rows that PostgreSQL refuses", "no number\tx\n"],
    ["fewer rows than were counted", ""],
    ["rows that end within a line", "1"],
  ])(
    "keeps nothing of a dump with %s",
    async (_, text) => {
      const [from, to] = await Promise.all([open(), open()]);
      await fill(from.handle);
      await fill(to.handle);
      const before = await contentOf(to);
      const kept = await dump(from);
      const texts = new Map(kept.texts).set("platforms", Buffer.from(text));
      expect(restoreDump(restoring(to, { ...kept, texts }, true))).rejects.toMatchObject({
        code: "E_SCHEMA_FOREIGN",
      });
      expect(await contentOf(to)).toEqual(before);
    },
    30_000,
  );

  test("passes on what reading the dump failed with, and keeps nothing", async () => {
    const [from, to] = await Promise.all([open(), open()]);
    const kept = await dump(from);
    const failing = {
      ...restoring(to, kept),
      // biome-ignore lint/correctness/useYield: it fails before its first chunk.
      readTable: async function* (): AsyncGenerator<Uint8Array> {
        throw new RangeError("the disk is gone");
      },
    };
    await expect(restoreDump(failing)).rejects.toThrow("the disk is gone");
    expect(await findOccupancy(to.target)).toBe("empty");
  }, 30_000);
});

test("a session answers after a COPY of any length, also when its end filled the driver's stream", async () => {
  const database = await open();
  const session = openSession(database.target);
  try {
    for (let rowCount = 10; rowCount <= 250; rowCount += 10) {
      const text = `copy (select repeat('x', 300) from generate_series(1, ${rowCount})) to stdout`;
      const chunks = await Array.fromAsync(session.copyOut(text));
      expect(Buffer.concat(chunks).length).toBe(301 * rowCount);
      expect(await session.run("select 1 as one")).toMatchObject([{ one: 1 }]);
    }
  } finally {
    await session.close();
  }
}, 20_000);

test("checkDumpHistory refuses what a later release wrote", () => {
  const history = Array.from({ length: 500 }, (_, index) => ({
    number: index + 1,
    name: "x",
    sha256: "x",
    appVersion: "9.9.9",
  }));
  expect(() => checkDumpHistory(history, "1.0.0")).toThrow("Use 9.9.9 or later");
});

test("orderByLinks puts tables behind those that they lead to", () => {
  const tables = ["a", "b", "c"].map((name) => ({ name, columns: [] }));
  const links = [
    { from: "a", to: "c" },
    { from: "c", to: "b" },
    { from: "b", to: "b" },
  ];
  expect(orderByLinks(tables, links).map(({ name }) => name)).toEqual(["b", "c", "a"]);
});
