// Our examples for nginx, in front of servers: what breaks silently behind a proxy that is set up otherwise.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { TestDatabase } from "@multitap/db/testing";
import { openExternal } from "../../server/src/app/e2e/identity.testing.ts";
import {
  createAdmin,
  endScenes,
  makeFolder,
  openClient,
  readLibrary,
  runScan,
} from "../../server/src/app/e2e/scene.testing.ts";
import { type RunningServer, startServer } from "../../server/src/app/e2e/server-process.testing.ts";
import { requireProgram } from "../testing/require-program.ts";
import { runProgram } from "./buildah.ts";
import { endNginx, type Nginx, type Site, startNginx } from "./nginx.testing.ts";

const program = requireProgram("nginx");
const TEST_MAX_MS = 180_000;
const LARGE_BYTES = 256 * 2 ** 20;
/** Callers of the balanced servers; with so many no address of a working balance is left out. */
const CALLERS = 12;

async function startAt(url: string, environment: Readonly<Record<string, string>> = {}) {
  const basePath = makeFolder(url);
  const roms = join(basePath, "library", "roms", "snes");
  mkdirSync(roms, { recursive: true });
  writeFileSync(join(roms, "Game (World).sfc"), "0123456789");
  return await startServer({ basePath, environment });
}

/** A server with one game, and a token for it. */
interface Scene {
  readonly server: RunningServer;
  readonly token: string;
  readonly romId: number;
}

async function prepare(server: RunningServer): Promise<Scene> {
  const token = await createAdmin(server.url);
  const client = openClient(server, token);
  await runScan(client);
  const { romIds } = await readLibrary(client);
  await client.close();
  return { server, token, romId: [...romIds.values()][0] ?? 0 };
}

const addressOf = ({ url }: RunningServer) => new URL(url).host;

describe.skipIf(program === null || requireProgram("openssl") === null)("behind nginx", () => {
  let plain: Scene;
  let prefixed: Scene;
  let nginx: Nginx;
  let large = "";

  beforeAll(async () => {
    plain = await prepare(await startAt("plain"));
    prefixed = await prepare(await startAt("prefix", { MULTITAP_URL_PREFIX: "/romm" }));
    large = join(makeFolder("large"), "large.state");
    const file = openSync(large, "w");
    ftruncateSync(file, LARGE_BYTES);
    closeSync(file);
    const toPlain = { upstreams: { multitap: addressOf(plain.server) } };
    const toPrefixed = { upstreams: { multitap: addressOf(prefixed.server) } };
    // The other way that the documentation tells: nginx takes the prefix away, and says so.
    const stripped = (text: string) =>
      text
        .replace("location /romm {", "location /romm/ {\nproxy_set_header X-Forwarded-Prefix /romm;")
        .replace(/(proxy_pass http:\/\/\w+);/, "$1/;");
    const sites: Site[] = [
      { example: "nginx.conf", isTls: true, ...toPlain },
      { example: "nginx.conf", isTls: false, ...toPlain },
      { example: "nginx.prefix.conf", isTls: true, ...toPrefixed },
      { example: "nginx.prefix.conf", isTls: false, ...toPrefixed },
      { example: "nginx.prefix.conf", isTls: true, edit: stripped, ...toPlain },
    ];
    nginx = await startNginx(program ?? "", sites);
  }, TEST_MAX_MS);
  afterAll(async () => {
    await endNginx();
    await endScenes();
  }, TEST_MAX_MS);

  test.each([
    { what: "a name of its own, TLS", site: 0, prefix: "", to: () => plain },
    { what: "a name of its own", site: 1, prefix: "", to: () => plain },
    { what: "a path, TLS", site: 2, prefix: "/romm", to: () => prefixed },
    { what: "a path", site: 3, prefix: "/romm", to: () => prefixed },
    { what: "a path that nginx strips, TLS", site: 4, prefix: "/romm", to: () => plain },
  ])(
    "$what: sockets, polls, streams, ranges, links and large uploads get through",
    async ({ site, prefix, to }) => {
      const base = `${nginx.urls[site]}${prefix}`;
      const { token, romId } = to();
      const client = join(import.meta.dir, "proxy-client.fixture.ts");
      const words = [process.execPath, client, base, token, String(romId), large];
      const seen = JSON.parse(await runProgram(words, { NODE_EXTRA_CA_CERTS: nginx.certificate }));
      expect(seen).toEqual({
        // The scheme, the name and the port that the caller used.
        links: [`${base}/api/`],
        ...(prefix === "" ? {} : { redirect: "/romm/" }),
        range: [206, "bytes 4-8/10", "45678"],
        polling: "polling",
        websocket: "websocket",
        upgrade: "websocket",
        serverSent: expect.stringMatching(/^(library|scan)$/),
        webSocketEvents: expect.stringMatching(/^(library|scan)$/),
        upload: [200, LARGE_BYTES],
      });
      // Neither the upload nor an answer was put on nginx's own disk.
      expect(nginx.complaints()).not.toContain("buffered to a temporary file");
    },
    TEST_MAX_MS,
  );
});

interface Polled {
  readonly status: number;
  readonly text: string;
}

/** A call from one of the machine's loopback addresses. */
async function call(url: string, from: string, body?: string): Promise<Polled> {
  const { promise, resolve, reject } = Promise.withResolvers<Polled>();
  const options = { localAddress: from, method: body === undefined ? "GET" : "POST", agent: false } as const;
  const sent = request(url, options, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
  });
  sent.on("error", reject);
  sent.end(body);
  return await promise;
}

describe.skipIf(program === null || requireProgram("openssl") === null)("two servers behind nginx", () => {
  let database: TestDatabase | undefined;

  afterAll(async () => {
    await endNginx();
    await endScenes();
    await database?.drop();
  }, TEST_MAX_MS);

  test(
    "give each caller one server for all polls of a session, and share the work",
    async () => {
      const external = await openExternal();
      const { environment } = external;
      database = external.database;
      const first = await startAt("first", environment);
      const second = await startAt("second", environment);
      const upstreams = { first: addressOf(first), second: addressOf(second) };
      const nginx = await startNginx(program ?? "", [
        { example: "nginx.replicas.conf", isTls: false, upstreams },
      ]);
      const [url = ""] = nginx.urls.map((each) => each.replace("localhost", "127.0.0.1"));
      const path = "/netplay/socket.io/?EIO=4&transport=polling";
      for (let index = 0; index < CALLERS; index += 1) {
        const from = `127.0.0.${index + 10}`;
        const opened = await call(`${url}${path}`, from);
        const { sid } = JSON.parse(opened.text.slice(1)) as { sid: string };
        const session = `${url}${path}&sid=${sid}`;
        expect(await call(session, from, "40")).toEqual({ status: 200, text: "ok" });
        expect((await call(session, from)).text).toStartWith("40{");
      }
      expect(new Set(nginx.readUpstreams())).toEqual(new Set(Object.values(upstreams)));
    },
    TEST_MAX_MS,
  );
});
