/**
 * A relay for tests, in memory, written from the protocol's document alone: it shares no code with the server or with the
 * codec of this package, so that a mistake in one of them shows.
 */
import { initTRPC, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { pack, utf8 } from "./relay-bytes.testing.ts";

const MEMBER_ROOM = "00000000000000a1";
/** The side of a connection that the relay holds. */
interface Wire {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
}

/** Somebody in the room. */
export interface TestMember {
  readonly number: number;
  readonly name: string;
  readonly seat: number | null;
  rejoin: string;
  wire: Wire | null;
  /** Types of what it sent, in hex, with the whole message. */
  readonly sent: { readonly type: number; readonly bytes: Uint8Array }[];
  isWaiting: boolean;
}

interface Upload {
  readonly by: TestMember;
  readonly id: number;
  readonly frame: number;
  readonly isForEveryone: boolean;
  readonly bytes: Uint8Array;
  filled: number;
}

/** One room, and the door to it. */
export interface TestRelay {
  /** Fits the `WebSocket` option. */
  readonly WebSocket: new (
    url: string,
  ) => unknown;
  /** Fits the `fetch` option of a client. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly members: TestMember[];
  /** Addresses that sockets were opened for. */
  readonly opened: string[];
  /** Calls of procedures, in order. */
  readonly calls: { readonly path: string; readonly input: unknown }[];
  /** INPUT and KEEP as they are kept. */
  readonly kept: { readonly seat: number; readonly frame: number; readonly bytes: Uint8Array }[];
  readonly inputBytes: number;
  /** What the list holds. */
  list: unknown[];
  /** What is answered to `netplay.iceServers`; null: the server has no such procedure. */
  iceServers: readonly unknown[] | null;
  /** Closes the next connections with these before anything else. */
  refusals: [code: number, reason: string][];
  /** Whether RESUME is answered. */
  answersResume: boolean;
  /** Bytes that each socket says are waiting. */
  bufferedAmount: number;
  /** Whether PARTs are answered. */
  answersParts: boolean;
  snapshot: { readonly frame: number; readonly bytes: Uint8Array } | null;
  /** A member by its seat. */
  at(seat: number): TestMember;
  /** Ends a member's connection. */
  cut(member: TestMember, code?: number, reason?: string): void;
  /** A member is gone for good; the owner's place goes on. */
  expire(member: TestMember): void;
  sendTo(member: TestMember, hex: string | Uint8Array<ArrayBuffer>): void;
  /** Gives spectators what is kept. */
  feedSpectators(): void;
}

interface RelayCore
  extends Omit<TestRelay, "WebSocket" | "fetch" | "at" | "cut" | "expire" | "sendTo" | "feedSpectators"> {
  readonly tickets: Map<string, { readonly seat: number | null; readonly name: string }>;
  ownerNumber: number;
  upload: Upload | null;
  snapshotCount: number;
}

/** Makes the relay; its one room is opened by the first `netplay.open`. */
export function createTestRelay(inputBytes = 2): TestRelay {
  const relay: RelayCore = {
    members: [],
    opened: [],
    calls: [],
    kept: [],
    inputBytes,
    list: [],
    iceServers: null,
    refusals: [],
    answersResume: true,
    bufferedAmount: 0,
    answersParts: true,
    snapshot: null,
    tickets: new Map(),
    ownerNumber: 1,
    upload: null,
    snapshotCount: 0,
  };
  const router = createRouter(relay);
  return Object.assign(relay, {
    WebSocket: socketClass(relay),
    fetch: (url: string, init: RequestInit) =>
      fetchRequestHandler({
        endpoint: "/games/trpc",
        req: new Request(url, init),
        router,
        allowMethodOverride: true,
        createContext: () => ({}),
      }),
    at(seat: number) {
      const found = relay.members.findLast((member) => member.seat === seat);
      if (found === undefined) throw new RangeError(`nobody has seat ${seat}`);
      return found;
    },
    cut(member: TestMember, code = 1006, reason = "") {
      const { wire } = member;
      member.wire = null;
      wire?.close(code, reason);
      tellRoster(relay);
    },
    expire(member: TestMember) {
      relay.members.splice(relay.members.indexOf(member), 1);
      const next = relay.members.find(({ seat, wire }) => seat !== null && wire !== null);
      if (member.number === relay.ownerNumber && next !== undefined) relay.ownerNumber = next.number;
      tellRoster(relay);
    },
    sendTo(member: TestMember, hex: string | Uint8Array<ArrayBuffer>) {
      member.wire?.send(typeof hex === "string" ? new Uint8Array(Buffer.from(hex, "hex")) : hex);
    },
    feedSpectators() {
      for (const member of relay.members) if (member.seat === null) sendKept(relay, member, 0);
    },
  });
}

function createRouter(relay: RelayCore) {
  const t = initTRPC.create({
    errorFormatter: ({ shape }) => ({
      ...shape,
      data: { ...shape.data, kind: "not_found", code: "PROCEDURE_NOT_FOUND" },
    }),
  });
  const noted = t.procedure
    .input((input: unknown) => (input ?? {}) as Record<string, unknown>)
    .use(async ({ path, getRawInput, next }) => {
      relay.calls.push({ path, input: await getRawInput() });
      return await next();
    });
  const giveTicket = (seat: number | null, input: Record<string, unknown>) => {
    const ticket = `ticket-${relay.tickets.size + 1}`;
    relay.tickets.set(ticket, { seat, name: String(input.playerName ?? `player ${relay.tickets.size}`) });
    const url = `/ws/netplay?room=${MEMBER_ROOM}`;
    return {
      roomId: MEMBER_ROOM,
      invite: "7KQ2M9XA",
      ticket,
      url,
      seat,
      expiresAt: "2030-01-01T00:00:30.000Z",
    };
  };
  return t.router({
    netplay: t.router({
      open: noted.mutation(({ input }) => giveTicket(0, input)),
      join: noted.mutation(({ input }) => giveTicket(Number(input.seat ?? relay.tickets.size), input)),
      spectate: noted.mutation(({ input }) => giveTicket(null, input)),
      list: noted.query(() => relay.list),
      iceServers: noted.query(() => {
        if (relay.iceServers === null) throw new TRPCError({ code: "NOT_FOUND" });
        return relay.iceServers;
      }),
    }),
  });
}

/** Sockets that deliver in order, a turn of the program later. */
function socketClass(relay: RelayCore): TestRelay["WebSocket"] {
  return class {
    binaryType = "blob";
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onclose: ((event: { code: number; reason: string }) => void) | null = null;
    onerror: (() => void) | null = null;
    private member: TestMember | null = null;
    private isClosed = false;
    private readonly wire: Wire;

    constructor(url: string) {
      relay.opened.push(url);
      const later = (run: () => void) => queueMicrotask(() => this.isClosed || run());
      this.wire = {
        // Each message has memory of its own, as a socket's has.
        send: (bytes) => later(() => this.onmessage?.({ data: bytes.slice().buffer })),
        close: (code, reason) =>
          later(() => {
            this.isClosed = true;
            this.onclose?.({ code, reason });
          }),
      };
      const refusal = relay.refusals.shift();
      if (refusal === undefined) later(() => this.onopen?.());
      else this.wire.close(...refusal);
    }

    get bufferedAmount() {
      return relay.bufferedAmount;
    }

    send(bytes: Uint8Array) {
      const copy = bytes.slice();
      if (this.isClosed) return;
      if (this.member === null) this.member = admit(relay, this.wire, copy);
      else if (this.member.wire === this.wire) take(relay, this.member, copy);
    }

    close() {
      if (this.isClosed) return;
      this.isClosed = true;
      if (this.member?.wire === this.wire) this.member.wire = null;
    }
  };
}

function admit(relay: RelayCore, wire: Wire, hello: Uint8Array): TestMember | null {
  const view = new DataView(hello.buffer);
  const proof = new TextDecoder().decode(hello.subarray(8));
  if (hello[0] !== 0x01 || hello[1] !== 1) {
    wire.close(4426, "NETPLAY_VERSION_UNSUPPORTED");
    return null;
  }
  const lackingFrom = view.getUint32(4, true);
  if (view.getUint16(2, true) === 1) {
    const member = relay.members.find(({ rejoin }) => rejoin === proof);
    if (member === undefined) wire.close(4401, "NETPLAY_TICKET_INVALID");
    else {
      member.wire = wire;
      member.sent.push({ type: 0x01, bytes: hello });
      welcome(relay, member);
      if (lackingFrom === 0xffff_ffff) sendSnapshot(relay, member, 0);
      else sendKept(relay, member, lackingFrom);
    }
    return member ?? null;
  }
  const ticket = relay.tickets.get(proof);
  relay.tickets.set(proof, { seat: -1, name: "" });
  if (ticket === undefined || ticket.seat === -1) {
    wire.close(4401, "NETPLAY_TICKET_INVALID");
    return null;
  }
  const number = Math.max(0, ...relay.members.map((member) => member.number)) + 1;
  const member: TestMember = { number, ...ticket, rejoin: "", wire, sent: [], isWaiting: false };
  relay.members.push(member);
  welcome(relay, member);
  if (relay.kept.length > 0) sendSnapshot(relay, member, 0);
  return member;
}

function welcome(relay: RelayCore, member: TestMember): void {
  member.rejoin = `rejoin-${member.number}-${Math.random()}`;
  const json = {
    roomId: MEMBER_ROOM,
    playerId: String(member.number),
    role: member.seat === null ? "spectator" : "player",
    seat: member.seat,
    invite: member.seat === null ? null : "7KQ2M9XA",
    rejoin: member.rejoin,
    graceMs: 30_000,
    name: "Sunday",
    romId: 42,
    playersMax: 4,
    inputBytes: relay.inputBytes,
    inputWindow: 600,
    delayMs: member.seat === null ? 2_000 : null,
    pingMs: 2_000,
  };
  member.wire?.send(pack([0x02, 1, member.number], utf8(json)));
  tellRoster(relay);
}

function tellRoster(relay: RelayCore): void {
  const players = relay.members
    .filter(({ seat }) => seat !== null)
    .sort((a, b) => (a.seat ?? 0) - (b.seat ?? 0))
    .map(({ number, name, seat, wire }) => ({
      playerId: String(number),
      name,
      seat,
      isConnected: wire !== null,
      delay: { medianMs: 10, p99Ms: 20 },
    }));
  const roster = {
    ownerId: String(relay.ownerNumber),
    resumeFrame: relay.snapshot?.frame ?? null,
    players,
    spectatorCount: relay.members.length - players.length,
  };
  for (const { wire } of relay.members) wire?.send(pack([0x03, 0, 0], utf8(roster)));
}

/** INPUTS with all that is kept from a frame on, a hundred at a time. */
function sendKept(relay: RelayCore, member: TestMember, from: number): void {
  const found = relay.kept.filter(({ frame }) => frame >= from);
  for (let at = 0; at < found.length; at += 100) {
    const some = found.slice(at, at + 100);
    const whole = some.map(({ seat, frame, bytes }) => pack([0x10, seat, 0, frame], bytes));
    member.wire?.send(pack([0x12, 0, some.length, 0], new Uint8Array(Buffer.concat(whole))));
  }
}

function sendSnapshot(relay: RelayCore, member: TestMember, reason: number): void {
  const { snapshot } = relay;
  const owner = relay.members.find(({ number }) => number === relay.ownerNumber);
  if (snapshot === null) {
    member.isWaiting = true;
    owner?.wire?.send(pack([0x35, 0, member.number]));
    return;
  }
  member.isWaiting = false;
  relay.snapshotCount += 1;
  const id = relay.snapshotCount;
  const { frame, bytes } = snapshot;
  member.wire?.send(pack([0x30, reason, id, frame, bytes.length], new Uint8Array([0, 0, 0, 0])));
  sendKept(relay, member, frame);
  for (let at = 0; at < bytes.length; at += 65_536) {
    member.wire?.send(pack([0x31, 0, id, at], bytes.subarray(at, at + 65_536)));
  }
}

function take(relay: RelayCore, member: TestMember, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  const type = view.getUint8(0);
  const u16 = view.getUint16(2, true);
  const u32 = bytes.length >= 8 ? view.getUint32(4, true) : 0;
  const others = relay.members.filter((other) => other !== member && other.wire !== null);
  member.sent.push({ type, bytes });
  if (type === 0x10 || type === 0x11) takeInput(relay, member, bytes);
  if (type === 0x13 && relay.answersResume) sendKept(relay, member, u32);
  if (type === 0x20 || type === 0x21) {
    const copy = Uint8Array.from(bytes);
    new DataView(copy.buffer).setUint16(2, member.number, true);
    for (const other of others) if (u16 === 0 || other.number === u16) other.wire?.send(copy);
  }
  if (type >= 0x30 && type <= 0x32) takeSnapshot(relay, member, bytes);
  if (type === 0x35) sendSnapshot(relay, member, 1);
  if (type === 0x40) member.wire?.send(pack([0x41, 0, 0, u32, 7]));
  if (type === 0x50) {
    member.wire?.close(1000, "NETPLAY_LEFT");
    relay.members.splice(relay.members.indexOf(member), 1);
    const next = relay.members.find(({ seat, wire }) => seat !== null && wire !== null);
    if (member.number === relay.ownerNumber && next !== undefined) relay.ownerNumber = next.number;
    tellRoster(relay);
  }
}

function takeInput(relay: RelayCore, member: TestMember, message: Uint8Array): void {
  const view = new DataView(message.buffer);
  const seat = view.getUint8(1);
  const frame = view.getUint32(4, true);
  if (seat !== member.seat || message.length !== 8 + relay.inputBytes) {
    member.wire?.close(4400, "NETPLAY_MESSAGE_INVALID");
    return;
  }
  if (relay.kept.some((kept) => kept.seat === seat && kept.frame === frame)) return;
  relay.kept.push({ seat, frame, bytes: message.slice(8) });
  if (view.getUint8(0) === 0x11) return;
  for (const other of relay.members) {
    if (other !== member && other.seat !== null) other.wire?.send(Uint8Array.from(message));
  }
}

function takeSnapshot(relay: RelayCore, member: TestMember, message: Uint8Array): void {
  const view = new DataView(message.buffer);
  const id = view.getUint16(2, true);
  if (message[0] === 0x32) relay.upload = null;
  if (message[0] === 0x30) {
    if (member.number !== relay.ownerNumber) member.wire?.send(pack([0x34, 5, id, 0]));
    else {
      const [frame, size] = [view.getUint32(4, true), view.getUint32(8, true)];
      const isForEveryone = message[1] === 1;
      relay.upload = { by: member, id, frame, isForEveryone, bytes: new Uint8Array(size), filled: 0 };
    }
  }
  const { upload } = relay;
  if (message[0] !== 0x31 || upload === null || upload.id !== id || !relay.answersParts) return;
  if (view.getUint32(4, true) !== upload.filled) {
    member.wire?.send(pack([0x34, 4, id, 0]));
    return;
  }
  upload.bytes.set(message.subarray(8), upload.filled);
  upload.filled += message.length - 8;
  member.wire?.send(pack([0x33, 0, id, upload.filled]));
  if (upload.filled < upload.bytes.length) return;
  relay.upload = null;
  relay.snapshot = { frame: upload.frame, bytes: upload.bytes };
  member.wire?.send(pack([0x34, 0, id, upload.frame]));
  for (const other of relay.members) {
    if (other.isWaiting) sendSnapshot(relay, other, 0);
    else if (upload.isForEveryone && other !== member) sendSnapshot(relay, other, 2);
  }
}
