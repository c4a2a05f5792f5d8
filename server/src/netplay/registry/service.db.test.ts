import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import type { ListedRoom } from "../rooms/contract.ts";
import { until } from "../scene.testing.ts";
import { homeKey, PAGES_KEY, pageKey } from "./rules.ts";
import { listRegistered, type Registry, startRegistry } from "./service.ts";

let app: TestApp;
const registries: Registry[] = [];

beforeAll(async () => {
  app = await createTestApp();
}, 30_000);
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.stop();
});
afterAll(() => app.close());

const toRoom = (id: string): ListedRoom => ({
  id,
  name: id,
  gameId: "1",
  domain: null,
  ownerName: null,
  playerNames: [],
  playerCount: 1,
  playersMax: 4,
  hasPassword: false,
  openedAtMs: 1,
});

async function start(processId: string, rooms: string[] = []) {
  const registry = startRegistry({
    ports: app.ports,
    processId,
    listOwn: () => rooms.map((id) => ({ room: toRoom(id), passwordHash: `hash of ${id}` })),
    renewMs: 20,
  });
  registries.push(registry);
  await until("the first list", async () => (await app.ports.kv.get(pageKey(processId))) !== null);
  return registry;
}

const listed = async () => (await listRegistered(app.ports)).map(({ id }) => id).toSorted();

describe("the registry", () => {
  test("gives a room's id to one process, and tells others where it is", async () => {
    const [one, two] = [await start("one", ["room"]), await start("two")];
    expect(await one.claim("room", "hash")).toBe(true);
    expect(await two.claim("room", null)).toBe(false);
    expect(await one.claim("room", "hash")).toBe(true);
    expect(await one.findHome("room")).toBeNull();
    expect(await two.findHome("room")).toMatchObject({ processId: "one", roomId: "room" });
    expect(await two.findHome("another")).toBeNull();
    one.note();
    await until("the list", async () => (await listed()).join() === "room");
    expect((await two.listOthers()).map(({ id }) => id)).toEqual(["room"]);
    expect(await one.listOthers()).toEqual([]);
  });

  test("forgets what is given back, unless it was claimed again at once", async () => {
    const [one, two] = [await start("one"), await start("two")];
    await one.claim("room", null);
    one.release("room");
    expect(await one.claim("room", null)).toBe(true);
    expect(await two.claim("room", null)).toBe(false);
    one.release("room");
    await until("the room to be free", () => two.claim("room", null));
  });

  test("forgets a process that ended, in order or not", async () => {
    const [one, two] = [await start("one", ["room"]), await start("two", ["other"])];
    await one.claim("room", null);
    one.note();
    await until("the list", async () => (await listed()).join() === "other,room");
    expect(await two.isAlive("one")).toBe(true);
    await one.stop();
    expect([await two.isAlive("one"), await listed()]).toEqual([false, ["other"]]);
    expect(await app.ports.kv.get(homeKey("room"))).toBeNull();
    // One that was killed: its list ran out, its rooms not yet.
    const { kv } = app.ports;
    await kv.set(
      homeKey("ghost"),
      JSON.stringify({ processId: "dead", roomId: "ghost", passwordHash: null }),
    );
    await kv.addMembers(PAGES_KEY, [pageKey("dead")]);
    expect(await two.findHome("ghost")).toBeNull();
    expect(await two.claim("ghost", null)).toBe(true);
    await listed();
    expect(await kv.members(PAGES_KEY)).toEqual([pageKey("two")]);
    await kv.remove([homeKey("ghost")]);
  });

  test("writes everything again that the store lost", async () => {
    await start("one", ["room"]);
    await app.ports.kv.remove([pageKey("one"), homeKey("room")]);
    await until("the list", async () => (await listed()).join() === "room");
    await until("the room", async () => (await app.ports.kv.get(homeKey("room"))) !== null);
  });
});
