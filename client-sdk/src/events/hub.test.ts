import { describe, expect, test } from "bun:test";
import type { AuthState } from "../auth/types.ts";
import { MultitapError } from "../errors.ts";
import type { SubscriptionObserver } from "../rpc/subscriptions.ts";
import { createManualEnvironment, settle } from "../testing/manual-environment.ts";
import { createHub } from "./hub.ts";
import type { StreamMessage } from "./messages.ts";
import type { Topic } from "./types.ts";

/** One connection that the hub asked for. */
interface Opened {
  readonly topics: readonly string[];
  readonly lastEventId: string | null;
  readonly observer: SubscriptionObserver;
  readonly header: string | null;
  isStopped: boolean;
}

function setUp() {
  const environment = createManualEnvironment();
  const opened: Opened[] = [];
  const authListeners = new Set<(state: AuthState) => void>();
  const wakers = new Set<() => void>();
  const auth = {
    header: "Bearer a" as string | null,
    recovers: false,
    recovered: 0,
    error: null as MultitapError | null,
  };
  const hub = createHub({
    environment,
    authorizer: {
      authorize: async () => {
        if (auth.error !== null) throw auth.error;
        return { header: auth.header };
      },
      recover: async () => {
        auth.recovered += 1;
        return auth.recovers;
      },
    },
    onAuthChange: (listener) => {
      authListeners.add(listener);
      return () => void authListeners.delete(listener);
    },
    onWake: (listener) => {
      wakers.add(listener);
      return () => void wakers.delete(listener);
    },
    connect: (input, { authorization, observer }) => {
      const link: Opened = { ...input, observer, header: authorization.header, isStopped: false };
      opened.push(link);
      return () => {
        link.isStopped = true;
      };
    },
  });
  const states: string[] = [];
  hub.connection.onChange(({ status }) => states.push(status));
  const read = (topics: readonly Topic[], resumeFrom: string | null = null) => {
    const heard: string[] = [];
    const messages: StreamMessage[] = [];
    const stop = hub.attach({
      topics: new Set(topics),
      resumeFrom,
      onMessage(message) {
        messages.push(message);
        heard.push(`${message.topic} ${message.id}`);
      },
      onEnd: (error) => heard.push(`end ${error?.code ?? "in order"}`),
    });
    return { heard, messages, stop };
  };
  const last = (): Opened => {
    const link = opened.at(-1);
    if (link === undefined) throw new Error("nothing was opened");
    return link;
  };
  const say = (topic: string, id: string) => last().observer.onMessage({ id, topic, at: "", data: {} });
  /** Lets the hub act, then lets the connection it asked for open. */
  const open = async () => {
    await settle();
    last().observer.onOpen();
  };
  return { environment, hub, opened, states, read, last, say, open, auth, authListeners, wakers };
}

const failure = (kind: MultitapError["kind"], retryAfterMs?: number) =>
  new MultitapError(kind, kind.toUpperCase(), { message: kind, retryAfterMs });

describe("the event connection", () => {
  test("is one for all readers, opened by the first and for all topics of that moment", async () => {
    const { opened, read, open, say, states } = setUp();
    const scan = read(["scan"]);
    const both = read(["scan", "library"]);
    await open();
    say("scan", "1");
    say("library", "2");
    expect(opened.map(({ topics }) => topics)).toEqual([["scan", "library"]]);
    expect(scan.heard).toEqual(["scan 1"]);
    expect(both.heard).toEqual(["scan 1", "library 2"]);
    expect(states).toEqual(["connecting", "online"]);
  });

  test("closes five seconds after the last reader, not before", async () => {
    const { environment, read, open, last, hub } = setUp();
    const { stop } = read(["scan"]);
    await open();
    stop();
    await environment.advance(4_999);
    expect(last().isStopped).toBe(false);
    await environment.advance(1);
    expect(last().isStopped).toBe(true);
    expect(hub.connection.state.status).toBe("idle");
    expect(environment.pending()).toEqual([]);
  });

  test("stays open for a reader that comes within these seconds", async () => {
    const { environment, read, open, opened, last } = setUp();
    read(["scan"]).stop();
    const first = read(["scan"]);
    await open();
    first.stop();
    await environment.advance(4_000);
    read(["scan"]);
    await environment.advance(60_000);
    expect(opened).toHaveLength(1);
    expect(last().isStopped).toBe(false);
  });

  test("is opened anew for a topic that it lacks, and nobody misses or repeats anything", async () => {
    const { read, open, say, opened } = setUp();
    const scan = read(["scan"]);
    await open();
    say("scan", "1");
    const library = read(["library"]);
    await open();
    expect(opened.map(({ isStopped }) => isStopped)).toEqual([true, false]);
    expect(opened[1]).toMatchObject({ topics: ["scan", "library"], lastEventId: "1" });
    say("scan", "2");
    say("library", "3");
    expect(scan.heard).toEqual(["scan 1", "scan 2"]);
    expect(library.heard).toEqual(["library 3"]);
  });

  test("is opened anew for a reader that resumes earlier, without repeating anything to the others", async () => {
    const { read, open, say, opened } = setUp();
    const live = read(["scan"]);
    await open();
    say("scan", "100");
    const late = read(["scan"], "98");
    await open();
    expect(opened[1]?.lastEventId).toBe("98");
    for (const id of ["99", "100", "101"]) say("scan", id);
    expect(live.heard).toEqual(["scan 100", "scan 101"]);
    expect(late.heard).toEqual(["scan 99", "scan 100", "scan 101"]);
  });

  test("goes on with words of a newer server, which only move the position", async () => {
    const { read, open, say, last, opened, environment } = setUp();
    const { heard } = read(["scan"]);
    await open();
    say("mark", "41");
    say("novelty", "42");
    last().observer.onEnd(null);
    await environment.advance(500);
    expect(heard).toEqual([]);
    expect(opened[1]?.lastEventId).toBe("42");
  });
});

describe("a lost event connection", () => {
  test("resumes after the last event", async () => {
    const { environment, read, open, say, last, opened, states, hub } = setUp();
    const { heard } = read(["scan"]);
    await open();
    say("scan", "7");
    last().observer.onEnd(failure("network"));
    expect(hub.connection.state).toMatchObject({ status: "offline", retryAt: "2030-01-01T00:00:00.250Z" });
    await environment.advance(250);
    await open();
    say("scan", "8");
    expect(opened[1]?.lastEventId).toBe("7");
    expect(heard).toEqual(["scan 7", "scan 8"]);
    expect(states).toEqual(["connecting", "online", "offline", "connecting", "online"]);
  });

  test("leaves a gap where no position is known to resume from", async () => {
    const { environment, read, open, last } = setUp();
    const { messages } = read(["scan"]);
    await open();
    last().observer.onEnd(null);
    await environment.advance(500);
    await open();
    expect(messages).toMatchObject([{ id: "", topic: "gap", reason: "restarted" }]);
  });

  test("is tried again after random pauses below 0.5, 1, 2 … 30 seconds", async () => {
    const { environment, read, open, last, hub, say } = setUp();
    environment.dice = 0.9999;
    read(["scan"]);
    const pauses: number[] = [];
    for (let count = 0; count < 9; count++) {
      // That it opens, and tells where the log stands, proves nothing.
      await open();
      say("mark", String(count + 1));
      last().observer.onEnd(failure("network"));
      const { state } = hub.connection;
      pauses.push(state.status === "offline" ? Date.parse(state.retryAt) - environment.now() : -1);
      await environment.advance(30_000);
    }
    expect(pauses).toEqual([499, 999, 1999, 3999, 7999, 15_998, 29_997, 29_997, 29_997]);
  });

  test("counts failures anew after an event, and after a minute of health", async () => {
    for (const heal of ["event", "minute"] as const) {
      const { environment, read, open, last, say, hub } = setUp();
      environment.dice = 0.9999;
      read(["scan"]);
      for (let count = 0; count < 4; count++) {
        await open();
        if (count === 3 && heal === "event") say("scan", "1");
        if (count === 3 && heal === "minute") await environment.advance(60_000);
        last().observer.onEnd(failure("network"));
        if (count < 3) await environment.advance(30_000);
      }
      const { state } = hub.connection;
      expect(state.status === "offline" && Date.parse(state.retryAt) - environment.now()).toBe(499);
    }
  });

  test("waits as long as the server asks for", async () => {
    const { environment, read, open, last, opened } = setUp();
    read(["scan"]);
    await open();
    last().observer.onEnd(failure("unavailable", 20_000));
    await environment.advance(19_999);
    expect(opened).toHaveLength(1);
    await environment.advance(1);
    expect(opened).toHaveLength(2);
  });

  test("is tried at once when asked to, or when the machine comes online", async () => {
    const { read, open, last, opened, hub, wakers } = setUp();
    read(["scan"]);
    await open();
    last().observer.onEnd(failure("network"));
    hub.connection.reconnect();
    await open();
    expect(opened).toHaveLength(2);
    last().observer.onEnd(failure("network"));
    for (const wake of wakers) wake();
    await open();
    expect(opened).toHaveLength(3);
    // A connection that works is left alone.
    for (const wake of wakers) wake();
    await settle();
    expect(opened).toHaveLength(3);
  });

  test("hands on a gap that the server tells, and goes on from there", async () => {
    const { environment, read, open, say, last, opened } = setUp();
    const { messages } = read(["scan"]);
    await open();
    say("scan", "1");
    last().observer.onMessage({ id: "60", topic: "gap", at: "", reason: "expired" });
    say("scan", "61");
    last().observer.onEnd(null);
    await environment.advance(500);
    expect(messages.map(({ topic, id }) => `${topic} ${id}`)).toEqual(["scan 1", "gap 60", "scan 61"]);
    expect(opened[1]?.lastEventId).toBe("61");
  });

  test("takes falling positions for a log that began anew", async () => {
    const { read, open, say } = setUp();
    const { heard } = read(["scan"], "500");
    await open();
    say("scan", "3");
    say("scan", "4");
    expect(heard).toEqual(["gap ", "scan 3", "scan 4"]);
  });
});

describe("a refused event connection", () => {
  test("is renewed once, then waits for somebody to sign in", async () => {
    const { read, open, last, opened, hub, auth, authListeners, environment } = setUp();
    auth.recovers = true;
    read(["scan"]);
    await settle();
    last().observer.onEnd(failure("unauthenticated"));
    await settle();
    expect(opened).toHaveLength(2);
    last().observer.onEnd(failure("unauthenticated"));
    await settle();
    expect(hub.connection.state).toMatchObject({ status: "needs_auth", error: { kind: "unauthenticated" } });
    expect([auth.recovered, environment.pending()]).toEqual([1, []]);
    for (const listener of authListeners) listener({ status: "signed_in", scopes: [], deviceId: null });
    await open();
    expect(opened).toHaveLength(3);
    expect(hub.connection.state.status).toBe("online");
  });

  test("waits for a sign-in when there is nothing to renew", async () => {
    const { read, hub, auth } = setUp();
    auth.error = failure("unauthenticated");
    read(["scan"]);
    await settle();
    expect(hub.connection.state.status).toBe("needs_auth");
  });

  test("ends its readers when waiting does not help", async () => {
    for (const kind of ["forbidden", "not_found", "incompatible"] as const) {
      const { read, open, last, hub, environment } = setUp();
      const { heard } = read(["scan"]);
      await open();
      last().observer.onEnd(failure(kind));
      expect(heard).toEqual([`end ${kind.toUpperCase()}`]);
      expect(hub.connection.state.status).toBe("idle");
      expect(environment.pending()).toEqual([]);
    }
  });

  test("ends only the readers of the topic that was new", async () => {
    const { read, open, last, say } = setUp();
    const scan = read(["scan"]);
    await open();
    say("scan", "1");
    const tasks = read(["tasks"]);
    await settle();
    last().observer.onEnd(failure("forbidden"));
    await open();
    say("scan", "2");
    expect(tasks.heard).toEqual(["end FORBIDDEN"]);
    expect(scan.heard).toEqual(["scan 1", "scan 2"]);
    expect(last().topics).toEqual(["scan"]);
  });

  test("is dropped when somebody signs out", async () => {
    const { read, open, opened, auth, authListeners } = setUp();
    read(["scan"]);
    await open();
    auth.header = null;
    for (const listener of authListeners) listener({ status: "anonymous" });
    await settle();
    expect(opened.map(({ isStopped, header }) => [isStopped, header])).toEqual([
      [true, "Bearer a"],
      [false, null],
    ]);
  });
});

describe("a closed hub", () => {
  test("ends its readers in order, once, and stops everything", async () => {
    const { read, open, last, hub, environment, authListeners, wakers } = setUp();
    const { heard } = read(["scan"]);
    await open();
    hub.close();
    last().observer.onEnd(failure("network"));
    hub.connection.reconnect();
    await settle();
    expect(heard).toEqual(["end in order"]);
    expect(read(["scan"]).heard).toEqual(["end in order"]);
    expect(last().isStopped).toBe(true);
    expect([environment.pending().length, authListeners.size, wakers.size]).toEqual([0, 0, 0]);
    expect(hub.connection.state.status).toBe("closed");
  });
});
