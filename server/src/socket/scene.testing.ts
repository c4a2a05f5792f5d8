/** An app with accounts and a port, and clients of its sockets. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import { ADMIN, addAccounts, VIEWER } from "../auth/calls.testing.ts";
import { type ClientOptions, openClient, type TestClient } from "./client.testing.ts";

/** Apps and clients of one test. */
export interface SocketScene {
  /** Opens an app with an administrator and a viewer; it does not work on scans unless asked to. */
  open(options?: TestAppOptions): Promise<TestApp>;
  /** Opens an app on the database of another, as a second process. */
  openBeside(app: TestApp): Promise<TestApp>;
  connect(app: TestApp, options?: ClientOptions): Promise<TestClient>;
  /** Ends what the test opened. */
  close(): Promise<void>;
}

/** Makes a scene; `close` is for after each test. */
export function createSocketScene(): SocketScene {
  const apps: TestApp[] = [];
  const clients: TestClient[] = [];
  const keep = async (options: TestAppOptions): Promise<TestApp> => {
    const app = await createTestApp(options);
    apps.push(app);
    return app;
  };
  return {
    async open(options = {}) {
      const app = await keep(options);
      await addAccounts(app);
      return app;
    },
    openBeside: ({ database }) => keep({ database }),
    async connect(app, options = {}) {
      const client = await openClient(await app.listen(), options);
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients.splice(0)) client.close();
      for (const app of apps.splice(0).reverse()) await app.close();
    },
  };
}

/** Puts a file into the library of an app. */
export async function putFile(app: TestApp, path: string): Promise<void> {
  const full = join(app.basePath, "library", path);
  await mkdir(join(full, ".."), { recursive: true });
  await writeFile(full, path);
}

export const asAdmin: ClientOptions = { headers: { authorization: ADMIN } };
export const asViewer: ClientOptions = { headers: { authorization: VIEWER } };
