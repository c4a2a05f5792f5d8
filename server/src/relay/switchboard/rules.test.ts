// All of the relay without a socket: events go in, effects come out.
import { beforeEach, describe, expect, test } from "bun:test";
import {
  EARLY_BYTES_MAX,
  GREETING_MS,
  LINK_WAIT_MS,
  LINKS_PENDING_MAX,
  PING_AFTER_MS,
  PINGS_MISSED_MAX,
  RELAY_LIMITS,
  type RelayLimits,
  USERS_PER_SESSION_MAX,
} from "../limits.ts";
import {
  concat,
  HOST_HEADER,
  hex,
  info,
  letters,
  nick,
  REQUEST,
  refusal,
  USER_HEADER,
} from "../messages.testing.ts";
import { createRelayState, type RelayEvent, type RelayState, stepRelay } from "./rules.ts";

const HOST_NET = "10.0.0.1";
const USER_NET = "10.0.0.2";
let state: RelayState;
let nowMs: number;
let made: number;
let limits: RelayLimits;

beforeEach(() => {
  state = createRelayState();
  nowMs = 1_000_000;
  made = 0;
  limits = RELAY_LIMITS;
});

/** The n-th id of a test. */
const idOf = (n: number) => new Uint8Array(12).fill(n);
const textOf = (n: number) => idOf(n).toBase64();

/** What comes out, in words: who is sent what, who is closed, who is linked. */
function step(event: RelayEvent): string[] {
  const rules = {
    limits,
    randomBytes: () => idOf(++made),
    disguise: (network: string) => new Uint8Array(16).fill(Number(network.split(".")[3])),
  };
  return stepRelay(state, event, { rules, nowMs }).flatMap((effect) => {
    if (effect.kind === "send") return [`${effect.to} < ${effect.bytes.toHex()}`];
    if (effect.kind === "close") return [`close ${effect.connection}`];
    return effect.kind === "pipe" ? [`pipe ${effect.user} ${effect.link}`] : [];
  });
}

const connect = (connection: number, network = USER_NET, isAllowed = true) =>
  step({ kind: "connected", connection, network, isAllowed });
const receive = (connection: number, ...parts: Uint8Array[]) =>
  step({ kind: "received", connection, bytes: concat(...parts) });
const closed = (connection: number) => step({ kind: "closed", connection });
const tick = () => step({ kind: "tick" });
const arrive = (connection: number, bytes: Uint8Array, network = USER_NET) => {
  connect(connection, network);
  return receive(connection, bytes);
};
const sent = (to: number, ...parts: Uint8Array[]) => `${to} < ${concat(...parts).toHex()}`;
const rats = (n: number) => concat(letters("RATS"), idOf(n));
const ratl = (n: number) => concat(letters("RATL"), idOf(n));
const rata = (n: number) => concat(letters("RATA"), idOf(n));

/** Connection 1 hosts session 1. */
const open = () => arrive(1, REQUEST, HOST_NET);

describe("a whole game", () => {
  test("goes by the book, byte by byte", () => {
    expect(open()).toEqual([sent(1, rats(1))]);
    expect(arrive(2, concat(rats(1), USER_HEADER))).toEqual([sent(1, ratl(2))]);
    expect(receive(1, rata(2))).toEqual([sent(1, rata(2), new Uint8Array(16).fill(2))]);
    connect(3, HOST_NET);
    expect(receive(3, ratl(2))).toEqual(["pipe 2 3", sent(3, USER_HEADER)]);
    expect(closed(2)).toEqual(["close 2", "close 3"]);
    expect(closed(3)).toEqual([]);
    expect(closed(1)).toEqual([]);
    expect([state.connections.size, state.sessions.size, state.awaited.size]).toEqual([0, 0, 0]);
  });

  test("goes the same byte for byte", () => {
    connect(1, HOST_NET);
    const bytewise = (connection: number, bytes: Uint8Array) =>
      [...bytes].flatMap((byte) => receive(connection, Uint8Array.of(byte)));
    expect(bytewise(1, REQUEST)).toEqual([sent(1, rats(1))]);
    connect(2);
    expect(bytewise(2, concat(rats(1), USER_HEADER))).toEqual([sent(1, ratl(2))]);
    expect(bytewise(1, rata(2))).toEqual([sent(1, rata(2), new Uint8Array(16).fill(2))]);
    connect(3, HOST_NET);
    expect(bytewise(3, ratl(2))).toEqual(["pipe 2 3", sent(3, USER_HEADER)]);
  });

  test("tells of its players and its game", () => {
    open();
    arrive(2, concat(rats(1), USER_HEADER));
    arrive(3, ratl(2), HOST_NET);
    const pass = (connection: number, bytes: Uint8Array) => step({ kind: "passed", connection, bytes });
    pass(2, nick("bob"));
    pass(3, concat(HOST_HEADER, nick("alice")));
    pass(3, info("38c2acf4", "Nestopia", "1.52.0"));
    pass(3, concat(HOST_HEADER, nick("mallory")));
    const session = state.sessions.get(textOf(1));
    expect(session?.members.map((member) => member.nick)).toEqual(["bob"]);
    expect(session?.facts).toEqual({
      nick: "alice",
      hasPassword: false,
      crc32: "38c2acf4",
      coreName: "Nestopia",
      coreVersion: "1.52.0",
    });
  });
});

describe("who asks for nothing we know", () => {
  test.each([
    ["a browser", letters("GET / HTTP/1.1\r\n"), ["close 2"]],
    ["the lobby", letters("POKE"), [sent(2, refusal("RANP")), "close 2"]],
    ["an old RetroArch", USER_HEADER, [sent(2, refusal("RANP")), "close 2"]],
    ["a session of zeros", concat(REQUEST, USER_HEADER), [sent(2, refusal("RANP")), "close 2"]],
    ["an unknown session", concat(rats(9), USER_HEADER), ["close 2"]],
    ["an unknown user", ratl(9), ["close 2"]],
  ])("%s", (_name, bytes, expected) => {
    expect(arrive(2, bytes)).toEqual(expected);
    expect(state.sessions.size).toBe(0);
    expect(receive(2, REQUEST)).toEqual([]);
  });

  test("is closed when it says nothing for too long", () => {
    connect(2);
    receive(2, letters("RAT"));
    nowMs += GREETING_MS - 1;
    expect(tick()).toEqual([]);
    nowMs += 1;
    expect(tick()).toEqual(["close 2"]);
  });
});

describe("who names no session", () => {
  const openTwo = () => {
    open();
    arrive(5, REQUEST, HOST_NET);
  };
  const claim = (n: number) =>
    step({ kind: "claimed", sessionId: textOf(n), claim: { userId: 1, username: "admin" } });

  test("means the only one, and loses none of its bytes", () => {
    open();
    expect(arrive(2, USER_HEADER)).toEqual([sent(1, ratl(2))]);
    expect(arrive(3, ratl(2), HOST_NET)).toEqual(["pipe 2 3", sent(3, USER_HEADER)]);
  });

  test("does not know which of two", () => {
    openTwo();
    expect(arrive(2, USER_HEADER)).toEqual([sent(2, refusal("RANP")), "close 2"]);
  });

  test("means the only one that is claimed", () => {
    openTwo();
    claim(2);
    expect(arrive(2, USER_HEADER)).toEqual([sent(5, ratl(3))]);
    claim(1);
    expect(arrive(3, USER_HEADER)).toEqual([sent(3, refusal("RANP")), "close 3"]);
  });
});

describe("a user", () => {
  beforeEach(open);

  test("is let go when the host does not link, and nobody else can link to it", () => {
    arrive(2, rats(1));
    nowMs += LINK_WAIT_MS;
    expect(tick()).toEqual(["close 2"]);
    expect(arrive(3, ratl(2), HOST_NET)).toEqual(["close 3"]);
  });

  test("is linked once", () => {
    arrive(2, rats(1));
    expect(arrive(3, ratl(2), HOST_NET)).toEqual(["pipe 2 3"]);
    expect(arrive(4, ratl(2), HOST_NET)).toEqual(["close 4"]);
  });

  test("may go on talking while it waits, within reason", () => {
    arrive(2, rats(1));
    expect(receive(2, USER_HEADER)).toEqual([]);
    expect(receive(2, nick("bob"))).toEqual([]);
    expect(arrive(3, ratl(2), HOST_NET)).toEqual(["pipe 2 3", sent(3, USER_HEADER, nick("bob"))]);
  });

  test("is closed when it says too much while it waits", () => {
    arrive(2, rats(1));
    receive(2, new Uint8Array(EARLY_BYTES_MAX));
    expect(receive(2, new Uint8Array(1))).toEqual(["close 2"]);
    expect(arrive(3, concat(rats(1), new Uint8Array(EARLY_BYTES_MAX + 1)))).toEqual(["close 3"]);
  });

  test("finds a session full, when too many play or wait", () => {
    for (let n = 0; n < LINKS_PENDING_MAX; n++) arrive(10 + n, rats(1), `10.0.1.${n}`);
    expect(arrive(50, rats(1))).toEqual([sent(50, refusal("FULL")), "close 50"]);
    const linkOne = (at: number) => arrive(100 + at, ratl(2 + at), HOST_NET);
    for (let at = 0; at < LINKS_PENDING_MAX; at++) expect(linkOne(at)[0]).toBe(`pipe ${10 + at} ${100 + at}`);
    expect(state.sessions.get(textOf(1))?.members).toHaveLength(LINKS_PENDING_MAX);
    expect(LINKS_PENDING_MAX).toBeLessThan(USERS_PER_SESSION_MAX);
  });

  test("that left while it waited is unknown to the host", () => {
    arrive(2, rats(1));
    closed(2);
    expect(receive(1, rata(2))).toEqual([sent(1, letters("RATA"), new Uint8Array(28))]);
    expect(arrive(3, ratl(2), HOST_NET)).toEqual(["close 3"]);
  });
});

describe("a host", () => {
  beforeEach(open);

  test("that goes takes those who wait along, and leaves those who play to themselves", () => {
    arrive(2, rats(1));
    arrive(3, ratl(2), HOST_NET);
    arrive(4, rats(1));
    expect(closed(1)).toEqual(["close 4"]);
    expect([closed(2), closed(3), closed(4)]).toEqual([[], [], []]);
    expect([state.connections.size, state.awaited.size]).toEqual([0, 0]);
    expect(state.uses.get(HOST_NET)?.sessions).toBe(0);
  });

  test.each([
    ["another request", REQUEST],
    ["a header", USER_HEADER],
    ["noise", hex("ffffffff")],
  ])("that sends %s is none", (_name, bytes) => {
    expect(receive(1, bytes)).toEqual(["close 1"]);
    expect(state.sessions.size).toBe(0);
  });

  test("is pinged when it is silent, and gone when it stays so", () => {
    for (let missed = 0; missed < PINGS_MISSED_MAX; missed++) {
      nowMs += PING_AFTER_MS - 1;
      expect(tick()).toEqual([]);
      nowMs += 1;
      expect(tick()).toEqual([sent(1, letters("RATP"))]);
    }
    nowMs += PING_AFTER_MS;
    expect(tick()).toEqual(["close 1"]);
  });

  test("that answers stays, and is timed", () => {
    for (let round = 0; round < 10; round++) {
      nowMs += PING_AFTER_MS;
      expect(tick()).toEqual([sent(1, letters("RATP"))]);
      nowMs += 25;
      receive(1, letters("RATP"));
    }
    expect(state.sessions.get(textOf(1))?.pingMs).toBe(25);
  });
});

describe("who may not", () => {
  test.each([
    ["host", REQUEST, ["close 7"]],
    ["join", rats(1), [sent(7, refusal("DENY")), "close 7"]],
    ["join plainly", USER_HEADER, [sent(7, refusal("DENY")), "close 7"]],
    ["link", ratl(1), ["close 7"]],
    ["ask for a life sign", letters("POKE"), [sent(7, refusal("DENY")), "close 7"]],
  ])("%s is told so where RetroArch has words for it", (_name, bytes, expected) => {
    open();
    connect(7, USER_NET, false);
    expect(receive(7, bytes)).toEqual(expected);
    step({ kind: "bans", bans: new Map([["10.0.0.9", nowMs + 1]]) });
    connect(7, "10.0.0.9");
    expect(receive(7, bytes)).toEqual(expected);
  });

  test("is let in when the ban has run out", () => {
    open();
    step({ kind: "bans", bans: new Map([[USER_NET, nowMs + 1_000]]) });
    nowMs += 1_000;
    expect(arrive(2, rats(1))).toEqual([sent(1, ratl(2))]);
  });

  test("is closed with everything that is open when a ban begins", () => {
    open();
    arrive(2, rats(1));
    arrive(3, ratl(2), HOST_NET);
    arrive(4, rats(1), "10.0.0.4");
    expect(step({ kind: "bans", bans: new Map([[USER_NET, nowMs + 1]]) })).toEqual(["close 2"]);
  });

  test("is kicked from one session, and comes back unless banned from it", () => {
    open();
    arrive(2, rats(1));
    arrive(3, ratl(2), HOST_NET);
    const kick = (memberId: number, isBanned: boolean) =>
      step({ kind: "kicked", sessionId: textOf(1), memberId, isBanned });
    expect(kick(1, false)).toEqual(["close 2", "close 3"]);
    expect(arrive(4, rats(1))).toEqual([sent(1, ratl(3))]);
    expect(kick(9, true)).toEqual([]);
    expect(kick(2, true)).toEqual(["close 4"]);
    expect(arrive(5, rats(1))).toEqual([sent(5, refusal("DENY")), "close 5"]);
    expect(arrive(6, rats(1), "10.0.0.6")).toEqual([sent(1, ratl(5))]);
  });
});

describe("limits", () => {
  test("of sessions, of all and of one address", () => {
    limits = { ...RELAY_LIMITS, sessionsMax: 3, sessionsPerAddressMax: 2 };
    expect([1, 2, 3].map((id) => arrive(id, REQUEST, HOST_NET)[0]?.startsWith("close"))).toEqual([
      false,
      false,
      true,
    ]);
    expect(arrive(4, REQUEST, USER_NET)).toHaveLength(1);
    expect(arrive(5, REQUEST, "10.0.0.5")).toEqual(["close 5"]);
    closed(1);
    expect(arrive(6, REQUEST, HOST_NET)[0]).toStartWith("6 <");
  });

  test("of connections, of all and of one address", () => {
    limits = { ...RELAY_LIMITS, connectionsMax: 3, connectionsPerAddressMax: 2 };
    expect([connect(1), connect(2), connect(3)]).toEqual([[], [], ["close 3"]]);
    expect([connect(4, HOST_NET), connect(5, "10.0.0.5")]).toEqual([[], ["close 5"]]);
    closed(1);
    expect(connect(6)).toEqual([]);
  });

  test("are forgotten with the addresses they were for", () => {
    connect(1);
    closed(1);
    tick();
    expect(state.uses.size).toBe(1);
    nowMs += 60_000;
    tick();
    expect(state.uses.size).toBe(0);
  });
});
