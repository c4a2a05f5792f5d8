// The relay for RetroArch in the server's own process.
import { afterAll, afterEach, expect, test } from "bun:test";
import { openGame } from "../../relay/client.testing.ts";
import { endScenes, makeFolder } from "./scene.testing.ts";
import {
  endServers,
  findStatus,
  type RunningServer,
  STOP_PROMISE_MS,
  startServer,
  waitFor,
} from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
const LINE = /RetroArch relay listening on 127\.0\.0\.1 port (\d+)/;

afterEach(endServers);
afterAll(endScenes);

const start = (environment: Record<string, string> = {}): Promise<RunningServer> =>
  startServer({ basePath: makeFolder("relay"), environment });
const portOf = (server: RunningServer) => Number(LINE.exec(server.output())?.[1] ?? "0");

test(
  "a server plays a game, and lets everybody go when it is stopped",
  async () => {
    const server = await start();
    await waitFor(() => portOf(server) > 0, 5_000);
    const { host, user, link } = await openGame(portOf(server));
    const ending = await server.stop();
    expect(ending).toMatchObject({ exitCode: 0, signal: null });
    expect(ending.tookMs).toBeLessThan(STOP_PROMISE_MS);
    await Promise.all([host.owner.ended(), user.ended(), link.ended()]);
  },
  TEST_MAX_MS,
);

test(
  "a server serves without a relay where its port is taken, and says so in one line",
  async () => {
    const holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (): void => undefined } });
    const server = await start({ MULTITAP_RELAY_PORT: String(holder.port) });
    const said = () => `${server.output()}${server.errors()}`;
    await waitFor(() => said().includes("relay cannot listen"), 5_000);
    const lines = said()
      .split("\n")
      .filter((line) => line.includes("relay cannot listen"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`127.0.0.1 port ${holder.port}`);
    expect(lines[0]).toContain("MULTITAP_RELAY_PORT");
    expect(await findStatus(`${server.url}/api/heartbeat`)).toBe(200);
    holder.stop(true);
    expect((await server.stop()).exitCode).toBe(0);
  },
  TEST_MAX_MS,
);

test(
  "a server without the role has no relay",
  async () => {
    const server = await start({ MULTITAP_ROLES: "api,worker", MULTITAP_RELAY_PORT: "0" });
    expect(await findStatus(`${server.url}/api/heartbeat`)).toBe(200);
    expect((await server.stop()).exitCode).toBe(0);
    expect(server.output()).not.toMatch(/RetroArch relay/);
  },
  TEST_MAX_MS,
);
