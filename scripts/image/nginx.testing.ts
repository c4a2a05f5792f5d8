/** Runs Debian's nginx with our examples, whose names, ports and certificates are replaced by those of the test. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findStatus, SceneError, waitFor } from "../../server/src/app/e2e/server-process.testing.ts";
import { runProgram } from "./buildah.ts";

const EXAMPLES = join(import.meta.dir, "../../server/docker");
const START_MAX_MS = 20_000;

const started = new Set<Nginx>();

/** Stops what a test left. */
export async function endNginx(): Promise<void> {
  for (const each of started) await each.stop();
}

/** One example as a server of the test. */
export interface Site {
  readonly example: string;
  /** What replaces `name:8080` of its upstream. */
  readonly upstreams: Readonly<Record<string, string>>;
  readonly isTls: boolean;
  /** Changes the text further, as the documentation tells operators to. */
  edit?(text: string): string;
}

export interface Nginx {
  /** The address of each site, in their order, without a path. */
  readonly urls: readonly string[];
  /** The certificate to believe in. */
  readonly certificate: string;
  /** What it complained about so far. */
  complaints(): string;
  /** For each answered request the address of the server that answered it. */
  readUpstreams(): readonly string[];
  stop(): Promise<void>;
}

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port = 0 } = server;
  void server.stop(true);
  return port;
}

function adapt(site: Site, port: number, folder: string): string {
  let text = readFileSync(join(EXAMPLES, site.example), "utf8");
  const replace = (pattern: string | RegExp, by: string) => {
    const next = text.replace(pattern, by);
    if (next === text) throw new SceneError(`${site.example} has no ${pattern}`);
    text = next;
  };
  for (const [name, address] of Object.entries(site.upstreams))
    replace(`server ${name}:8080;`, `server ${address};`);
  if (/listen 443 ssl;/.test(text)) {
    if (site.isTls) replace(/\/etc\/nginx\/tls\/[a-z.]+\.(crt|key)/g, `${folder}/site.$1`);
    else replace(/ *ssl_certificate.*\n/g, "");
  }
  replace(/listen \d+( ssl)?;/, `listen 127.0.0.1:${port}${site.isTls ? " ssl" : ""};`);
  // All sites are in one file here, where names have to differ.
  text = text.replace(/\bupstream multitap\b|http:\/\/multitap\b/g, (found) => `${found}_${port}`);
  return (site.edit?.(text) ?? text).replaceAll("$multitap_connection", `$connection_${port}`);
}

function writeMain(folder: string, sites: readonly string[]): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return [
    "user root;",
    "worker_processes 1;",
    "daemon off;",
    `pid ${folder}/pid;`,
    // Tells of everything that it puts on its disk.
    "error_log stderr warn;",
    "events {}",
    "http {",
    "log_format upstream '$upstream_addr';",
    `access_log ${folder}/access.log upstream;`,
    ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
    ...sites,
    "}",
  ].join("\n");
}

async function makeCertificate(folder: string): Promise<void> {
  const words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const about = [
    "-days",
    "2",
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
  ];
  await runProgram([...words, ...about, "-keyout", `${folder}/site.key`, "-out", `${folder}/site.crt`]);
}

/** Starts nginx with these sites and waits until each of them answers. */
export async function startNginx(program: string, sites: readonly Site[]): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "multitap-nginx-"));
  mkdirSync(join(folder, "logs"));
  await makeCertificate(folder);
  const ports = sites.map(freePort);
  const texts = sites.map((site, index) => adapt(site, ports[index] ?? 0, folder));
  writeFileSync(join(folder, "nginx.conf"), writeMain(folder, texts));
  const child = spawn(program, ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const isUp = async (port: number) => (await findStatus(`http://127.0.0.1:${port}/`)) !== null;
  const areUp = await waitFor(
    async () => child.exitCode !== null || (await Promise.all(ports.map(isUp))).every(Boolean),
    START_MAX_MS,
  );
  const stop = async () => {
    // Safe to call again.
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  if (!areUp || child.exitCode !== null) {
    await stop();
    throw new SceneError(`nginx did not start: ${complaints}`);
  }
  const nginx: Nginx = {
    urls: sites.map(({ isTls }, index) => `http${isTls ? "s" : ""}://localhost:${ports[index]}`),
    certificate: join(folder, "site.crt"),
    complaints: () => complaints,
    readUpstreams: () => readFileSync(join(folder, "access.log"), "utf8").trim().split("\n"),
    stop,
  };
  started.add(nginx);
  return nginx;
}
