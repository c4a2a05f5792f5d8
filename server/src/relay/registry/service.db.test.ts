import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import type { SharedList } from "../../ports/kv/shared-list.ts";
import { SESSIONS_PER_PAGE } from "../limits.ts";
import { createSession, type Session } from "../sessions/rules.ts";
import { PAGES_KEY } from "./rules.ts";
import { listSessions, startPublisher } from "./service.ts";

let app: TestApp;
const sessions = new Map<string, Session>();
let publisher: SharedList;

beforeAll(async () => {
  app = await createTestApp();
  const { ports } = app;
  const place = { address: null, port: 55_435 };
  publisher = startPublisher({ ports, place, findSession: (id) => sessions.get(id) ?? null });
}, 30_000);
afterAll(async () => {
  await publisher.stop();
  await app.close();
});

async function waitForCount(count: number): Promise<void> {
  const read = async () => (await listSessions(app)).length;
  for (let waited = 0; waited < 5_000 && (await read()) !== count; waited += 50) await Bun.sleep(50);
  expect(await read()).toBe(count);
}

const idOf = (at: number) => at.toString(16).padStart(16, "0");

describe("a process", () => {
  test("lists any number of sessions, forgets those that are over, and all of them when it stops", async () => {
    const count = 2 * SESSIONS_PER_PAGE + 10;
    for (let at = 0; at < count; at++) {
      sessions.set(idOf(at), createSession({ id: idOf(at), owner: at, network: "10.0.0.1" }, at).session);
      publisher.note(idOf(at));
    }
    await waitForCount(count);
    expect((await listSessions(app))[0]?.id).toBe(idOf(count - 1));
    expect(await app.ports.kv.members(PAGES_KEY)).toHaveLength(3);
    for (let at = 0; at < SESSIONS_PER_PAGE; at++) {
      sessions.delete(idOf(at));
      publisher.note(idOf(at));
    }
    await waitForCount(count - SESSIONS_PER_PAGE);
    expect(await app.ports.kv.members(PAGES_KEY)).toHaveLength(2);
    // As of a process that died: what it listed runs out.
    const [first = ""] = await app.ports.kv.members(PAGES_KEY);
    await app.ports.kv.expire(first, 1);
    await Bun.sleep(20);
    expect((await listSessions(app)).length).toBeLessThan(count - SESSIONS_PER_PAGE);
    expect(await app.ports.kv.members(PAGES_KEY)).toHaveLength(1);
    await publisher.stop();
    expect(await listSessions(app)).toEqual([]);
    expect(await app.ports.kv.members(PAGES_KEY)).toEqual([]);
  });
});
