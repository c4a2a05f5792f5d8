import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatTarget } from "@multitap/db";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import { requireProgram } from "../../../../scripts/testing/require-program.ts";
import { readConfig } from "../../app/config.ts";
import { readControl } from "../../app/control.ts";
import { type RunningServer, startServer } from "../../app/start.ts";
import { makeCertificates, type OwnCertificates } from "../../auth/oidc/certificates.testing.ts";
import { checkUrl, type UrlScene } from "./url.ts";
import { describeTlsFailure } from "./url-tls.ts";

/** Enough to be refused by a proxy as it is installed, and little enough for a test. */
const UPLOAD_BYTES = 5_000_000;

let database: TestDatabase;
let basePath = "";
let server: RunningServer;
let running: NonNullable<UrlScene["running"]>;
beforeAll(async () => {
  database = await createTestDatabase();
  basePath = await mkdtemp(join(tmpdir(), "multitap-url-"));
  const environment = {
    ROMM_BASE_PATH: basePath,
    ROMM_HOST: "127.0.0.1",
    ROMM_PORT: "0",
    MULTITAP_RELAY_PORT: "0",
    DATABASE_URL: formatTarget(database.target),
    LOGLEVEL: "ERROR",
  };
  server = await startServer(readConfig(environment, { defaultBasePath: basePath }));
  const reading = await readControl(basePath);
  if (reading.kind !== "found") throw new RangeError("the server left no control file");
  running = reading.control;
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await database?.drop();
  await rm(basePath, { recursive: true, force: true });
}, 30_000);

const summarise = async (scene: UrlScene) =>
  (await checkUrl({ uploadBytes: UPLOAD_BYTES, ...scene })).map(({ name, status, code }) => [
    name,
    status,
    code,
  ]);

describe("checkUrl without a proxy", () => {
  test("finds nothing wrong but that there is no TLS", async () => {
    expect(await summarise({ url: server.url, running })).toEqual([
      ["url", "ok", null],
      ["tls", "warn", null],
      ["websocket", "ok", null],
      ["scheme", "ok", null],
      ["ranges", "ok", null],
      ["upload", "ok", null],
    ]);
  }, 60_000);

  test("says what it could not try where the server does not run", async () => {
    expect((await summarise({ url: server.url, running: null })).slice(2)).toEqual([
      ["websocket", "ok", null],
      ["proxy", "warn", null],
    ]);
  }, 60_000);

  test("tells an address where nothing answers, and another program", async () => {
    expect(await summarise({ url: "http://127.0.0.1:1", running })).toEqual([
      ["url", "fail", "CLI_URL_UNREACHABLE"],
    ]);
    const answers = [new Response("hello"), Response.redirect("https://login.example/")];
    const other = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => answers.shift() ?? new Response(),
    });
    try {
      const scene = { url: other.url.origin, running };
      expect(await summarise(scene)).toEqual([["url", "fail", "CLI_URL_FOREIGN"]]);
      expect(await summarise(scene)).toEqual([["url", "fail", "CLI_URL_FOREIGN"]]);
    } finally {
      await other.stop(true);
    }
  }, 60_000);

  test("opens the probe to its secret alone", async () => {
    const paths = [
      "/health/probe/",
      `/health/probe/${"0".repeat(48)}`,
      `/health/probe/${"0".repeat(48)}/bytes`,
    ];
    for (const path of paths) expect((await fetch(server.url + path)).status).toBe(404);
  });
});

/** A port that nobody uses at this moment. */
function findPort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

const GOOD = `
  client_max_body_size 0;
  location / {
    proxy_pass http://BACKEND;
    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
  }`;
/** As it comes when nobody reads how to set it up. */
const BARE = `
  location / {
    proxy_pass http://BACKEND;
    proxy_set_header Range "";
  }`;

const nginx = requireProgram("nginx");
const isMissing = nginx === null || requireProgram("openssl") === null;
describe.skipIf(isMissing)("checkUrl behind nginx (needs nginx and openssl)", () => {
  let certificates: OwnCertificates;
  let child: Bun.Subprocess;
  let folder = "";
  const ports = { good: 0, bare: 0 };
  const init = { tls: { ca: "" } };

  beforeAll(async () => {
    certificates = await makeCertificates();
    init.tls.ca = await Bun.file(certificates.caFile).text();
    folder = await mkdtemp(join(tmpdir(), "multitap-nginx-"));
    await mkdir(join(folder, "tmp"));
    await Bun.write(join(folder, "cert.pem"), certificates.tls.cert);
    await Bun.write(join(folder, "key.pem"), certificates.tls.key);
    ports.good = findPort();
    ports.bare = findPort();
    await Bun.write(join(folder, "nginx.conf"), formatConfig());
    const words = ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")];
    child = Bun.spawn([nginx ?? "", ...words], { stdout: "ignore", stderr: "ignore" });
    const deadline = performance.now() + 15_000;
    while (performance.now() < deadline) {
      const answer = await fetch(`https://localhost:${ports.good}/health/live`, init).catch(() => null);
      if (answer?.ok === true) return;
      await Bun.sleep(50);
    }
    throw new RangeError("nginx did not start");
  }, 60_000);
  afterAll(async () => {
    child?.kill("SIGTERM");
    await child?.exited;
    await certificates?.remove();
    await rm(folder, { recursive: true, force: true });
  }, 30_000);

  function formatConfig(): string {
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    const tls = `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`;
    const serverOf = (port: number, body: string) =>
      `server { listen 127.0.0.1:${port} ssl; ${tls} ${body.replace("BACKEND", new URL(server.url).host)} }`;
    return `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;
      events { worker_connections 64; }
      http {
        access_log off;
        map $http_upgrade $connection_upgrade { default upgrade; '' close; }
        ${temp.map((name) => `${name}_temp_path ${folder}/tmp/${name};`).join("\n")}
        ${serverOf(ports.good, GOOD)}
        ${serverOf(ports.bare, BARE)}
      }`;
  }

  test("finds nothing wrong with a proxy that is set up as we say", async () => {
    expect(await summarise({ url: `https://localhost:${ports.good}`, running, init })).toEqual([
      ["url", "ok", null],
      ["tls", "warn", null],
      ["websocket", "ok", null],
      ["scheme", "ok", null],
      ["ranges", "ok", null],
      ["upload", "ok", null],
    ]);
  }, 60_000);

  test("names what is missing where nothing was set up, and the line that mends it", async () => {
    const url = `https://localhost:${ports.bare}`;
    const found = await checkUrl({ url, running, init, uploadBytes: UPLOAD_BYTES });
    expect(found.map(({ name, status, code }) => [name, status, code])).toEqual([
      ["url", "ok", null],
      ["tls", "warn", null],
      ["websocket", "fail", "CLI_URL_WEBSOCKET"],
      ["scheme", "fail", "CLI_URL_SCHEME"],
      ["ranges", "fail", "CLI_URL_RANGE"],
      ["upload", "fail", "CLI_URL_UPLOAD"],
    ]);
    const messages = found.map(({ message }) => message).join("\n");
    for (const line of ["proxy_set_header Upgrade", "X-Forwarded-Proto", "client_max_body_size 0"]) {
      expect(messages).toContain(line);
    }
  }, 60_000);

  test("tells a certificate that nobody vouches for from other failures", async () => {
    const found = await checkUrl({ url: `https://localhost:${ports.good}`, running });
    expect(found.map(({ name, status, code }) => [name, status, code])).toEqual([
      ["url", "fail", "CLI_URL_TLS"],
    ]);
    const plain = await checkUrl({ url: server.url.replace("http:", "https:"), running });
    expect(plain[0]?.code).toBe("CLI_URL_TLS");
  }, 60_000);
});

test.each([
  ["CERT_HAS_EXPIRED", "expired"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "another name"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "fullchain"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "nobody vouches"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "http port"],
])("describeTlsFailure says what %s means", (code, words) => {
  expect(describeTlsFailure(Object.assign(new RangeError("x"), { code }))).toContain(words);
  expect(describeTlsFailure(new RangeError("x"))).toBeNull();
});
