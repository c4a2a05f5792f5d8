import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createTestDatabase } from "@multitap/db/testing";
import postgres from "postgres";
import { AppError } from "../../base/errors.ts";
import { createPgListener } from "./pg-listener.ts";

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;

/** A door in front of the database that can be shut, as a restarting server's is. */
function createDoor(sql: postgres.Sql) {
  const { path, host, port } = sql.options;
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let doorPort = 0;
  const join = (near: Socket) => {
    const far = path ? connect(path) : connect(port[0] ?? 5_432, host[0]);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    near.pipe(far).pipe(near);
  };
  return {
    async open(): Promise<number> {
      const opened = createServer(join);
      server = opened;
      await new Promise<void>((resolve) => opened.listen(doorPort, "127.0.0.1", resolve));
      doorPort = (opened.address() as AddressInfo).port;
      return doorPort;
    },
    async shut(): Promise<void> {
      const closed = new Promise<void>((resolve) =>
        server === null ? resolve() : server.close(() => resolve()),
      );
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function waitFor(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 4_000;
  while (!isTrue() && performance.now() < deadline) await Bun.sleep(5);
}

describe("createPgListener", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database?.drop());

  /** A pool that reaches the database only through the door. */
  const openThroughDoor = (port: number) => {
    const {
      user,
      database: name,
      pass,
    } = database.handle.sql.options as { user: string; database: string; pass: unknown };
    return postgres({
      host: "127.0.0.1",
      port,
      user,
      database: name,
      password: String(pass ?? ""),
      max: 1,
      connect_timeout: 1,
    });
  };

  test("listens again, to everything, once a server that was gone is back", async () => {
    const door = createDoor(database.handle.sql);
    const sql = openThroughDoor(await door.open());
    const problems: string[] = [];
    const listener = createPgListener(sql, (message) => void problems.push(message));
    const heard: string[] = [];
    let resumedCount = 0;
    const listen = (channel: string) =>
      listener.listen(channel, {
        onNotify: (payload) => void heard.push(`${channel} ${payload}`),
        onResume: () => {
          resumedCount += 1;
        },
      });
    await listen("one");
    const stopTwo = await listen("two");
    const stopThree = await listen("three");
    await stopThree();
    await door.shut();
    await waitFor(() => problems.length >= 2);
    await door.open();
    await waitFor(() => resumedCount === 2);
    for (const channel of ["one", "two", "three"]) await database.handle.sql.notify(channel, "back");
    await waitFor(() => heard.length >= 2);
    expect(heard).toEqual(["one back", "two back"]);
    expect(resumedCount).toBe(2);
    await stopTwo();
    await listener.close();
    await sql.end({ timeout: 0 });
    await door.shut();
  });

  test("refuses to subscribe while the server is away", async () => {
    const door = createDoor(database.handle.sql);
    const port = await door.open();
    await door.shut();
    const sql = openThroughDoor(port);
    const listener = createPgListener(sql, () => undefined);
    const waiting = listener.listen("one", { onNotify: () => undefined });
    const closing = Bun.sleep(200).then(() => listener.close());
    expect(await waiting.catch((error: unknown) => (error as AppError).code)).toBe("KV_UNAVAILABLE");
    await closing;
    await sql.end({ timeout: 0 });
    expect(await waiting.catch((error: unknown) => error)).toBeInstanceOf(AppError);
  });
});
