// Rooms and tickets of several processes on one store.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PAGES_KEY } from "../relay-registry/rules.ts";
import { short } from "../relay-switchboard/scene.testing.ts";
import { pendingKey } from "../relay-tickets/rules.ts";
import type { RoomTicket } from "./contract.ts";
import { openRelayScene, type RelayScene } from "./scene.testing.ts";

let first: RelayScene;
let second: RelayScene;

beforeAll(async () => {
  first = await openRelayScene();
  second = await first.beside();
}, 60_000);
afterAll(() => first.close());

async function waitUntil(isWanted: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!(await isWanted()) && performance.now() < deadlineMs) await Bun.sleep(20);
  expect(await isWanted()).toBe(true);
}

describe("a room", () => {
  test("lives where its opener lands, whichever process sold the ticket", async () => {
    const ticket = await first.open();
    const owner = await second.enter(ticket);
    const guestTicket = await first.call<RoomTicket>("netplay.join", { invite: ticket.invite });
    const tryFirst = async () => {
      const lost = await first.greet(guestTicket.url, guestTicket.ticket);
      return await lost.closed;
    };
    expect(await tryFirst()).toEqual({ code: 4421, reason: "NETPLAY_ROOM_ELSEWHERE" });
    // Whether it is listed by now or not, the ticket is not used up.
    await waitUntil(async () => (await first.list()).some(({ id }) => id === ticket.roomId));
    await first.app.ports.kv.remove([pendingKey(ticket.roomId)]);
    expect((await tryFirst()).code).toBe(4421);
    const guest = await second.enter(guestTicket);
    expect([owner.welcome.seat, guest.welcome.seat]).toEqual([0, 1]);
  });

  test("is found again by who was cut, past the wrong process", async () => {
    const owner = await first.enter(await first.open());
    const { roomId, rejoin } = owner.welcome;
    await waitUntil(async () => (await second.list()).some(({ id }) => id === roomId));
    owner.client.close();
    const lost = await second.greet(`/ws/netplay?room=${roomId}`, rejoin, 0);
    expect((await lost.closed).code).toBe(4421);
    const back = await first.greet(`/ws/netplay?room=${roomId}`, rejoin, 0);
    expect((await back.next(2)).json().seat).toBe(0);
  });

  test("is listed by every process, and goes from all lists with its players", async () => {
    const owner = await second.enter(await second.open({ name: "Elsewhere" }));
    const isListed = async () => (await first.list()).some(({ name }) => name === "Elsewhere");
    await waitUntil(isListed);
    owner.client.send(short(0x50));
    await waitUntil(async () => !(await isListed()));
    const gone = await first.call("netplay.join", { roomId: owner.welcome.roomId });
    expect(gone).toMatchObject({ code: "NETPLAY_ROOM_NOT_FOUND" });
  });

  test("of a process that died is forgotten with its lease, and cannot be come back to", async () => {
    const third = await first.beside();
    const owner = await third.enter(await third.open({ name: "Doomed" }));
    const isListed = async () => (await first.list()).some(({ name }) => name === "Doomed");
    await waitUntil(isListed);
    const { kv } = first.app.ports;
    const pages = await kv.members(PAGES_KEY);
    for (const key of pages) if ((await kv.get(key))?.includes("Doomed")) await kv.expire(key, 1);
    await waitUntil(async () => !(await isListed()));
    const back = await first.greet("/ws/netplay", owner.welcome.rejoin, 0);
    expect((await back.closed).code).toBe(4404);
  });
});

test("a process that stops says so, and takes its rooms out of every list", async () => {
  const third = await first.beside();
  const owner = await third.enter(await third.open({ name: "Stopping" }));
  const isListed = async () => (await first.list()).some(({ name }) => name === "Stopping");
  await waitUntil(isListed);
  await third.close();
  expect(await owner.client.closed).toEqual({ code: 1001, reason: "NETPLAY_STOPPING" });
  expect(await isListed()).toBe(false);
});
