/** An app with a relay beside it. */
import { type OpenRelay, openRelay } from "../app/relay.ts";
import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import { ADMIN, addAccounts, callApp } from "../auth/calls.testing.ts";
import type { RelaySession } from "./contract.ts";
import { RELAY_LIMITS, type RelayLimits } from "./limits.ts";

/** Apps and relays of one test file. */
export interface RelayScene {
  /** Opens an app with an administrator, a viewer and a relay. */
  open(options?: RelaySceneOptions): Promise<RelayApp>;
  close(): Promise<void>;
}

/** What is not as usual. */
export interface RelaySceneOptions extends TestAppOptions {
  readonly limits?: Partial<RelayLimits> | undefined;
}

/** An app and its relay. */
export interface RelayApp {
  readonly app: TestApp;
  readonly relay: OpenRelay;
  readonly port: number;
  /** Sessions as an account sees them. */
  list(authorization?: string): Promise<readonly RelaySession[]>;
  /** Waits until the list is as wanted. */
  waitForList(
    isWanted: (sessions: readonly RelaySession[]) => boolean,
    timeoutMs?: number,
  ): Promise<readonly RelaySession[]>;
}

const WAIT_MS = 5_000;

/** Makes a scene; `close` is for the end. */
export function createRelayScene(): RelayScene {
  const opened: RelayApp[] = [];
  return {
    async open({ limits, ...options } = {}) {
      const app = await createTestApp(options);
      if (options.database === undefined) await addAccounts(app);
      const relay = await openRelay({
        ports: app.ports,
        facts: app.facts,
        host: "127.0.0.1",
        port: 0,
        limits: { ...RELAY_LIMITS, ...limits },
      });
      const scene = toRelayApp(app, relay);
      opened.push(scene);
      return scene;
    },
    async close() {
      for (const { app, relay } of opened.splice(0).reverse()) {
        await relay.stop();
        await app.close();
      }
    },
  };
}

function toRelayApp(app: TestApp, relay: OpenRelay): RelayApp {
  const list = async (authorization = ADMIN) => {
    const { json } = await callApp(app, "/trpc/relay.list", { authorization });
    return (json as { result: { data: readonly RelaySession[] } }).result.data;
  };
  return {
    app,
    relay,
    port: relay.port ?? 0,
    list,
    async waitForList(isWanted, timeoutMs = WAIT_MS) {
      const deadlineMs = performance.now() + timeoutMs;
      for (;;) {
        const sessions = await list();
        if (isWanted(sessions) || performance.now() > deadlineMs) return sessions;
        await Bun.sleep(30);
      }
    },
  };
}
