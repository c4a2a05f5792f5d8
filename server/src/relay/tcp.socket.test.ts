// The relay over real sockets, against a RetroArch made of bytes.
import { afterEach, describe, expect, test } from "bun:test";
import { connect, joinSession, openGame, openHost, type Peer } from "./client.testing.ts";
import { RELAY_LIMITS, type RelayLimits, WAITING_BYTES_MAX } from "./limits.ts";
import { concat, hex, letters, REQUEST, refusal, USER_HEADER } from "./messages.testing.ts";
import { createSwitchboard, type Switchboard } from "./switchboard/service.ts";
import { openRelayPort, type RelayPort } from "./tcp.ts";

interface OpenPort extends RelayPort {
  readonly board: Switchboard;
  /** Lets so much time pass for the relay. */
  skip(ms: number): void;
}

/** For a listener that only has a port. */
const DEAF = (): void => undefined;
const ports: OpenPort[] = [];
const peers: Peer[] = [];
/** Whatever our own code has thrown. */
const failures: unknown[] = [];

interface OpenOptions {
  readonly limits?: Partial<RelayLimits>;
  readonly isAllowed?: (address: string) => boolean;
  readonly hostname?: string;
}

function open({ limits, isAllowed = () => true, hostname = "127.0.0.1" }: OpenOptions = {}): OpenPort {
  let skippedMs = 0;
  const board = createSwitchboard({ limits: { ...RELAY_LIMITS, ...limits }, secretKey: "for tests only" });
  const port = openRelayPort({
    hostname,
    port: 0,
    board,
    isAllowed,
    onChange: () => undefined,
    onFailure: (error) => failures.push(error),
    nowMs: () => performance.now() + skippedMs,
    tickMs: 20,
  });
  const skip = (ms: number) => {
    skippedMs += ms;
  };
  const opened = { ...port, board, skip };
  ports.push(opened);
  return opened;
}

async function dial(port: number): Promise<Peer> {
  const peer = await connect(port);
  peers.push(peer);
  return peer;
}

/** Waits until the relay has as many of both; nothing may be left behind. */
async function expectCount(
  relay: OpenPort,
  wanted: { sessions: number; connections: number },
): Promise<void> {
  const isWanted = () => Bun.deepEquals(relay.board.count(), wanted);
  for (let waited = 0; waited < 5_000 && !isWanted(); waited += 10) await Bun.sleep(10);
  expect(relay.board.count()).toEqual(wanted);
}

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.close();
  for (const port of ports.splice(0)) await port.stop();
  expect(failures.filter((error) => !(error instanceof Error && "code" in error))).toEqual([]);
});

describe("a game", () => {
  test("goes both ways, byte for byte, and ends with either side", async () => {
    const relay = open();
    const { host, user, link } = await openGame(relay.port);
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    link.send(bytes);
    user.send(bytes.subarray(0, 20));
    expect(await user.read(bytes.length)).toEqual(bytes);
    expect(await link.read(20)).toEqual(bytes.slice(0, 20));
    link.send(letters("last words"));
    link.close();
    await user.ended();
    await expectCount(relay, { sessions: 1, connections: 1 });
    host.close();
    await expectCount(relay, { sessions: 0, connections: 0 });
  });

  test("delivers the last bytes before it closes", async () => {
    const relay = open();
    const { host, user, link } = await openGame(relay.port);
    link.send(new Uint8Array(200_000).fill(7));
    await Bun.sleep(20);
    link.close();
    expect(await user.readToEnd()).toHaveLength(200_000);
    host.close();
  });

  test("of others hears nothing of it", async () => {
    const relay = open();
    const games = await Promise.all(Array.from({ length: 12 }, () => openGame(relay.port)));
    for (const [at, { user, link }] of games.entries()) {
      user.send(new Uint8Array(1_000).fill(at));
      link.send(new Uint8Array(1_000).fill(100 + at));
    }
    for (const [at, { user, link }] of games.entries()) {
      expect(new Set(await link.read(1_000))).toEqual(new Set([at]));
      expect(new Set(await user.read(1_000))).toEqual(new Set([100 + at]));
      expect([user.pending().length, link.pending().length]).toEqual([0, 0]);
    }
    for (const { host, user } of games) {
      user.close();
      host.close();
    }
    await expectCount(relay, { sessions: 0, connections: 0 });
  });

  test("goes on for those who are linked when the host's own connection is lost", async () => {
    const relay = open();
    const { host, user, link } = await openGame(relay.port);
    host.owner.close();
    await expectCount(relay, { sessions: 0, connections: 2 });
    user.send(letters("still here"));
    expect(await link.read(10)).toEqual(letters("still here"));
  });
});

describe("answers on the wire", () => {
  test.each([
    ["the greeting of old", USER_HEADER, refusal("RANP")],
    ["the lobby's knock", letters("POKE"), refusal("RANP")],
    ["a session of zeros", concat(REQUEST, USER_HEADER), refusal("RANP")],
    [
      "an unknown session",
      concat(letters("RATS"), new Uint8Array(12).fill(9), USER_HEADER),
      new Uint8Array(),
    ],
    ["a browser", letters("GET / HTTP/1.1\r\nhost: x\r\n\r\n"), new Uint8Array()],
    ["a long line of anything", new Uint8Array(1_000_000).fill(0x41), new Uint8Array()],
    [
      "a greeting with a megabyte behind it",
      concat(letters("RATL"), new Uint8Array(1_000_000)),
      new Uint8Array(),
    ],
  ])("to %s", async (_name, bytes, expected) => {
    const relay = open();
    const peer = await dial(relay.port);
    peer.send(bytes);
    expect(await peer.readToEnd()).toEqual(expected);
    await expectCount(relay, { sessions: 0, connections: 0 });
  });

  test("to whoever is not on the list", async () => {
    const relay = open({ isAllowed: () => false });
    const [host, user] = [await dial(relay.port), await dial(relay.port)];
    host.send(REQUEST);
    user.send(letters("RATS"), new Uint8Array(12).fill(9), USER_HEADER);
    expect(await host.readToEnd()).toHaveLength(0);
    expect(await user.readToEnd()).toEqual(refusal("DENY"));
  });

  test("looks at the address of IPv4 also where it listens on IPv6", async () => {
    const seen: string[] = [];
    const relay = open({
      hostname: "::",
      isAllowed(address) {
        seen.push(address);
        return true;
      },
    });
    const host = await openHost(relay.port);
    expect(seen).toEqual(["127.0.0.1"]);
    host.close();
  });

  test("to a user who says too much before it is linked", async () => {
    const relay = open();
    const host = await openHost(relay.port);
    const user = await joinSession(relay.port, host.sessionId);
    user.send(new Uint8Array(100_000));
    await user.ended();
    expect(host.owner.isOpen()).toBe(true);
    host.close();
  });

  test("to a host that says what no host says", async () => {
    const relay = open();
    const host = await openHost(relay.port);
    host.owner.send(new Uint8Array(100_000));
    await host.owner.ended();
    await expectCount(relay, { sessions: 0, connections: 0 });
  });
});

describe("who does not play fair", () => {
  test("reads nothing: the other side is not read from either, and then the pair is closed", async () => {
    const relay = open({ limits: { bytesBurst: 1e12 } });
    const { host, user, link } = await openGame(relay.port);
    user.pause();
    link.send(new Uint8Array(64_000_000));
    await Bun.sleep(500);
    // Four buffers of the system take some; the relay itself next to nothing.
    expect(link.unsentBytes()).toBeGreaterThan(64_000_000 - 4 * 6_500_000 - WAITING_BYTES_MAX);
    relay.skip(10_000);
    await link.ended();
    user.resume();
    await user.ended();
    host.close();
    await expectCount(relay, { sessions: 0, connections: 0 });
  }, 20_000);

  test("reads late: everything arrives in order", async () => {
    const relay = open({ limits: { bytesBurst: 1e12 } });
    const { host, user, link } = await openGame(relay.port);
    user.pause();
    const bytes = new Uint8Array(12_000_000).map((_byte, at) => (at * 31) >> 8);
    link.send(bytes);
    await Bun.sleep(300);
    user.resume();
    const got = await user.read(bytes.length);
    expect(Bun.hash(got)).toBe(Bun.hash(bytes));
    user.close();
    host.close();
  }, 20_000);

  test("says nothing at all", async () => {
    const relay = open();
    const [silent, half] = [await dial(relay.port), await dial(relay.port)];
    half.send(letters("RAT"));
    await expectCount(relay, { sessions: 0, connections: 2 });
    relay.skip(10_000);
    await Promise.all([silent.ended(), half.ended()]);
    await expectCount(relay, { sessions: 0, connections: 0 });
  });

  test("is gone without a word: a host is asked, and then let go", async () => {
    const relay = open();
    const host = await openHost(relay.port);
    for (let asked = 0; asked < 3; asked++) {
      relay.skip(30_000);
      expect(await host.owner.read(4)).toEqual(letters("RATP"));
    }
    relay.skip(30_000);
    await host.owner.ended();
    await expectCount(relay, { sessions: 0, connections: 0 });
  }, 20_000);

  test("is gone without a word: a pair that both say nothing is closed", async () => {
    const relay = open();
    const { host, user, link } = await openGame(relay.port);
    // The host answers meanwhile.
    for (let at = 0; at < 4; at++) {
      relay.skip(30_000);
      await host.owner.read(4);
      host.owner.send(letters("RATP"));
      await Bun.sleep(10);
    }
    await Promise.all([user.ended(), link.ended()]);
    expect(host.owner.isOpen()).toBe(true);
    host.close();
  }, 20_000);

  test("comes with too many connections", async () => {
    const relay = open({ limits: { connectionsPerAddressMax: 20, connectsPerAddressMax: 60 } });
    const many = await Promise.all(Array.from({ length: 50 }, () => dial(relay.port)));
    await expectCount(relay, { sessions: 0, connections: 20 });
    const refused = many.filter((_peer, at) => at >= 20);
    await Promise.all(refused.map((peer) => peer.ended()));
    for (const peer of many) peer.close();
    await expectCount(relay, { sessions: 0, connections: 0 });
    const later = await Promise.all(Array.from({ length: 15 }, () => dial(relay.port)));
    await Promise.all(later.slice(10).map((peer) => peer.ended()));
    await expectCount(relay, { sessions: 0, connections: 10 });
  });

  test("comes with too many bytes", async () => {
    const relay = open({ limits: { bytesBurst: 300_000, bytesPerSecond: 1_000 } });
    const { host, user, link } = await openGame(relay.port);
    user.send(new Uint8Array(310_000));
    await Promise.all([user.ended(), link.ended()]);
    host.close();
    await expectCount(relay, { sessions: 0, connections: 0 });
  });
});

describe("a stop", () => {
  test("lets everybody go, and frees the port", async () => {
    const relay = open();
    const { host, user, link } = await openGame(relay.port);
    await relay.stop();
    await Promise.all([host.owner.ended(), user.ended(), link.ended()]);
    const again = Bun.listen({ hostname: "127.0.0.1", port: relay.port, socket: { data: DEAF } });
    again.stop(true);
  });
});

describe("noise", () => {
  test("of ten thousand connections breaks nothing, and reaches nobody", async () => {
    const seed = Number(process.env.MULTITAP_FUZZ_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    console.log(`noise: seed ${seed} (MULTITAP_FUZZ_SEED repeats it)`);
    const random = createDice(seed);
    const relay = open({
      limits: { connectsPerAddressMax: 1e9, connectionsPerAddressMax: 1e6, sessionsPerAddressMax: 1e6 },
    });
    const { host, user, link } = await openGame(relay.port);
    const deadlineMs = performance.now() + 6_000;
    let connections = 0;
    while (connections < 10_000 && performance.now() < deadlineMs) {
      const batch = await Promise.all(Array.from({ length: 50 }, () => connect(relay.port)));
      for (const peer of batch) {
        for (let pieces = random(4); pieces >= 0; pieces--) peer.send(makeNoise(random, host.sessionId));
      }
      connections += batch.length;
      user.send(hex("0000000300000008"));
      expect(await link.read(8)).toEqual(hex("0000000300000008"));
      link.send(hex("00000004"));
      expect(await user.read(4)).toEqual(hex("00000004"));
      for (const peer of batch) peer.close();
    }
    expect([user.pending().length, link.pending().length, host.owner.isOpen()]).toEqual([0, 0, true]);
    // Only wishes to join came to the host, and nothing but them.
    const heard = host.owner.pending();
    for (let at = 0; at < heard.length; at += 16) {
      expect(Buffer.from(heard.subarray(at, at + 4)).toString()).toBe("RATL");
    }
    console.log(`noise: ${connections} connections`);
    expect(connections).toBeGreaterThan(500);
    user.close();
    host.close();
    await expectCount(relay, { sessions: 0, connections: 0 });
  }, 25_000);
});

type Dice = (sides: number) => number;

/** Numbers from 0 below `sides`, the same for the same seed (xorshift32). */
function createDice(seed: number): Dice {
  let state = seed || 1;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
}

/** Bytes that are nearly right, or not at all. */
function makeNoise(random: Dice, sessionId: Uint8Array): Uint8Array {
  const anything = new Uint8Array(random(64)).map(() => random(256));
  const starts = ["RATS", "RATL", "RATA", "RATP", "RANP", "POKE", "FULL", "RATX"];
  const magic = letters(starts[random(starts.length)] ?? "");
  const ids = [new Uint8Array(12), sessionId, new Uint8Array(12).map(() => random(256))];
  const id = ids[random(ids.length)] ?? anything;
  const whole = concat(magic, id, random(2) === 0 ? USER_HEADER : anything);
  if (random(5) === 0) return anything;
  return random(3) === 0 ? whole.slice(0, random(whole.length + 1)) : whole;
}
