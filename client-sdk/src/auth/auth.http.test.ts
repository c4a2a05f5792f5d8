import { afterEach, describe, expect, test } from "bun:test";
import { type ClientOptions, createClientIn } from "../client.ts";
import type { ClientEvent } from "../options.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeRom } from "../testing/fixtures.ts";
import { createManualEnvironment, settle, until } from "../testing/manual-environment.ts";
import { createTestServer } from "../testing/test-server.ts";
import { memoryCredentials, sessionCookie } from "./memory-credentials.ts";
import type { AuthState, CredentialStore, Credentials } from "./types.ts";

function setUp(auth: ClientOptions["auth"]) {
  const server = createTestServer();
  server.tokens = new Set();
  server.roms.push(makeRom(1), makeRom(2));
  const environment = createManualEnvironment();
  const events: ClientEvent[] = [];
  const client = createClientIn(environment, {
    url: "http://nas.local:8080",
    fetch: server.fetch,
    auth,
    retry: false,
    onEvent: (event) => events.push(event),
  });
  const states: AuthState["status"][] = [];
  client.auth.onChange((state) => states.push(state.status));
  return { server, tokens: server.tokens, environment, client, events, states };
}

const EXPIRES_SOON = 59_000;

/** A store that holds a sign-in with the given time left. */
function makeStore(leftMs: number | null, extra: Partial<CredentialStore> = {}) {
  const environment = createManualEnvironment();
  let kept: Credentials | null = {
    accessToken: "old-access",
    refreshToken: "old-refresh",
    expiresAt: leftMs === null ? null : new Date(environment.now() + leftMs).toISOString(),
    scopes: ["roms.read"],
    deviceId: "deck-1",
  };
  const put = (credentials: Credentials | null) => {
    kept = credentials;
  };
  const store: CredentialStore = {
    load: async () => kept,
    save: async (credentials) => put(credentials),
    clear: async () => put(null),
    ...extra,
  };
  return { store, kept: () => kept, put };
}

const paths = (server: ReturnType<typeof createTestServer>) => server.requests.map(({ path }) => path);

describe("signing in with a password", () => {
  test("keeps the credentials in the store and uses them", async () => {
    const store = memoryCredentials();
    const { client, states } = setUp(store);
    const credentials = await client.auth.signInWithPassword({
      username: "ana",
      password: "right",
      scopes: ["roms.read"],
    });
    expect(credentials.scopes).toEqual(["roms.read"]);
    expect(credentials.expiresAt).toBe("2030-01-01T00:30:00.000Z");
    expect(await store.load()).toEqual(credentials);
    expect(client.auth.state).toEqual({ status: "signed_in", scopes: ["roms.read"], deviceId: null });
    expect(states).toEqual(["signed_in"]);
    expect((await client.roms.get(1)).id).toBe(1);
  });

  test("asks for everything the account may do when no scopes are named", async () => {
    const { client } = setUp(undefined);
    const { scopes } = await client.auth.signInWithPassword({ username: "ana", password: "right" });
    expect(scopes).toEqual(["me.read", "roms.read"]);
  });

  test("is refused with the server's words, and nobody is signed in", async () => {
    const { client } = setUp(undefined);
    const failed = client.auth.signInWithPassword({
      username: "ana",
      password: "wrong",
      scopes: ["me.read"],
    });
    const error = await failureOf(failed);
    expect([error.kind, error.status, error.message]).toEqual([
      "unauthenticated",
      401,
      "Invalid username or password",
    ]);
    expect(client.auth.state.status).toBe("anonymous");
  });

  test("never shows the password in anything", async () => {
    const { client, server, events } = setUp(undefined);
    server.intercept = (request) => {
      throw new TypeError(`cannot send ${request.url} Bearer abcdef123456 rmm_0123456789abcdef`);
    };
    const failed = client.auth.signInWithPassword({
      username: "ana",
      password: "s3cr3t-pass",
      scopes: ["me.read"],
    });
    const error = await failureOf(failed);
    const shown = `${error.message} ${JSON.stringify(error)} ${String(error.cause)} ${JSON.stringify(events)}`;
    expect(error.kind).toBe("network");
    expect(shown).not.toMatch(/s3cr3t-pass|abcdef123456|0123456789abcdef/);
    expect(shown).toContain("[secret]");
  });

  test("is refused by a client that was given its proof", async () => {
    for (const auth of ["token", () => "token", sessionCookie()]) {
      const { client } = setUp(auth);
      const failed = client.auth.signInWithPassword({ username: "ana", password: "right" });
      expect((await failureOf(failed)).code).toBe("AUTH_FIXED");
    }
  });

  test("ends with signOut, in the store too", async () => {
    const store = memoryCredentials();
    const { client } = setUp(store);
    await client.auth.signInWithPassword({ username: "ana", password: "right", scopes: ["roms.read"] });
    await client.auth.signOut();
    expect(await store.load()).toBeNull();
    expect(client.auth.state.status).toBe("anonymous");
    expect((await failureOf(client.roms.get(1))).kind).toBe("unauthenticated");
  });
});

describe("a refresh", () => {
  test("happens once for ten calls at the same time, before they are sent", async () => {
    const { store, kept } = makeStore(EXPIRES_SOON);
    const { client, server } = setUp(store);
    server.refreshTokens.add("old-refresh");
    const roms = await Promise.all(Array.from({ length: 10 }, () => client.roms.get(1)));
    expect(roms).toHaveLength(10);
    expect(server.refreshCount).toBe(1);
    expect(kept()?.accessToken).not.toBe("old-access");
    expect(kept()?.scopes).toEqual(["roms.read"]);
    expect(kept()?.deviceId).toBe("deck-1");
    expect(paths(server)[0]).toBe("/api/token");
  });

  test("happens once for ten calls that the server refused, and each is repeated once", async () => {
    const { store } = makeStore(null);
    const { client, server } = setUp(store);
    server.refreshTokens.add("old-refresh");
    const roms = await Promise.all(Array.from({ length: 10 }, () => client.roms.get(1)));
    expect(roms).toHaveLength(10);
    expect(server.refreshCount).toBe(1);
  });

  test("does not repeat a call that is refused again", async () => {
    const { store } = makeStore(null);
    const { client, server } = setUp(store);
    server.refreshTokens.add("old-refresh");
    server.beforeCall = () => void server.tokens?.clear();
    const error = await failureOf(client.roms.get(1));
    expect([error.kind, error.code]).toEqual(["unauthenticated", "AUTH_REQUIRED"]);
    expect(server.refreshCount).toBe(1);
  });

  test("that is refused ends the sign-in and rejects every waiting call", async () => {
    const { store, kept } = makeStore(EXPIRES_SOON);
    const { client, server, states } = setUp(store);
    const failed = await Promise.all([1, 2, 3].map((id) => failureOf(client.roms.get(id))));
    expect(failed.map(({ kind, code }) => `${kind} ${code}`)).toEqual(
      Array(3).fill("unauthenticated AUTH_EXPIRED"),
    );
    expect(failed.map(({ operation }) => operation)).toEqual(Array(3).fill("roms.get"));
    expect(states).toEqual(["signed_in", "expired"]);
    expect(server.refreshCount).toBe(1);
    // Further calls do not ask the server again.
    await failureOf(client.roms.get(1));
    expect(paths(server)).toEqual(["/api/token"]);
    expect(kept()?.refreshToken).toBe("old-refresh");
  });

  test("that cannot reach the server does not sign out", async () => {
    const { store } = makeStore(null);
    const { client, server, states } = setUp(store);
    server.refreshTokens.add("old-refresh");
    let isDown = true;
    server.intercept = (request) => {
      if (isDown && request.url.endsWith("/api/token")) throw new TypeError("down");
      return undefined;
    };
    expect((await failureOf(client.roms.get(1))).kind).toBe("network");
    expect(client.auth.state.status).toBe("signed_in");
    isDown = false;
    expect((await client.roms.get(1)).id).toBe(1);
    expect(states).toEqual(["signed_in"]);
  });

  test("that fails early lets the token be used as long as it lasts", async () => {
    const { store } = makeStore(EXPIRES_SOON);
    const { client, server, tokens, events } = setUp(store);
    tokens.add("old-access");
    server.intercept = (request) =>
      request.url.endsWith("/api/token") ? Response.json({ detail: "starting" }, { status: 503 }) : undefined;
    expect((await client.roms.get(1)).id).toBe(1);
    expect(events).toMatchObject([{ type: "failure", error: { kind: "unavailable" } }]);
  });

  test("takes up what another process stored meanwhile", async () => {
    const { store, put, kept } = makeStore(EXPIRES_SOON);
    const { client, server, tokens } = setUp(store);
    await client.auth.ready;
    const before = kept();
    tokens.add("their-access");
    put({ ...(before as Credentials), accessToken: "their-access", expiresAt: null });
    expect((await client.roms.get(1)).id).toBe(1);
    expect(server.refreshCount).toBe(0);
  });

  test("runs under the store's lock, and listeners hear of it after the lock is free", async () => {
    let isLocked = false;
    const seen: string[] = [];
    const { store } = makeStore(EXPIRES_SOON, {
      async exclusively(work, timeoutMs) {
        seen.push(`lock ${timeoutMs}`);
        isLocked = true;
        try {
          return await work();
        } finally {
          isLocked = false;
        }
      },
    });
    const { client, server } = setUp(store);
    server.refreshTokens.add("old-refresh");
    server.tokenSeconds = 3600;
    client.auth.onChange(() => seen.push(`told while ${isLocked ? "locked" : "free"}`));
    await client.roms.get(1);
    expect(seen).toEqual(["told while free", "lock 5000"]);
    expect(server.refreshCount).toBe(1);
  });

  test("goes on without a lock that cannot be had", async () => {
    const { store } = makeStore(EXPIRES_SOON, {
      exclusively: async () => {
        throw new Error("somebody else has it");
      },
    });
    const { client, server } = setUp(store);
    server.refreshTokens.add("old-refresh");
    expect((await client.roms.get(1)).id).toBe(1);
    expect(server.refreshCount).toBe(1);
  });

  test("goes on without a lock that never answers", async () => {
    const { store } = makeStore(EXPIRES_SOON, { exclusively: () => new Promise(() => undefined) });
    const { client, server, environment } = setUp(store);
    server.refreshTokens.add("old-refresh");
    const pending = client.roms.get(1);
    await settle();
    await environment.advance(6_000);
    expect((await pending).id).toBe(1);
    expect(server.refreshCount).toBe(1);
  });

  test("that works but cannot be stored is told as an event", async () => {
    const { store } = makeStore(EXPIRES_SOON, {
      save: async () => {
        throw new Error("disk full");
      },
    });
    const { client, server, events } = setUp(store);
    server.refreshTokens.add("old-refresh");
    expect((await client.roms.get(1)).id).toBe(1);
    expect(events).toMatchObject([{ type: "failure", error: { kind: "storage" } }]);
  });

  test("does not undo a sign-out that came while it ran", async () => {
    const { store, kept } = makeStore(EXPIRES_SOON);
    const { client, server } = setUp(store);
    server.refreshTokens.add("old-refresh");
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    server.intercept = (request) => (request.url.endsWith("/api/token") ? held : undefined);
    const failed = failureOf(client.roms.get(1));
    await until(() => server.requests.length === 1);
    await client.auth.signOut();
    release(undefined);
    expect((await failed).kind).toBe("unauthenticated");
    expect(kept()).toBeNull();
    expect(client.auth.state.status).toBe("anonymous");
  });
});

describe("the state", () => {
  test("is anonymous until the store was read, which reading `ready` begins", async () => {
    const { store } = makeStore(null);
    const { client } = setUp(store);
    expect(client.auth.state.status).toBe("anonymous");
    expect(await client.auth.ready).toEqual({
      status: "signed_in",
      scopes: ["roms.read"],
      deviceId: "deck-1",
    });
  });

  test("tells of a store that cannot be read, and the next call tries again", async () => {
    let isBroken = true;
    const { store, kept } = makeStore(null);
    const { client, tokens } = setUp({
      ...store,
      load: async () => {
        if (isBroken) throw new Error("no permission");
        return kept();
      },
    });
    tokens.add("old-access");
    expect(await client.auth.ready).toMatchObject({ status: "expired", error: { kind: "storage" } });
    expect((await failureOf(client.roms.get(1))).kind).toBe("storage");
    isBroken = false;
    expect((await client.roms.get(1)).id).toBe(1);
  });

  test("recovers when somebody signs in again in another process", async () => {
    const { store, put, kept } = makeStore(EXPIRES_SOON);
    const { client, tokens } = setUp(store);
    await failureOf(client.roms.get(1));
    expect(client.auth.state.status).toBe("expired");
    tokens.add("their-access");
    put({ ...(kept() as Credentials), accessToken: "their-access", expiresAt: null });
    expect((await client.roms.get(1)).id).toBe(1);
    expect(client.auth.state.status).toBe("signed_in");
  });
});

describe("a fixed token", () => {
  test("is never renewed", async () => {
    const { client, server, states } = setUp("wrong");
    expect((await failureOf(client.roms.get(1))).code).toBe("AUTH_REQUIRED");
    expect(states).toEqual(["expired"]);
    expect(paths(server)).toEqual(["/trpc/roms.get"]);
  });
});

describe("a token function", () => {
  test("is asked for each request, and once more after a refusal", async () => {
    let calls = 0;
    const { client, server, tokens } = setUp(async () => (++calls === 1 ? "stale" : "fresh"));
    tokens.add("fresh");
    expect((await client.roms.get(1)).id).toBe(1);
    expect(server.requests.map(({ headers }) => headers.get("authorization"))).toEqual([
      "Bearer stale",
      "Bearer fresh",
    ]);
  });

  test("that gives the same token again is not asked for a third", async () => {
    const { client, server } = setUp(() => "stale");
    expect((await failureOf(client.roms.get(1))).kind).toBe("unauthenticated");
    expect(server.requests).toHaveLength(1);
  });
});

describe("a session cookie", () => {
  const page = globalThis as { document?: { cookie: string } | undefined };
  afterEach(() => {
    delete page.document;
  });

  test("goes with a token against forgery on every change, fetched if need be", async () => {
    const { client, server } = setUp(sessionCookie());
    server.tokens = null;
    page.document = { cookie: "a=b" };
    server.intercept = (request) => {
      if (request.url.endsWith("/api/heartbeat"))
        page.document = { cookie: "a=b; romm_csrftoken=abc%2B1; c=d" };
      return undefined;
    };
    await client.scan.start();
    await client.roms.get(1);
    expect(paths(server)).toEqual(["/api/heartbeat", "/trpc/scan.start", "/trpc/roms.get"]);
    expect(server.requests.map(({ headers }) => headers.get("x-csrftoken"))).toEqual([null, "abc+1", null]);
    expect(server.requests.every(({ headers }) => !headers.has("authorization"))).toBe(true);
  });

  test("renews a token of somebody who was signed in before", async () => {
    const { client, server } = setUp(sessionCookie());
    server.tokens = null;
    page.document = { cookie: "romm_csrftoken=stale" };
    server.intercept = (request) => {
      if (request.url.endsWith("/api/heartbeat")) page.document = { cookie: "romm_csrftoken=fresh" };
      if (request.headers.get("x-csrftoken") !== "stale") return undefined;
      return new Response("CSRF token verification failed", {
        status: 403,
        headers: { "content-type": "text/plain" },
      });
    };
    expect((await client.scan.start()).status).toBe("queued");
  });

  test("is read anew for each change, so that a login in between counts at once", async () => {
    const { client, server } = setUp(sessionCookie());
    server.tokens = null;
    page.document = { cookie: "romm_csrftoken=anonymous" };
    await client.scan.start();
    // The answer to a login brings a token that is bound to the account.
    page.document = { cookie: "romm_csrftoken=ana" };
    await client.scan.start();
    expect(paths(server)).toEqual(["/trpc/scan.start", "/trpc/scan.start"]);
    expect(server.requests.map(({ headers }) => headers.get("x-csrftoken"))).toEqual(["anonymous", "ana"]);
  });

  test("is tried once more after a refusal, and not again", async () => {
    const { client, server } = setUp(sessionCookie());
    server.tokens = null;
    page.document = { cookie: "romm_csrftoken=stale" };
    server.intercept = (request) =>
      request.headers.has("x-csrftoken")
        ? new Response("CSRF token verification failed", {
            status: 403,
            headers: { "content-type": "text/plain" },
          })
        : undefined;
    const error = await failureOf(client.scan.start());
    expect([error.status, error.kind]).toEqual([403, "protocol"]);
    expect(paths(server)).toEqual(["/trpc/scan.start", "/api/heartbeat", "/trpc/scan.start"]);
  });

  test("sends cookies to its own origin only", async () => {
    const { client, server } = setUp(sessionCookie());
    server.tokens = null;
    const sent: RequestInit[] = [];
    const other = createClientIn(createManualEnvironment(), {
      url: "http://nas.local:8080",
      auth: sessionCookie(),
      fetch: (url, init) => {
        sent.push(init);
        return server.fetch(url, init);
      },
    });
    page.document = { cookie: "romm_csrftoken=mine" };
    await other.scan.start();
    expect(sent.map(({ credentials }) => credentials)).toEqual(["same-origin"]);
    await client.close();
  });
});
