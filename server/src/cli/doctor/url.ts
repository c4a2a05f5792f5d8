import * as v from "valibot";
import { listProbeBytes } from "../../app/probe.ts";
import { FORWARDING } from "../../http/public-url.ts";
import { ArrivalSchema, ProbeSchema, ReceivedSchema } from "../../system/probe/contract.ts";
import { PROBE_BYTES } from "../../system/probe/limits.ts";
import { callServer } from "../calls.ts";
import type { CliErrorCode } from "../errors.ts";
import { createOperatorClient } from "../join.ts";
import { URL_TIMEOUT_MS, URL_UPLOAD_BYTES, URL_UPLOAD_TIMEOUT_MS } from "../limits.ts";
import type { CheckStatus, Finding } from "./check.ts";
import { finding } from "./check.ts";
import { describeTlsFailure, readCertificate } from "./url-tls.ts";

/** What the checks of an address take. */
export interface UrlScene {
  /** As people reach the server from outside; without a slash at the end. */
  readonly url: string;
  /** The server that runs here; null when it is elsewhere, and then less can be found out. */
  readonly running: { readonly url: string; readonly token: string } | null;
  readonly uploadBytes?: number | undefined;
  /** What is sent instead of the network's own, for tests with a certificate of their own. */
  readonly init?: BunFetchRequestInit | undefined;
}

interface Verdict {
  readonly status: CheckStatus;
  readonly message: string;
  readonly code?: CliErrorCode | undefined;
}

const ok = (message: string): Verdict => ({ status: "ok", message });
const fail = (code: CliErrorCode, message: string): Verdict => ({ status: "fail", message, code });

/** Tries from outside what apps need of a proxy, one after the other; each finding says what to change. */
export async function checkUrl(scene: UrlScene): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const add = (name: string, verdict: Verdict) => findings.push(finding(name, verdict));
  const reached = await checkReachable(scene);
  add("url", reached);
  if (reached.status === "fail") return findings;
  add("tls", await checkTls(scene));
  add("websocket", await checkWebsocket(scene));
  const path = await openProbe(scene);
  if (path === null) {
    const message =
      "scheme, ranges and uploads were not tried: run doctor --url where the server runs, with its data folder";
    add("proxy", { status: "warn", message });
    return findings;
  }
  add("scheme", await checkArrival(scene, path));
  add("ranges", await checkRanges(scene, path));
  add("upload", await checkUpload(scene, path));
  return findings;
}

async function ask(scene: UrlScene, path: string, init: BunFetchRequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(URL_TIMEOUT_MS);
  return await fetch(`${scene.url}${path}`, { signal, redirect: "manual", ...scene.init, ...init });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return code === "TimeoutError" ? `no answer within ${URL_TIMEOUT_MS / 1000} s` : code;
}

const Heartbeat = v.object({ SYSTEM: v.object({ VERSION: v.string() }), MULTITAP: v.object({}) });

async function checkReachable(scene: UrlScene): Promise<Verdict> {
  let response: Response;
  try {
    response = await ask(scene, "/api/heartbeat");
  } catch (error) {
    const tls = describeTlsFailure(error);
    if (tls !== null) return fail("CLI_URL_TLS", `${scene.url}: ${tls}`);
    return fail(
      "CLI_URL_UNREACHABLE",
      `${scene.url} does not answer: ${reasonOf(error)}. Check its name in the DNS, the port forwarding, and that the proxy runs`,
    );
  }
  if (response.status >= 300 && response.status < 400) {
    const target = response.headers.get("location") ?? "elsewhere";
    return fail(
      "CLI_URL_FOREIGN",
      `the proxy leads apps on to ${target}. Give the final address; where that is a login, let /api, /ws, /netplay, /socket.io and /trpc past it`,
    );
  }
  const text = await response.text();
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Heartbeat), text);
  if (parsed.success) return ok(`${scene.url} answers as this server`);
  const what = response.ok ? "another program" : `status ${response.status}`;
  return fail(
    "CLI_URL_FOREIGN",
    `${scene.url}/api/heartbeat answers with ${what}. Point the proxy at the server's own port, and let /api past any login`,
  );
}

/** Days before the end of a certificate from which on somebody should look. */
const CERTIFICATE_DAYS_MIN = 10;

async function checkTls(scene: UrlScene): Promise<Verdict> {
  if (!scene.url.startsWith("https:")) {
    return {
      status: "warn",
      message: "no TLS: passwords and cookies can be read on the way. Give the proxy a certificate",
    };
  }
  const days = await readCertificate(scene.url, scene.init?.tls);
  if (days === null) return ok("the certificate is accepted");
  if (days >= CERTIFICATE_DAYS_MIN) return ok(`the certificate is accepted, and good for ${days} days`);
  return { status: "warn", message: `the certificate ends in ${days} days. See why it is not renewed` };
}

async function checkWebsocket(scene: UrlScene): Promise<Verdict> {
  const path = "/ws/socket.io/?EIO=4&transport=websocket";
  const first = await readFirstMessage(`${scene.url.replace(/^http/, "ws")}${path}`, scene);
  if (first?.startsWith("0{") === true) return ok("websockets get through");
  const plain = await ask(scene, path).catch(() => null);
  const seen = plain === null ? "no answer" : `status ${plain.status}`;
  return fail(
    "CLI_URL_WEBSOCKET",
    `websockets do not get through (${seen}): netplay and live updates fail. nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade". Others: turn websocket support on`,
  );
}

/** The first message of a websocket; null when none comes. */
async function readFirstMessage(url: string, { init }: UrlScene): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const timer = setTimeout(() => resolve(null), URL_TIMEOUT_MS);
  const socket = new WebSocket(url, { tls: init?.tls } as unknown as string[]);
  socket.onmessage = ({ data }) => resolve(String(data));
  socket.onerror = () => resolve(null);
  socket.onclose = () => resolve(null);
  const first = await promise;
  clearTimeout(timer);
  socket.close();
  return first;
}

async function openProbe({ running }: UrlScene): Promise<string | null> {
  if (running === null) return null;
  const client = createOperatorClient(running);
  try {
    const target = { client, signal: AbortSignal.timeout(URL_TIMEOUT_MS) };
    const { path } = await callServer(target, {
      operation: "system.openProbe",
      input: {},
      output: ProbeSchema,
    });
    return path;
  } finally {
    await client.close();
  }
}

async function checkArrival(scene: UrlScene, path: string): Promise<Verdict> {
  const response = await ask(scene, path);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ArrivalSchema), await response.text());
  if (!parsed.success) {
    return fail(
      "CLI_URL_FOREIGN",
      `the server behind ${scene.url} is not the one that runs here (status ${response.status}). Run doctor where that one runs`,
    );
  }
  const { baseUrl, clientAddress, forwardedBy } = parsed.output;
  if (baseUrl !== scene.url) {
    return fail(
      "CLI_URL_SCHEME",
      `the server takes itself for ${baseUrl}, so links, cookies and sign-in by OIDC fail. Let the proxy send ${FORWARDING.scheme} and ${FORWARDING.host} (nginx: proxy_set_header ${FORWARDING.scheme} $scheme; proxy_set_header ${FORWARDING.host} $http_host) and be in MULTITAP_TRUSTED_PROXIES, or set ROMM_BASE_URL=${scene.url}`,
    );
  }
  const from = `callers are seen as ${clientAddress ?? "unknown"}`;
  if (forwardedBy.length > 0 && !forwardedBy.includes(FORWARDING.address.toLowerCase())) {
    return {
      status: "warn",
      message: `${from}: the proxy does not tell who calls, so all share one limit. nginx: proxy_set_header ${FORWARDING.address} $proxy_add_x_forwarded_for`,
    };
  }
  return ok(`the server knows its address, and ${from}`);
}

async function checkRanges(scene: UrlScene, path: string): Promise<Verdict> {
  const [start, last] = [1_000, 1_999];
  const response = await ask(scene, `${path}/bytes`, { headers: { range: `bytes=${start}-${last}` } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isRight = Buffer.from(listProbeBytes(start, last + 1)).equals(bytes);
  if (response.status === 206 && isRight) return ok("parts of files can be asked for");
  const seen = response.status === 200 ? `all ${PROBE_BYTES} bytes came` : `status ${response.status}`;
  return fail(
    "CLI_URL_RANGE",
    `a part was asked for and ${seen}: downloads cannot go on after a pause. Let the proxy pass Range on (nginx: no proxy_set_header Range "", no slice or cache before this server)`,
  );
}

async function checkUpload(scene: UrlScene, path: string): Promise<Verdict> {
  const sentBytes = scene.uploadBytes ?? URL_UPLOAD_BYTES;
  const megabytes = Math.round(sentBytes / 1e6);
  try {
    const response = await ask(scene, `${path}/bytes`, {
      method: "POST",
      body: createBody(sentBytes),
      signal: AbortSignal.timeout(URL_UPLOAD_TIMEOUT_MS),
    });
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ReceivedSchema), await response.text());
    if (parsed.success && parsed.output.receivedBytes === sentBytes) {
      return ok(`an upload of ${megabytes} MB in one request got through`);
    }
    return judgeUpload(response.status, megabytes);
  } catch (error) {
    return fail(
      "CLI_URL_UPLOAD",
      `an upload of ${megabytes} MB was cut off: ${reasonOf(error)}. Raise the proxy's size limit and its timeouts for bodies (nginx: client_max_body_size 0; client_body_timeout 300s; proxy_request_buffering off)`,
    );
  }
}

function judgeUpload(status: number, megabytes: number): Verdict {
  if (status === 413) {
    return fail(
      "CLI_URL_UPLOAD",
      `the proxy refuses an upload of ${megabytes} MB. nginx: client_max_body_size 0. Cloudflare takes 100 MB at most: apps that upload in chunks work, others do not`,
    );
  }
  return fail(
    "CLI_URL_UPLOAD",
    `an upload of ${megabytes} MB ended with status ${status}. Raise the proxy's timeouts (nginx: proxy_read_timeout and proxy_send_timeout 300s; proxy_request_buffering off)`,
  );
}

/** Bytes without end in sight: nothing of them is held. */
function createBody(sizeBytes: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024);
  let leftBytes = sizeBytes;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = chunk.subarray(0, Math.min(leftBytes, chunk.length));
      leftBytes -= part.length;
      if (part.length > 0) controller.enqueue(part.slice());
      if (leftBytes === 0) controller.close();
    },
  });
}
