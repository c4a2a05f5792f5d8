import { afterEach, describe, expect, test } from "bun:test";
import { users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { ADMIN, callApp, openBrowser, VIEWER } from "../auth/calls.testing.ts";
import type { ClientOptions } from "../socket/client.testing.ts";
import { asAdmin, asViewer, createSocketScene } from "../socket/scene.testing.ts";
import type { TestApp } from "./testing.ts";

/** Opening an app on a busy machine takes a while. */
const SLOW_MS = 30_000;

const { open, connect, close } = createSocketScene();
afterEach(close);

describe("a socket's account", () => {
  const newTokenOf = async (app: TestApp, scope: string): Promise<string> => {
    const form = { username: "admin", password: "adminpass", scope };
    const answer = await callApp(app, "/api/token", { form });
    return (answer.json as { access_token: string }).access_token;
  };

  test(
    "is found by a token of the handshake, a header or the cookie, in this order",
    async () => {
      const app = await open();
      const browser = openBrowser(app);
      expect((await browser.call("/api/login", { method: "POST", authorization: ADMIN })).status).toBe(200);
      const cookie = `romm_session=${browser.cookies.get("romm_session")}`;
      const token = await newTokenOf(app, "me.read platforms.read tasks.run");
      const weak = await newTokenOf(app, "me.read");
      const cases: readonly (readonly [ClientOptions, boolean])[] = [
        [{ auth: { token } }, true],
        [{ headers: { cookie } }, true],
        [{ headers: { authorization: `Bearer ${token}` } }, true],
        [{ auth: { token: weak }, headers: { authorization: `Bearer ${token}`, cookie } }, false],
        [{ auth: { token: "rmm_0" }, headers: { cookie } }, false],
        [{ auth: { token: 7 }, headers: { cookie } }, true],
        [{ auth: { token: "a\nb" } }, false],
        [{ headers: { cookie: "romm_session=unknown" } }, false],
      ];
      for (const [options, isAllowed] of cases) {
        const client = await connect(app, options);
        const answer = await client.ask("scan:stop");
        expect([options, answer]).toEqual([
          options,
          isAllowed ? [] : ["You are not authorized to run scans"],
        ]);
      }
    },
    SLOW_MS,
  );

  test(
    "takes its sockets along when it is disabled, and a session when it ends",
    async () => {
      const app = await open();
      const browser = openBrowser(app);
      await browser.call("/api/login", { method: "POST", authorization: VIEWER });
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const signedIn = await connect(app, { headers: { cookie }, transports: ["polling"] });
      const admin = await connect(app, asAdmin);
      const viewer = await connect(app, asViewer);
      const startedAtMs = performance.now();
      await browser.call("/api/logout", { method: "POST" });
      await callApp(app, "/api/users/2", { method: "PUT", form: { enabled: "false" }, authorization: ADMIN });
      expect(await signedIn.waitForEnd()).toBe("io server disconnect");
      expect(await viewer.waitForEnd()).toBe("io server disconnect");
      expect(performance.now() - startedAtMs).toBeLessThan(5_000);
      expect(admin.socket.connected).toBe(true);
    },
    SLOW_MS,
  );

  test(
    "that is lost is told the refusal of its next event before it goes",
    async () => {
      const app = await open();
      await app.ports.database.update(users).set({ role: "admin" }).where(eq(users.username, "ana"));
      const client = await connect(app, asViewer);
      await callApp(app, "/api/users/2", { method: "PUT", form: { enabled: "false" }, authorization: ADMIN });
      expect(await client.ask("scan", {})).toEqual(["You are not authorized to run scans"]);
      expect(await client.waitForEnd()).toBe("io server disconnect");
    },
    SLOW_MS,
  );
});

describe("permissions:changed", () => {
  test(
    "goes to the account itself and to administrators",
    async () => {
      const app = await open();
      const [admin, viewer, nobody] = [
        await connect(app, asAdmin),
        await connect(app, asViewer),
        await connect(app),
      ];
      app.ports.events.raise({ topic: "permissions", userId: 2, data: { userId: 2 } });
      expect(await viewer.waitFor<unknown>("permissions:changed")).toEqual({ user_id: 2 });
      expect(await admin.waitFor<unknown>("permissions:changed")).toEqual({ user_id: 2 });
      app.ports.events.raise({ topic: "permissions", userId: 1, data: { userId: 1 } });
      await admin.waitFor("permissions:changed", 2);
      expect(viewer.told).toHaveLength(1);
      expect(nobody.told).toEqual([]);
    },
    SLOW_MS,
  );
});
