import { describe, expect, test } from "bun:test";
import type { Ports } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { JOINS_WAITING_MAX, OPEN_FAILURES_MAX } from "../limits.ts";
import type { Passwords } from "../passwords/service.ts";
import { SOLE_REGISTRY } from "../registry/service.ts";
import { type Caller, createRoomDesk, type RoomDesk } from "./service.ts";
import { fromRoomWire } from "./wire.ts";

const ask = (playerId: string, password: string | null = null) => {
  const read = fromRoomWire({ extra: { sessionid: "room", userid: playerId }, password, maxPlayers: 16 });
  if (read === null) throw new RangeError("not an ask");
  return read;
};

const caller = (socketId: string, isGone = () => false): Caller => ({
  socketId,
  who: { userId: null, username: null, network: "10.0.0.1" },
  isGone,
});

/** A desk whose passwords are compared when the test says so. */
function createScene(kv: Partial<Ports["kv"]> = {}) {
  const pending: { readonly password: string; settle(): void }[] = [];
  const passwords: Passwords = {
    hash: async (password) => `hash of ${password}`,
    async isRight({ password, hash }) {
      const { promise, resolve } = Promise.withResolvers<void>();
      pending.push({ password, settle: resolve });
      await promise;
      return hash === `hash of ${password}`;
    },
  };
  const counts = new Map<string, number>();
  const increment: Ports["kv"]["increment"] = async (key, { by = 1 }) => {
    counts.set(key, (counts.get(key) ?? 0) + by);
    return { value: counts.get(key) ?? 0, ttlMs: 5_000 };
  };
  const ports = {
    kv: { increment, ...kv },
    log: { warn: () => undefined },
    clock: { now: () => new Date(0) },
  } as unknown as Ports;
  const desk: RoomDesk = createRoomDesk({
    ports,
    passwords,
    registry: () => SOLE_REGISTRY,
    elsewhere: () => ({ join: async () => null, leave: () => undefined, signal: () => false }),
    onEffect: () => undefined,
  });
  const players = () => desk.findRoom("room")?.players.map(({ playerId }) => playerId) ?? [];
  return { desk, pending, players };
}

const settleAll = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

describe("those who join at the same time", () => {
  test("stand in the order in which they came, however long each password takes", async () => {
    const { desk, pending, players } = createScene();
    await desk.open(caller("A"), ask("a", "pw"));
    const joins = ["b", "c", "d"].map((id) => desk.join(caller(id.toUpperCase()), ask(id, "pw")));
    await settleAll();
    // One at a time: nobody can overtake.
    while (pending.length > 0) {
      pending.pop()?.settle();
      await settleAll();
    }
    expect((await Promise.all(joins)).map(({ refusal }) => refusal)).toEqual([null, null, null]);
    expect(players()).toEqual(["a", "b", "c", "d"]);
  });

  test("wait behind a room that is being opened, which nobody else can open meanwhile", async () => {
    const { desk, players } = createScene();
    const [opened, second, joined] = await Promise.all([
      desk.open(caller("A"), ask("a")),
      desk.open(caller("B"), ask("b")),
      desk.join(caller("C"), ask("c")),
    ]);
    expect([opened.refusal, second.refusal, joined.refusal]).toEqual([null, "exists", null]);
    expect(players()).toEqual(["a", "c"]);
  });

  test("are no more than can wait", async () => {
    const { desk, pending } = createScene();
    await desk.open(caller("A"), ask("a", "pw"));
    const joins = Array.from({ length: JOINS_WAITING_MAX }, (_, at) =>
      desk.join(caller(`S${at}`), ask(`p${at}`, "no")),
    );
    await expect(desk.join(caller("X"), ask("x", "no"))).rejects.toMatchObject({ code: "NETPLAY_BUSY" });
    for (let turn = 0; turn < JOINS_WAITING_MAX; turn += 1) {
      await settleAll();
      pending.shift()?.settle();
    }
    expect(new Set((await Promise.all(joins)).map(({ refusal }) => refusal))).toEqual(
      new Set(["wrong_password"]),
    );
  });
});

describe("somebody who goes while a password is looked at", () => {
  test("is in no room", async () => {
    const { desk, pending, players } = createScene();
    await desk.open(caller("A"), ask("a", "pw"));
    let isGone = false;
    const join = desk.join(
      caller("B", () => isGone),
      ask("b", "pw"),
    );
    await settleAll();
    isGone = true;
    desk.gone("B");
    pending.shift()?.settle();
    await join;
    expect(players()).toEqual(["a"]);
  });

  test("finds no other room of the same id behind it", async () => {
    const { desk, pending, players } = createScene();
    await desk.open(caller("A"), ask("a", "pw"));
    const join = desk.join(caller("B"), ask("b", "pw"));
    await settleAll();
    desk.leave("A");
    expect(
      desk.act({ kind: "opened", ...caller("C"), processId: null, ask: ask("c"), passwordHash: "other" }),
    ).toMatchObject({
      refusal: null,
    });
    pending.shift()?.settle();
    expect(await join).toEqual({ refusal: "not_found" });
    expect(players()).toEqual(["c"]);
  });
});

describe("attempts to open rooms", () => {
  test("count when they are refused, and not when they succeed", async () => {
    const { desk } = createScene();
    for (let turn = 0; turn < OPEN_FAILURES_MAX * 2; turn += 1) {
      expect(await desk.open(caller("A"), ask("a"))).toMatchObject({ refusal: null });
      desk.leave("A");
    }
    await desk.open(caller("A"), ask("a"));
    for (let turn = 0; turn < OPEN_FAILURES_MAX; turn += 1) {
      expect(await desk.open(caller("B"), ask("b"))).toEqual({ refusal: "exists" });
    }
    await expect(desk.open(caller("B"), ask("b"))).rejects.toMatchObject({ code: "NETPLAY_TRIES" });
  });

  test("succeed while nothing can be counted", async () => {
    const away = () =>
      Promise.reject(new AppError("unavailable", "KV_UNAVAILABLE", { message: "away", retryAfterMs: 1 }));
    const { desk, players } = createScene({ increment: away });
    expect(await desk.open(caller("A"), ask("a"))).toMatchObject({ refusal: null });
    expect(players()).toEqual(["a"]);
  });
});
