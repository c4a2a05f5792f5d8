import { describe, expect, test } from "bun:test";
import { settle } from "../testing/manual-environment.ts";
import { SILENCE_MS } from "./limits.ts";
import { toHex } from "./relay-bytes.testing.ts";
import { createScene, inputOf, listen, OPEN, type Scene } from "./scene.testing.ts";
import type { Room } from "./types.ts";

/** Frames of a seat that a room has, from 0. */
const framesOf = (room: Room, seat: number, count: number) =>
  Array.from({ length: count }, (_, frame) => room.inputAt(frame, seat) !== null);
const all = (count: number) => new Array(count).fill(true);
const sentBy = ({ relay }: Scene, seat: number, type: number) =>
  relay
    .at(seat)
    .sent.filter((message) => message.type === type)
    .map(({ bytes }) => toHex(bytes));

describe("a cut", () => {
  test("is over by itself: what both sides missed is there, and listeners stay", async () => {
    const scene = createScene();
    const { relay, environment } = scene;
    const [ana, ben] = await scene.pair();
    const states = listen(ben, "state");
    const heard = listen(ben, "input");
    for (let frame = 0; frame < 10; frame++)
      for (const room of [ana, ben]) room.sendInput(frame, inputOf(frame));
    await settle();
    relay.cut(relay.at(1));
    // Sent before the client knows: lost with the connection.
    for (let frame = 10; frame < 20; frame++) expect(ben.sendInput(frame, inputOf(frame))).toBe(true);
    await settle();
    for (let frame = 10; frame < 20; frame++) ana.sendInput(frame, inputOf(frame));
    expect(ben.state).toMatchObject({ status: "reconnecting", graceMs: 30_000 });
    expect(ana.players.map(({ isConnected }) => isConnected)).toEqual([true, false]);
    await environment.advance(0);
    expect(states.map(({ status }) => status)).toEqual(["reconnecting", "playing"]);
    expect([framesOf(ana, 1, 20), framesOf(ben, 0, 20)]).toEqual([all(20), all(20)]);
    expect(heard.map(({ frame }) => frame)).toEqual(Array.from({ length: 20 }, (_, frame) => frame));
    expect(sentBy(scene, 1, 0x01)).toEqual([expect.stringMatching(/^010101000a000000/)]);
    expect(ana.players.map(({ isConnected }) => isConnected)).toEqual([true, true]);
  });

  test("sends again only what the server may not have", async () => {
    const scene = createScene();
    const [ana] = await scene.pair();
    for (let frame = 0; frame < 10; frame++) ana.sendInput(frame, inputOf(frame));
    await settle();
    // A PING that came back stands behind all of them.
    await scene.environment.advance(1_000);
    ana.sendInput(10, inputOf(10));
    const member = scene.relay.at(0);
    scene.relay.cut(member);
    await settle();
    member.sent.length = 0;
    await scene.environment.advance(0);
    expect(sentBy(scene, 0, 0x10)).toEqual([`100000000a000000${toHex(inputOf(10))}`]);
  });

  test.each([
    [1000, ""],
    [1001, "a proxy starts anew"],
    [1005, ""],
    [1011, "NETPLAY_FAILED"],
    [1012, ""],
    [4408, "NETPLAY_SILENT"],
    [4428, "NETPLAY_TOO_SLOW"],
  ])("with %i %s is made good at once", async (code, reason) => {
    const scene = createScene();
    const [ana] = await scene.pair();
    const states = listen(ana, "state");
    scene.relay.cut(scene.relay.at(0), code, reason);
    await settle();
    await scene.environment.advance(0);
    expect(states.map(({ status }) => status)).toEqual(["reconnecting", "playing"]);
  });

  test("because a budget was spent is made good after a pause", async () => {
    const scene = createScene();
    const [ana] = await scene.pair();
    scene.relay.cut(scene.relay.at(0), 4429, "NETPLAY_BUDGET_SPENT");
    await scene.environment.advance(999);
    expect(ana.state.status).toBe("reconnecting");
    await scene.environment.advance(1);
    expect(ana.state.status).toBe("playing");
  });

  test("without a close is noticed by the silence", async () => {
    const scene = createScene();
    const [ana] = await scene.pair();
    const states = listen(ana, "state");
    scene.relay.at(0).wire = null;
    await scene.environment.advance(SILENCE_MS - 1);
    expect(states).toEqual([]);
    await scene.environment.advance(1);
    expect(states.map(({ status }) => status)).toEqual(["reconnecting", "playing"]);
  });

  test("is tried to be made good until the grace is over", async () => {
    const scene = createScene();
    const [ana] = await scene.pair();
    // Long after the ticket's own time.
    await scene.environment.advance(60_000);
    scene.relay.refusals = new Array(1_000).fill([1006, ""]);
    const opened = scene.relay.opened.length;
    scene.relay.cut(scene.relay.at(0));
    await scene.environment.advance(29_000);
    expect(ana.state.status).toBe("reconnecting");
    const tries = scene.relay.opened.length - opened;
    expect(tries).toBeGreaterThan(8);
    expect(tries).toBeLessThan(60);
    await scene.environment.advance(5_000);
    expect(ana.state).toMatchObject({ status: "closed", error: { kind: "network", code: "NETWORK_FAILED" } });
    expect(ana.sendInput(0, inputOf(0))).toBe(false);
  });

  test.each([
    [1001, "NETPLAY_STOPPING"],
    [4401, "NETPLAY_TICKET_INVALID"],
    [4403, "NETPLAY_REMOVED"],
    [4409, "NETPLAY_REPLACED"],
    [4410, "NETPLAY_ROOM_CLOSED"],
  ])("with %i is the end: %s", async (code, reason) => {
    const scene = createScene();
    const [ana, ben] = await scene.pair();
    const states = listen(ana, "state");
    scene.relay.cut(scene.relay.at(0), code, reason);
    await settle();
    expect(states).toEqual([{ status: "closed", error: expect.objectContaining({ code: reason }) }]);
    await ben.leave();
    expect(scene.environment.pending()).toEqual([]);
  });

  test("because of this client's own fault is not made good for ever", async () => {
    const scene = createScene();
    const [ana] = await scene.pair();
    for (let fault = 0; fault < 3; fault++) {
      expect(ana.state.status).toBe("playing");
      scene.relay.cut(scene.relay.at(0), 4400, "NETPLAY_MESSAGE_INVALID");
      await scene.environment.advance(0);
    }
    expect(ana.state).toMatchObject({ status: "closed", error: { kind: "protocol" } });
  });

  test("before a joiner has a state asks for one", async () => {
    const scene = createScene();
    const { relay, environment } = scene;
    const ana = await scene.netplay().open(OPEN);
    ana.sendInput(0, inputOf(0));
    await settle();
    const wanted = listen(ana, "snapshotWanted");
    const ben = await scene.netplay().join(ana.invite);
    await settle();
    relay.cut(relay.at(1));
    await environment.advance(0);
    expect(sentBy(scene, 1, 0x01)[0]?.slice(8, 16)).toBe("ffffffff");
    expect(wanted.length).toBeGreaterThanOrEqual(2);
    const snapshots = listen(ben, "snapshot");
    await ana.sendSnapshot(0, new Uint8Array([1]));
    await settle();
    expect(snapshots).toHaveLength(1);
    relay.cut(relay.at(1));
    await environment.advance(0);
    expect(sentBy(scene, 1, 0x01)[1]?.slice(8, 16)).not.toBe("ffffffff");
    // What was missed is not all kept any more.
    relay.sendTo(relay.at(1), "1400000000000000");
    await settle();
    relay.cut(relay.at(1));
    await environment.advance(0);
    expect(sentBy(scene, 1, 0x01)[2]?.slice(8, 16)).toBe("ffffffff");
  });
});
