/** What login sessions ask of whatever keeps them. A library that replaces the one in use has to pass this. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SessionFacts } from "./service.ts";

/** A session as the store gives it back. */
export interface KeptSession extends SessionFacts {
  readonly id: string;
  readonly userId: number;
}

/** The store as one process sees it, with one span of life for all its sessions. */
export interface SessionStore {
  create(userId: number, facts: SessionFacts, sessionId: string): Promise<void>;
  /** Looking at a session neither ends nor lengthens it. */
  find(sessionId: string): Promise<KeptSession | null>;
  /** Live sessions of an account, in no order. */
  list(userId: number): Promise<readonly KeptSession[]>;
  /** Gives a session its whole life again; false when it is gone. */
  renew(session: Pick<KeptSession, "id" | "userId">): Promise<boolean>;
  end(sessionId: string): Promise<void>;
  endAll(userId: number): Promise<void>;
}

/** Two processes on one store. */
export interface SessionStoreFixture {
  first(maxAgeMs: number): SessionStore;
  second(maxAgeMs: number): SessionStore;
  dispose(): Promise<void>;
}

/** Longer than any test. */
const LONG_MS = 600_000;
/** Long enough for some calls on a busy machine, short enough to wait for. */
const SHORT_MS = 700;
/** Between two renewals of a session that lives so shortly. */
const STEP_MS = 350;
/** Calls that race each other, and how often they do. */
const RACERS = 8;
const ROUNDS = 6;
/** Longest id that a library may make; ours have 36 characters. */
const LONG_ID_CHARS = 255;
/** What a provider's token may have at most. */
const ID_TOKEN_CHARS = 16_384;

const FACTS: SessionFacts = {
  username: "ana",
  deviceId: "7b0b1b1e-9d3c-4a55-8e0c-0c2f9d9d7a11",
  passwordMark: "0123456789abcdef0123456789abcdef",
  startedAtMs: 1_700_000_000_123,
  oidcIdToken: null,
};

let userCount = 0;
/** An account of which no other test has sessions. */
const freshUser = () => {
  userCount += 1;
  return userCount * 10;
};
const freshId = () => crypto.randomUUID();
const idsOf = (sessions: readonly KeptSession[]) => sessions.map(({ id }) => id).sort();
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

/** Holds a store against every promise that login sessions rely on. */
export function runSessionStoreContract(name: string, open: () => Promise<SessionStoreFixture>): void {
  describe(`login sessions in ${name}`, () => {
    let fixture: SessionStoreFixture;
    beforeAll(async () => {
      fixture = await open();
    }, 30_000);
    afterAll(() => fixture?.dispose());
    const here = (maxAgeMs = LONG_MS) => fixture.first(maxAgeMs);
    const there = (maxAgeMs = LONG_MS) => fixture.second(maxAgeMs);
    describeKeeping(here, there);
    describeLife(here, there);
    describeEnding(here, there);
    describeRaces(here, there);
  });
}

type Open = (maxAgeMs?: number) => SessionStore;

function describeKeeping(here: Open, there: Open): void {
  describe("a session", () => {
    test("is found by its id with all that it carries, in every process", async () => {
      const userId = freshUser();
      const id = freshId();
      expect(await here().find(id)).toBeNull();
      await here().create(userId, FACTS, id);
      for (const store of [here(), there()])
        expect(await store.find(id)).toMatchObject({ ...FACTS, id, userId });
    });

    test.each<[string, Partial<SessionFacts>]>([
      ["no device", { deviceId: null }],
      ["a name of any letters", { username: "Ünï \u{1F3AE}\"'\\ Ω" }],
      ["the longest token of a provider", { oidcIdToken: "x".repeat(ID_TOKEN_CHARS) }],
    ])("carries %s", async (_what, given) => {
      const id = freshId();
      await here().create(freshUser(), { ...FACTS, ...given }, id);
      expect(await there().find(id)).toMatchObject({ ...FACTS, ...given });
    });

    test("may have a long id, of which each character counts", async () => {
      const userId = freshUser();
      const id = `${userId}`.padEnd(LONG_ID_CHARS, "a");
      const other = `${id.slice(0, -1)}b`;
      await here().create(userId, FACTS, id);
      expect(await there().find(other)).toBeNull();
      await here().create(userId, { ...FACTS, deviceId: null }, other);
      expect((await there().find(id))?.deviceId).toBe(FACTS.deviceId);
      expect(idsOf(await there().list(userId))).toEqual([id, other].sort());
    });

    test.each(["", "null", "*", "%", "a:b", "../x", "é".repeat(100)])(
      "is not there under the id %p",
      async (id) => {
        expect(await here().find(id)).toBeNull();
        await here().end(id);
        expect(await here().renew({ id, userId: freshUser() })).toBe(false);
      },
    );

    test("is listed with its owner's others, and with nobody else's", async () => {
      const [one, other, ids] = [freshUser(), freshUser(), times(4, freshId)];
      const [a = "", b = "", c = ""] = ids;
      for (const id of [a, b]) await here().create(one, FACTS, id);
      // Ids that begin alike are apart, too.
      await here().create(Number(`${one}1`), FACTS, c);
      expect(idsOf(await there().list(one))).toEqual([a, b].sort());
      expect(await there().list(other)).toEqual([]);
    });
  });
}

function describeLife(here: Open, there: Open): void {
  describe("the life of a session", () => {
    test("ends by itself, although somebody looks at it", async () => {
      const [userId, id] = [freshUser(), freshId()];
      await here(SHORT_MS).create(userId, FACTS, id);
      for (let waitedMs = 0; waitedMs < SHORT_MS + STEP_MS; waitedMs += STEP_MS) {
        await Bun.sleep(STEP_MS);
        await here(SHORT_MS).find(id);
        await there(SHORT_MS).list(userId);
      }
      expect(await here().find(id)).toBeNull();
      expect(await there().list(userId)).toEqual([]);
      expect(await here().renew({ id, userId })).toBe(false);
      expect(await there().find(id)).toBeNull();
    });

    test("rolls on with each renewal, in whichever process, and in the list of its owner's", async () => {
      const [userId, id] = [freshUser(), freshId()];
      // Renewed with a long life, it outlasts the short one that it began with.
      await here(SHORT_MS).create(userId, FACTS, id);
      expect(await there(LONG_MS).renew({ id, userId })).toBe(true);
      await Bun.sleep(SHORT_MS + STEP_MS);
      expect(await here().find(id)).toMatchObject({ ...FACTS, id, userId });
      expect(idsOf(await here().list(userId))).toEqual([id]);
      // And the other way round: the span is that of the last renewal.
      expect(await here(SHORT_MS).renew({ id, userId })).toBe(true);
      await Bun.sleep(SHORT_MS + STEP_MS);
      expect(await there().find(id)).toBeNull();
    });

    test("is its own: a renewal lengthens no other session of the owner", async () => {
      const userId = freshUser();
      const [kept, left] = [freshId(), freshId()];
      for (const id of [kept, left]) await here(SHORT_MS).create(userId, FACTS, id);
      expect(await here(LONG_MS).renew({ id: kept, userId })).toBe(true);
      await Bun.sleep(SHORT_MS + STEP_MS);
      expect(idsOf(await there().list(userId))).toEqual([kept]);
      expect(await there().find(left)).toBeNull();
    });
  });
}

function describeEnding(here: Open, there: Open): void {
  describe("ending", () => {
    test("one session leaves the owner's others and everybody else's, and may be repeated", async () => {
      const [one, other] = [freshUser(), freshUser()];
      const [a, b, c] = [freshId(), freshId(), freshId()];
      for (const id of [a, b]) await here().create(one, FACTS, id);
      await here().create(other, FACTS, c);
      for (const store of [here(), there()]) await store.end(a);
      for (const store of [here(), there()]) {
        expect(await store.find(a)).toBeNull();
        expect(idsOf(await store.list(one))).toEqual([b]);
        expect(idsOf(await store.list(other))).toEqual([c]);
      }
    });

    test("all sessions of an account leaves everybody else's, and lets the account begin anew", async () => {
      const [one, other] = [freshUser(), freshUser()];
      const [mine, theirs, again] = [times(5, freshId), freshId(), freshId()];
      for (const id of mine) await here().create(one, FACTS, id);
      await here().create(other, FACTS, theirs);
      await there().endAll(one);
      for (const id of mine) expect(await here().find(id)).toBeNull();
      expect(await here().list(one)).toEqual([]);
      expect(idsOf(await here().list(other))).toEqual([theirs]);
      await there().endAll(one);
      await there().create(one, FACTS, again);
      expect(idsOf(await here().list(one))).toEqual([again]);
    });

    test("is final: a renewal says that the session is gone and brings nothing back", async () => {
      const [userId, id] = [freshUser(), freshId()];
      await here().create(userId, FACTS, id);
      await there().end(id);
      for (const store of [here(), there()]) expect(await store.renew({ id, userId })).toBe(false);
      expect(await here().find(id)).toBeNull();
      expect(await here().list(userId)).toEqual([]);
    });
  });
}

function describeRaces(here: Open, there: Open): void {
  describe("at the same time", () => {
    test("renewals all succeed", async () => {
      const [userId, id] = [freshUser(), freshId()];
      await here().create(userId, FACTS, id);
      const renewals = times(RACERS, (index) => (index % 2 === 0 ? here() : there()).renew({ id, userId }));
      expect(await Promise.all(renewals)).toEqual(times(RACERS, () => true));
      expect(idsOf(await here().list(userId))).toEqual([id]);
    });

    test.each(["end", "endAll"] as const)("a renewal never brings back what %s removes", async (ending) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const [userId, id] = [freshUser(), freshId()];
        await here().create(userId, FACTS, id);
        const end = async () => await (ending === "end" ? there().end(id) : there().endAll(userId));
        const steps = times(RACERS, (index) => async () => {
          if (index === round) await end();
          await (index % 2 === 0 ? here() : there()).renew({ id, userId });
        });
        await Promise.all(steps.map((step) => step()));
        expect(await here().find(id)).toBeNull();
        expect(await there().list(userId)).toEqual([]);
      }
    });

    test("new sessions of one account are all listed", async () => {
      const [userId, ids] = [freshUser(), times(RACERS, freshId)];
      await Promise.all(
        ids.map((id, index) => (index % 2 === 0 ? here() : there()).create(userId, FACTS, id)),
      );
      expect(idsOf(await here().list(userId))).toEqual(ids.toSorted());
    });

    test("a new session is never lost from the list while all others end", async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const [userId, ids] = [freshUser(), times(RACERS, freshId)];
        const [old = "", ...fresh] = ids;
        await here().create(userId, FACTS, old);
        await Promise.all([
          there().endAll(userId),
          ...fresh.map((id) => here().create(userId, FACTS, id)),
          there().list(userId),
        ]);
        // Some of them may have been ended, too; what lives can be found and ended by its owner.
        const living = await Promise.all(fresh.map((id) => here().find(id)));
        expect(idsOf(await there().list(userId))).toEqual(idsOf(living.filter((each) => each !== null)));
        expect(await here().find(old)).toBeNull();
      }
    });
  });
}
