import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createConnection, createServer, type Server } from "node:net";
import { catchError } from "./embedded/fixtures/clusters.ts";
import { DbError } from "./errors.ts";
import { judgeServer, openExternal, type ServerFacts } from "./external.ts";
import type { DbLogEntry } from "./log.ts";
import { describeTarget } from "./target.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

const MOVED = /^warn .*version 0\.1, .*REINDEX DATABASE .*REFRESH COLLATION VERSION/;
const POOL = { maxConnections: 1, applicationName: "multitap-test" };
const silent = { ...POOL, log: () => undefined, waitMs: 0 };

/** Listens on loopback and treats each connection as told; becomes the port. */
async function listen(serve: Parameters<typeof createServer>[1]): Promise<{ server: Server; port: number }> {
  const server = createServer({}, serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0 };
}

let database: TestDatabase;
let proxy: Awaited<ReturnType<typeof listen>>;
let name = "";

/** The test server over TCP, as an external one is reached. */
const urlOf = (databaseName: string, user = "multitap") => ({
  url: `postgres://${user}:secret@127.0.0.1:${proxy.port}/${databaseName}`,
});

beforeAll(async () => {
  database = await createTestDatabase();
  const { target } = database;
  name = describeTarget(target).split("/").at(-1) ?? "";
  proxy = await listen((client) => {
    const upstream =
      "url" in target
        ? createConnection(Number(new URL(target.url).port || 5432), new URL(target.url).hostname)
        : createConnection(`${target.socketFolder}/.s.PGSQL.${target.port}`);
    client.pipe(upstream).pipe(client);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
});

afterAll(async () => {
  proxy.server.close();
  await database.drop();
});

describe("openExternal", () => {
  test("opens a server that fits and tells its version", async () => {
    const opened = await openExternal(urlOf(name), silent);
    expect(opened.serverVersion).toMatch(/^\d\d\.\d+/);
    expect(await opened.sql`select 1 as one`).toEqual([{ one: 1 }] as never);
    await opened.close();
  });

  test("names a missing database, without the password", async () => {
    const error = await catchError(openExternal(urlOf("absent"), silent));
    expect(error).toMatchObject({ code: "E_DB_MISSING", exitCode: 78 });
    expect((error as Error).message).toMatch(/^database multitap@127\.0\.0\.1:\d+\/absent does not exist: /);
    expect((error as Error).message).not.toContain("secret");
  });

  test("names a user whom the server does not let in", async () => {
    const error = await catchError(openExternal(urlOf(name, "stranger"), silent));
    expect(error).toMatchObject({ code: "E_DB_AUTH", exitCode: 78 });
  });

  test("recognises MariaDB by its greeting and says how to go on", async () => {
    const { server, port } = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.write(Buffer.from("4a0000000a352e352e352d31302e31312e362d4d61726961444200", "hex"));
    });
    const error = await catchError(
      openExternal(
        { url: `postgres://romm:secret@127.0.0.1:${port}/romm` },
        { ...silent, source: "DB_HOST" },
      ),
    );
    expect(error).toMatchObject({ code: "E_DB_MARIADB", exitCode: 78 });
    expect((error as Error).message).toBe(
      `DB_HOST 127.0.0.1:${port} is MariaDB; Multitap uses PostgreSQL. Remove DB_* for the built-in database, then run import-romm. (E_DB_MARIADB)`,
    );
    server.close();
  });

  test("refuses another kind of server at once", async () => {
    const { server, port } = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end("SSH-2.0-OpenSSH_9.2\r\n");
    });
    const error = await catchError(
      openExternal({ url: `postgres://127.0.0.1:${port}/x` }, { ...silent, waitMs: 60_000 }),
    );
    expect(error).toMatchObject({ code: "E_DB_CONNECT", exitCode: 78 });
    expect((error as Error).message).toContain('it answered "SSH-2.0-OpenSSH_9.2"');
    server.close();
  });

  test("waits for a port where nothing listens yet, and says so", async () => {
    const { server, port } = await listen(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const entries: DbLogEntry[] = [];
    const target = { url: `postgres://127.0.0.1:${port}/x` };
    const error = await catchError(
      openExternal(target, { ...POOL, waitMs: 300, log: (entry) => entries.push(entry) }),
    );
    expect(error).toMatchObject({ code: "E_DB_CONNECT", exitCode: 1 });
    expect((error as Error).message).toContain("ECONNREFUSED");
    expect(entries).toHaveLength(1);
    expect(entries[0]?.message).toStartWith(
      `waiting for database multitap@127.0.0.1:${port}/x: ECONNREFUSED (0 of`,
    );
  });

  test("opens a server that comes up while we wait", async () => {
    const probe = await listen(() => undefined);
    await new Promise((resolve) => probe.server.close(resolve));
    const opening = openExternal(
      { url: `postgres://multitap@127.0.0.1:${probe.port}/${name}` },
      { ...silent, waitMs: 10_000 },
    );
    await Bun.sleep(100);
    const late = createServer((client) => {
      const upstream = createConnection(proxy.port, "127.0.0.1");
      client.pipe(upstream).pipe(client);
      client.on("error", () => upstream.destroy());
      upstream.on("error", () => client.destroy());
    }).listen(probe.port, "127.0.0.1");
    const opened = await opening;
    await opened.close();
    late.close();
  });

  test("waits for a name that does not resolve", async () => {
    const error = await catchError(openExternal({ url: "postgres://multitap.invalid/x" }, silent));
    expect(error).toMatchObject({ code: "E_DB_CONNECT", exitCode: 1 });
  });
});

describe("openExternal, as to the database itself", () => {
  const run = (...statements: string[]) =>
    statements.reduce(
      (before, statement) => before.then(() => database.handle.sql.unsafe(statement)),
      Promise.resolve<unknown>(null),
    );

  test("refuses another encoding", async () => {
    const latin = `${name}_latin`;
    await run(
      `create database "${latin}" encoding 'LATIN1' locale_provider libc locale 'C' template template0`,
    );
    const error = await catchError(openExternal(urlOf(latin), silent));
    expect(error).toMatchObject({ code: "E_DB_ENCODING", exitCode: 78 });
    await run(`drop database "${latin}"`);
  });

  test("refuses a user without the right to pg_trgm, and one without the right to tables", async () => {
    const [bare, role] = [`${name}_bare`, `${name}_role`];
    await run(
      `create database "${bare}" template template0`,
      `create role "${role}" login password 'secret'`,
    );
    const first = await catchError(openExternal(urlOf(bare, role), silent));
    expect(first).toMatchObject({ code: "E_DB_AUTH", exitCode: 78 });
    const owner = await openExternal(urlOf(bare), silent);
    await owner.sql.unsafe(`grant create on schema public to "${role}"`);
    const second = await catchError(openExternal(urlOf(bare, role), silent));
    expect(second).toMatchObject({ code: "E_DB_EXTENSION", exitCode: 78 });
    await owner.sql.unsafe("create extension pg_trgm");
    await (await openExternal(urlOf(bare, role), silent)).close();
    await owner.close();
    await run(`drop database "${bare}" with (force)`, `drop role "${role}"`);
  });

  test("warns when the collation's version moved, with both commands", async () => {
    const entries: DbLogEntry[] = [];
    await run(`update pg_database set datcollversion = '0.1' where datname = '${name}'`);
    const opened = await openExternal(urlOf(name), { ...silent, log: (entry) => entries.push(entry) });
    await opened.close();
    const [row] = await database.handle.sql<{ actual: string | null }[]>`
      select pg_database_collation_actual_version(oid) as actual from pg_database where datname = ${name}`;
    // The system's C.UTF-8 has no version that could move; the builtin provider has.
    const expected = row?.actual === null ? [] : [expect.stringMatching(MOVED)];
    expect(entries.map(({ level, message }) => `${level} ${message}`)).toEqual(expected);
  });
});

describe("judgeServer", () => {
  const where = { source: "DATABASE_URL", name: "u@h:5432/d" };
  const good: ServerFacts = {
    version: 150_000,
    versionText: "15.0",
    database: "d",
    encoding: "UTF8",
    isReadOnly: false,
    hasTrigram: false,
    isTrigramAvailable: true,
    canCreateExtension: true,
    canCreateTables: true,
    storedCollationVersion: null,
    actualCollationVersion: null,
  };
  test.each<[string, Partial<ServerFacts>, string | null]>([
    ["the oldest that fits", {}, null],
    ["pg_trgm present without the right to make it", { hasTrigram: true, canCreateExtension: false }, null],
    ["PostgreSQL 14", { version: 140_022, versionText: "14.22" }, "E_DB_VERSION"],
    ["SQL_ASCII", { encoding: "SQL_ASCII" }, "E_DB_ENCODING"],
    ["a standby", { isReadOnly: true }, "E_DB_CONNECT"],
    ["no contrib package", { isTrigramAvailable: false }, "E_DB_EXTENSION"],
  ])("on %s", (_name, change, code) => {
    const problem = judgeServer({ ...good, ...change }, where);
    expect(problem === null ? null : problem.code).toBe(code as never);
    if (problem !== null) expect(problem).toBeInstanceOf(DbError);
  });
});
