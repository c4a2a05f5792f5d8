import { describe, expect, test } from "bun:test";
import { AssertionError } from "../../base/assert.ts";
import {
  afterShortTtl,
  codeOf,
  digest,
  freshKey,
  type GetKv,
  type KvFixture,
  SHORT_TTL_MS,
} from "./contract-kit.ts";

/** The part of the kv contract on sets. */
export function describeSets(kv: GetKv, other: GetKv): void {
  const sorted = async (key: string) => (await other().members(key)).toSorted();
  describe("sets", () => {
    test("hold each member once and lose what is removed", async () => {
      const key = freshKey();
      await kv().addMembers(key, ["b", "a", "b", "é 😀", ""]);
      await kv().addMembers(key, ["c"]);
      await kv().addMembers(key, []);
      expect(await sorted(key)).toEqual(["", "a", "b", "c", "é 😀"]);
      await kv().removeMembers(key, ["a", "", "never there"]);
      await kv().removeMembers(freshKey(), ["a"]);
      expect(await sorted(key)).toEqual(["b", "c", "é 😀"]);
    });

    test("live as a whole", async () => {
      const [kept, ended] = [freshKey(), freshKey()];
      await kv().addMembers(kept, ["a"], { ttlMs: SHORT_TTL_MS });
      await kv().addMembers(kept, ["b"], { ttlMs: 60_000 });
      await kv().addMembers(ended, ["a"], { ttlMs: SHORT_TTL_MS });
      await kv().addMembers(ended, ["b"]);
      await afterShortTtl();
      expect(await sorted(kept)).toEqual(["a", "b"]);
      expect(await sorted(ended)).toEqual([]);
      await kv().addMembers(ended, ["c"]);
      expect(await sorted(ended)).toEqual(["c"]);
      expect(await kv().expire(kept, 1)).toBe(true);
      await Bun.sleep(30);
      expect(await sorted(kept)).toEqual([]);
    });

    test("are absent without members, their life included", async () => {
      const key = freshKey();
      await kv().addMembers(key, ["a"], { ttlMs: SHORT_TTL_MS });
      await kv().removeMembers(key, ["a"]);
      expect(await kv().expire(key, 1_000)).toBe(false);
      await kv().addMembers(key, ["b"]);
      await afterShortTtl();
      expect(await sorted(key)).toEqual(["b"]);
    });

    test("lose nothing when many add and remove at once", async () => {
      const key = freshKey();
      const names = Array.from({ length: 40 }, (_, index) => `m${index}`);
      await Promise.all(
        names.map(async (member, index) => {
          const client = index % 2 ? kv() : other();
          await client.addMembers(key, [member, "shared"], { ttlMs: 60_000 });
          await client.removeMembers(key, ["shared"]);
        }),
      );
      expect(await sorted(key)).toEqual(names.toSorted());
    });

    test("are not text and text is no set", async () => {
      const [set, text] = [freshKey("set"), freshKey()];
      await kv().addMembers(set, ["a"]);
      await kv().set(text, "a");
      const misuses: (() => Promise<unknown>)[] = [
        () => kv().get(set),
        () => kv().increment(set, { ttlMs: 1_000 }),
        () => kv().addMembers(text, ["a"]),
        () => kv().removeMembers(text, ["a"]),
        () => kv().members(text),
      ];
      for (const misuse of misuses) expect(await codeOf(misuse())).toBe(AssertionError.name);
      await kv().set(set, "text now");
      expect(await kv().get(set)).toBe("text now");
    });
  });
}

/** The part of the kv contract on locks. */
export function describeLocks(kv: GetKv, other: GetKv): void {
  describe("lock", () => {
    test("lets one in at a time", async () => {
      const key = freshKey("lock");
      let insideCount = 0;
      let insideMax = 0;
      let enteredCount = 0;
      await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const lock = await (index % 2 ? kv() : other()).lock(key, { ttlMs: 5_000, waitMs: 5_000 });
          insideCount += 1;
          insideMax = Math.max(insideMax, insideCount);
          enteredCount += 1;
          await Bun.sleep(2);
          insideCount -= 1;
          await lock?.release();
        }),
      );
      expect({ insideMax, enteredCount }).toEqual({ insideMax: 1, enteredCount: 10 });
    });

    test("is not had while another holds it, and at once when released", async () => {
      const key = freshKey("lock");
      const lock = await kv().lock(key, { ttlMs: 5_000 });
      expect(await other().lock(key, { ttlMs: 5_000 })).toBeNull();
      expect(await other().lock(key, { ttlMs: 5_000, waitMs: 50 })).toBeNull();
      await lock?.release();
      expect(await other().lock(key, { ttlMs: 1_000 })).not.toBeNull();
    });

    test("frees itself, and its old owner can neither extend nor release the next one's", async () => {
      const key = freshKey("lock");
      const lost = await kv().lock(key, { ttlMs: SHORT_TTL_MS });
      const held = await other().lock(key, { ttlMs: 60_000, waitMs: 2_000 });
      expect(held).not.toBeNull();
      expect(await lost?.extend(60_000)).toBe(false);
      await lost?.release();
      expect(await kv().lock(key, { ttlMs: 1_000 })).toBeNull();
    });

    test("lasts when extended and is gone when released twice", async () => {
      const key = freshKey("lock");
      const lock = await kv().lock(key, { ttlMs: SHORT_TTL_MS });
      expect(await lock?.extend(60_000)).toBe(true);
      await afterShortTtl();
      expect(await other().lock(key, { ttlMs: 1_000 })).toBeNull();
      await lock?.release();
      await lock?.release();
      expect(await lock?.extend(1_000)).toBe(false);
      expect(await other().get(key)).toBeNull();
    });
  });
}

/** Collects messages and waits for them. */
function createInbox(): {
  listen: (message: string) => void;
  messages: string[];
  waitFor(n: number): Promise<void>;
} {
  const messages: string[] = [];
  return {
    messages,
    listen: (message) => void messages.push(message),
    async waitFor(count) {
      const deadline = performance.now() + 3_000;
      while (messages.length < count && performance.now() < deadline) await Bun.sleep(2);
    },
  };
}

/** The part of the kv contract on publish and subscribe. */
export function describeMessages(kv: GetKv, other: GetKv): void {
  describe("messages", () => {
    test("reach every subscriber in order, whole, of any size", async () => {
      const channel = freshKey("channel");
      const inboxes = [createInbox(), createInbox(), createInbox()] as const;
      const stops = await Promise.all([
        kv().subscribe(channel, inboxes[0].listen),
        kv().subscribe(channel, inboxes[1].listen),
        other().subscribe(channel, inboxes[2].listen),
      ]);
      const sent = [
        "",
        "é 😀 \u2028 'quoted' {json:1}",
        "😀é".repeat(20_000),
        "same",
        "same",
        "x".repeat(8_000),
      ];
      for (const message of sent) await kv().publish(channel, message);
      for (const inbox of inboxes) {
        await inbox.waitFor(sent.length);
        expect(inbox.messages.map(digest)).toEqual(sent.map(digest));
      }
      await Promise.all(stops.map((stop) => stop()));
    });

    test("arrive whole when two publish long ones at once", async () => {
      const channel = freshKey("channel");
      const inbox = createInbox();
      const stop = await kv().subscribe(channel, inbox.listen);
      const sent = Array.from({ length: 12 }, (_, index) => `${index}-`.repeat(20_000));
      await Promise.all(sent.map((message, index) => (index % 2 ? kv() : other()).publish(channel, message)));
      await inbox.waitFor(sent.length);
      expect(inbox.messages.map(digest).toSorted()).toEqual(sent.map(digest).toSorted());
      await stop();
    });

    test("stay on their channel and stop after the end of the subscription", async () => {
      const [channel, elsewhere] = [freshKey("c".repeat(100)), freshKey("c".repeat(100))];
      const [inbox, rest] = [createInbox(), createInbox()];
      const stop = await kv().subscribe(channel, inbox.listen);
      const stopRest = await kv().subscribe(channel, rest.listen);
      await other().publish(elsewhere, "not for us");
      await other().publish(channel, "1");
      await inbox.waitFor(1);
      await stop();
      await stop();
      await other().publish(channel, "2");
      await rest.waitFor(2);
      expect(inbox.messages).toEqual(["1"]);
      expect(rest.messages).toEqual(["1", "2"]);
      await stopRest();
      const again = createInbox();
      const stopAgain = await kv().subscribe(channel, again.listen);
      await other().publish(channel, "3");
      await again.waitFor(1);
      expect(again.messages).toEqual(["3"]);
      await stopAgain();
    });

    test("still reach the others when one listener fails", async () => {
      const channel = freshKey("channel");
      const inbox = createInbox();
      const stopFailing = await kv().subscribe(channel, () => {
        throw new AssertionError("listener fails on purpose");
      });
      const stop = await kv().subscribe(channel, inbox.listen);
      await kv().publish(channel, "1");
      await kv().publish(channel, "2");
      await inbox.waitFor(2);
      expect(inbox.messages).toEqual(["1", "2"]);
      await stopFailing();
      await stop();
    });

    test("without any subscriber go nowhere", async () => {
      await kv().publish(freshKey("channel"), "unheard");
    });
  });
}

/** The part of the kv contract on lost connections. */
export function describeLoss(createFixture: () => Promise<KvFixture>): void {
  test("serves, keeps data and hears messages again after its connections were cut", async () => {
    // Its own fixture: connections that died idle may fail the next test's first command.
    const { first, second, cutConnections, dispose } = await createFixture();
    const [key, channel] = [freshKey(), freshKey("channel")];
    const inbox = createInbox();
    const stop = await first.subscribe(channel, inbox.listen);
    await first.set(key, "kept");
    // postgres.js leaves a rejection unhandled when a connection is cut while it still opens.
    await Bun.sleep(100);
    await cutConnections();
    const deadline = performance.now() + 4_000;
    while (inbox.messages.length === 0 && performance.now() < deadline) {
      // The other client may be cut too; whatever it meets must have a name.
      expect(["no failure", "KV_UNAVAILABLE"]).toContain(await codeOf(second.publish(channel, "there?")));
      await Bun.sleep(20);
    }
    expect(inbox.messages[0]).toBe("there?");
    const isBack = async () => (await codeOf(first.ping())) === "no failure";
    while (!(await isBack()) && performance.now() < deadline) await Bun.sleep(20);
    expect(await first.get(key)).toBe("kept");
    await stop();
    await dispose();
  });
}
