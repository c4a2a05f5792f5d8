import { describe, expect, test } from "bun:test";
import { settle } from "../testing/manual-environment.ts";
import { DIRECT_HEALTHY_MS, DIRECT_SILENCE_MS, OVERLAP_MS, UPGRADE_TIMEOUT_MS } from "./limits.ts";
import { createScene, inputOf, listen, OPEN, type Scene } from "./scene.testing.ts";
import type { NetplayOptions, Room } from "./types.ts";

const INPUT = 0x10;
const KEEP = 0x11;
const SIGNAL = 0x21;

const typesOf = ({ relay }: Scene, seat: number) => relay.at(seat).sent.map(({ type }) => type);
const signalsOf = ({ relay }: Scene, seat: number) =>
  relay
    .at(seat)
    .sent.filter(({ type }) => type === SIGNAL)
    .map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes.subarray(4))) as { readonly kind: string });
const countOf = (scene: Scene, seat: number, type: number) =>
  typesOf(scene, seat).filter((found) => found === type).length;
const has = (room: Room, seat: number, from: number, to: number) => {
  for (let frame = from; frame < to; frame++) if (room.inputAt(frame, seat) === null) return false;
  return true;
};

/** Two players who reach each other, and the way there. */
async function openPair(options: NetplayOptions = {}) {
  const scene = createScene();
  const rooms = await scene.pair({ ...scene.withPeers, ...options });
  const [ana, ben] = rooms;
  const paths = listen(ana, "path");
  let frame = 0;
  /** Both play on, at 50 frames a second. */
  const play = async (count: number) => {
    for (let step = 0; step < count; step++) {
      for (const room of rooms) room.sendInput(frame, inputOf(frame));
      frame += 1;
      await scene.environment.advance(20);
    }
  };
  return { ...scene, scene, ana, ben, paths, play, frame: () => frame };
}

describe("a pair of players", () => {
  test("begins on the relay, and goes its own way when that has answered", async () => {
    const { scene, ana, ben, paths, play, network, frame } = await openPair();
    await play(1);
    expect([paths, ana.stats().players[0]?.path, countOf(scene, 0, INPUT)]).toEqual([[], "relay", 1]);
    await play(5);
    expect(paths).toEqual([{ playerId: "2", from: "relay", to: "direct" }]);
    expect(ben.stats().players).toMatchObject([{ playerId: "1", path: "direct" }]);
    // Both ways for a moment, then the relay only keeps.
    await play(OVERLAP_MS / 20 - 6);
    expect([countOf(scene, 0, INPUT), countOf(scene, 0, KEEP)]).toEqual([frame(), 0]);
    await play(6);
    const relayed = countOf(scene, 0, INPUT);
    await play(20);
    expect([countOf(scene, 0, INPUT), countOf(scene, 0, KEEP)]).toEqual([relayed, expect.any(Number)]);
    expect(countOf(scene, 0, KEEP)).toBeGreaterThanOrEqual(20);
    expect([has(ana, 1, 0, frame()), has(ben, 0, 0, frame())]).toEqual([true, true]);
    const { inputsDuplicate, inputsReceived, inputsLost, players } = ana.stats();
    expect([inputsReceived, inputsLost]).toEqual([frame(), 0]);
    expect(inputsDuplicate).toBeGreaterThan(frame());
    expect(players[0]?.roundTrip).toEqual({ medianMs: 2 * network.delayMs, p99Ms: 2 * network.delayMs });
  });

  test("is offered by the lower number alone", async () => {
    const { scene, play } = await openPair();
    await play(5);
    expect(signalsOf(scene, 0).map(({ kind }) => kind)).toEqual(["offer", "candidate"]);
    expect(signalsOf(scene, 1).map(({ kind }) => kind)).toEqual(["answer", "candidate"]);
  });

  test("tells when a TURN server lies between", async () => {
    const { paths, play, network } = await openPair();
    network.candidateType = "relay";
    await play(5);
    expect(paths).toEqual([{ playerId: "2", from: "relay", to: "turn" }]);
  });

  test("loses no input to lost packets", async () => {
    const { ana, ben, paths, play, network, frame } = await openPair();
    await play(60);
    const counts = [0, 0];
    // Seven of eight: the eighth holds them all.
    network.isLost = (from) => {
      counts[from] = (counts[from] ?? 0) + 1;
      return (counts[from] ?? 0) % 8 !== 0;
    };
    await play(100);
    network.isLost = () => false;
    await play(10);
    expect([has(ana, 1, 0, frame()), has(ben, 0, 0, frame())]).toEqual([true, true]);
    expect([paths.length, ana.stats().inputsLost]).toEqual([1, 0]);
  });

  test("gets the last inputs through though nobody plays on", async () => {
    const { ben, environment, play, network, frame } = await openPair();
    await play(60);
    network.isLost = () => true;
    await play(3);
    network.isLost = () => false;
    expect(has(ben, 0, 0, frame())).toBe(false);
    await environment.advance(150);
    expect(has(ben, 0, 0, frame())).toBe(true);
  });

  test("is back on the relay when it falls silent, and nothing is lost", async () => {
    const { scene, ana, ben, paths, play, network, environment, frame } = await openPair();
    await play(60);
    network.isSilent = true;
    await play(DIRECT_SILENCE_MS / 20 - 2);
    expect(paths).toHaveLength(1);
    expect(has(ana, 1, 0, frame())).toBe(false);
    await play(10);
    expect(paths.at(-1)).toEqual({ playerId: "2", from: "direct", to: "relay" });
    const relayed = countOf(scene, 0, INPUT);
    await play(10);
    expect(countOf(scene, 0, INPUT)).toBe(relayed + 10);
    // The relay was only asked to keep what went before: both ask for it.
    await environment.advance(1_300);
    expect([has(ana, 1, 0, frame()), has(ben, 0, 0, frame())]).toEqual([true, true]);
  });

  test("asks the relay for what it was only told to keep, though nobody plays on", async () => {
    const { ana, ben, play, network, environment, frame } = await openPair();
    await play(60);
    network.isSilent = true;
    await play(3);
    expect(has(ana, 1, 0, frame())).toBe(false);
    await environment.advance(DIRECT_SILENCE_MS + 1_500);
    expect([has(ana, 1, 0, frame()), has(ben, 0, 0, frame())]).toEqual([true, true]);
  });

  test("is tried again later, less and less often, and then soon after it held for long", async () => {
    const { ana, paths, play, network, environment } = await openPair();
    network.isRefusing = true;
    await play(1);
    // After 1.5, 3, 6, 12 and 24 s, three quarters of what the pauses may be.
    await environment.advance(50_000);
    expect(network.made).toHaveLength(6);
    network.isRefusing = false;
    await environment.advance(60_000);
    expect(network.made).toHaveLength(8);
    expect([paths.map(({ to }) => to), ana.stats().players[0]?.path]).toEqual([["direct"], "direct"]);
    await environment.advance(DIRECT_HEALTHY_MS);
    network.isSilent = true;
    await environment.advance(700);
    network.isSilent = false;
    await environment.advance(2_000);
    expect(network.made).toHaveLength(10);
    expect(paths.map(({ to }) => to)).toEqual(["direct", "relay", "direct"]);
  });

  test("is given up when nobody answers in time", async () => {
    const { paths, network, environment } = await openPair();
    network.isSilent = true;
    await environment.advance(UPGRADE_TIMEOUT_MS);
    expect(network.made).toHaveLength(2);
    await environment.advance(2_000);
    expect([network.made.length, paths]).toEqual([4, []]);
  });

  test("keeps its own way while the relay is away, and what the relay missed reaches it later", async () => {
    const { scene, relay, ana, ben, paths, play, environment, frame } = await openPair();
    await play(60);
    relay.refusals = [[1006, ""]];
    relay.cut(relay.at(0));
    await settle();
    expect(ana.state.status).toBe("reconnecting");
    await environment.advance(400);
    await play(10);
    expect([ana.state.status, paths.length]).toEqual(["playing", 1]);
    expect([has(ana, 1, 0, frame()), has(ben, 0, 0, frame())]).toEqual([true, true]);
    expect(relay.kept.filter(({ seat }) => seat === 0)).toHaveLength(frame());
    expect(countOf(scene, 1, 0x01)).toBe(0);
  });

  test("ends with the player", async () => {
    const { ana, ben, paths, play, environment } = await openPair();
    await play(60);
    await ben.leave();
    await settle();
    expect([paths.length, ana.stats().players]).toEqual([1, []]);
    await ana.leave();
    expect(environment.pending()).toEqual([]);
  });
});

describe("three players", () => {
  test.each([
    ["go without the relay when all reach each other", true],
    ["use it as long as one of them needs it", false],
  ])("%s", async (_what, isThirdDirect) => {
    const scene = createScene();
    const ana = await scene.netplay(scene.withPeers).open(OPEN);
    const ben = await scene.netplay(scene.withPeers).join(ana.invite);
    const third: NetplayOptions = isThirdDirect ? scene.withPeers : { direct: "never" };
    const cid = await scene.netplay(third).join(ana.invite);
    const rooms = [ana, ben, cid];
    for (let frame = 0; frame < 100; frame++) {
      for (const room of rooms) room.sendInput(frame, inputOf(frame));
      await scene.environment.advance(20);
    }
    const paths = rooms.map((room) => room.stats().players.map(({ path }) => path));
    const some = isThirdDirect ? "direct" : "relay";
    expect(paths).toEqual([
      ["direct", some],
      ["direct", some],
      [some, some],
    ]);
    expect(rooms.map((_, seat) => countOf(scene, seat, KEEP) > 0)).toEqual(new Array(3).fill(isThirdDirect));
    for (const seat of [0, 1, 2]) for (const room of rooms) expect(has(room, seat, 0, 100)).toBe(true);
  });
});

describe("without peer connections", () => {
  test.each<[string, NetplayOptions, NetplayOptions]>([
    ["on the side that answers", {}, { RTCPeerConnection: undefined }],
    ["because the side that answers never wants one", {}, { direct: "never" }],
    ["on the side that offers", { RTCPeerConnection: undefined }, {}],
    ["because the side that offers never wants one", { direct: "never" }, {}],
  ])("the relay is used alone: %s", async (_what, first, second) => {
    const scene = createScene();
    const ana = await scene.netplay({ ...scene.withPeers, ...first }).open({
      romId: 42,
      name: "Sunday",
      playersMax: 2,
      inputBytes: 2,
    });
    const ben = await scene.netplay({ ...scene.withPeers, ...second }).join(ana.invite);
    const paths = [listen(ana, "path"), listen(ben, "path")];
    for (let frame = 0; frame < 100; frame++) {
      for (const room of [ana, ben]) room.sendInput(frame, inputOf(frame));
      await settle();
    }
    await scene.environment.advance(60_000);
    expect(paths).toEqual([[], []]);
    expect(scene.network.made.length).toBeLessThanOrEqual(1);
    expect([has(ana, 1, 0, 100), has(ben, 0, 0, 100)]).toEqual([true, true]);
    expect(countOf(scene, 0, KEEP)).toBe(0);
    // Who cannot says so once, and is not asked again.
    expect(signalsOf(scene, 0).filter(({ kind }) => kind === "offer").length).toBeLessThanOrEqual(1);
  });
});

describe("ICE servers", () => {
  const servers = [{ urls: ["turn:turn.example"], username: "u", credential: "c" }];

  test("are those of the options", async () => {
    const { network, relay, play } = await openPair({ iceServers: servers });
    await play(2);
    expect(network.configurations).toEqual([{ iceServers: servers }, { iceServers: servers }]);
    expect(relay.calls.map(({ path }) => path)).not.toContain("netplay.iceServers");
  });

  test("are those that the server names, asked for once", async () => {
    const scene = createScene();
    scene.relay.iceServers = servers;
    await scene.pair({ RTCPeerConnection: scene.network.PeerConnection });
    for (let turn = 0; turn < 4; turn++) {
      await scene.environment.advance(50);
      await settle();
    }
    expect(scene.network.configurations).toEqual([{ iceServers: servers }, { iceServers: servers }]);
    expect(scene.relay.calls.filter(({ path }) => path === "netplay.iceServers")).toHaveLength(2);
  });

  test("are none where the server has no such procedure", async () => {
    const scene = createScene();
    scene.relay.iceServers = null;
    const [ana] = await scene.pair({ RTCPeerConnection: scene.network.PeerConnection });
    const paths = listen(ana, "path");
    for (let turn = 0; turn < 10; turn++) {
      await scene.environment.advance(50);
      await settle();
    }
    expect(scene.network.configurations).toEqual([{ iceServers: [] }, { iceServers: [] }]);
    expect(paths.map(({ to }) => to)).toEqual(["direct"]);
  });
});

describe("what another player may try", () => {
  const signal = (value: unknown) =>
    `21000200${Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("hex")}`;

  test.each([
    ["no JSON", "{"],
    ["an offer to the side that offers", { kind: "offer", attempt: 9, sdp: "side 0" }],
    ["an answer of another attempt", { kind: "answer", attempt: 9, sdp: "side 0" }],
    ["an end of another attempt", { kind: "end", attempt: 9 }],
  ])("%s changes nothing", async (_what, value) => {
    const { relay, paths, play, network } = await openPair();
    await play(60);
    relay.sendTo(relay.at(0), signal(value));
    await play(5);
    expect([paths.length, network.made.length]).toEqual([1, 2]);
  });

  test.each([
    ["offer", '{"kind":"offer","attempt":1,"sdp":"nonsense"}'],
    ["candidate before any offer", '{"kind":"candidate","attempt":1,"candidate":{}}'],
  ])("an %s that is none leaves the room as it is", async (_what, text) => {
    const scene = createScene();
    const ana = await scene.netplay({ direct: "never" }).open(OPEN);
    const ben = await scene.netplay(scene.withPeers).join(ana.invite);
    scene.relay.sendTo(scene.relay.at(1), `21000100${Buffer.from(text).toString("hex")}`);
    await scene.environment.advance(50);
    ana.sendInput(0, inputOf(0));
    await settle();
    expect([ben.state.status, has(ben, 0, 0, 1)]).toEqual(["playing", true]);
    expect(ben.stats().players.map(({ path }) => path)).toEqual(["relay"]);
  });

  test("nobody plays for another seat", async () => {
    const { ana, play, network, environment } = await openPair();
    await play(60);
    // Ben's own packet, with Ana's seat in it.
    const side = network.made[1] as { channel: { send(bytes: Uint8Array): void } };
    const bytes = new Uint8Array(19);
    bytes.set([1, 0, 0xff, 0xff]);
    new DataView(bytes.buffer).setUint32(12, 500, true);
    side.channel.send(bytes);
    await environment.advance(10);
    expect([ana.inputAt(500, 0), ana.inputAt(500, 1)]).toEqual([null, null]);
    bytes[1] = 1;
    side.channel.send(bytes);
    await environment.advance(10);
    expect(ana.inputAt(500, 1)).not.toBeNull();
  });
});
