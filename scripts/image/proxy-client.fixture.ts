/**
 * A client outside of the proxy, in a process of its own because it has to believe in the proxy's certificate:
 * `bun proxy-client.fixture.ts URL TOKEN ROM FILE`. It prints what it saw, as JSON.
 */
import { createClient, webSocketRealtime } from "@multitap/client";
import { io } from "socket.io-client";

const [base = "", token = "", romId = "", path = ""] = process.argv.slice(2);
const { origin, pathname } = new URL(base);
const prefix = pathname.replace(/\/$/, "");
const authorization = `Bearer ${token}`;
/** No wait is longer; a buffered stream would not say anything before that. */
const WAIT_MS = 20_000;

async function within<T>(promise: Promise<T>): Promise<T | "nothing"> {
  const { promise: late, resolve } = Promise.withResolvers<"nothing">();
  const timer = setTimeout(resolve, WAIT_MS, "nothing");
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

/** How a Socket.IO client gets in. */
async function connect(transports: string[]): Promise<string> {
  const socket = io(origin, {
    path: `${prefix}/netplay/socket.io/`,
    transports,
    forceNew: true,
    reconnection: false,
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on("connect_error", (error) => resolve(`refused: ${error.message}`));
  socket.on("connect", () => {
    const { engine } = socket.io;
    const wanted = transports.at(-1);
    if (engine.transport.name === wanted) resolve(engine.transport.name);
    else engine.once("upgrade", () => resolve(engine.transport.name));
  });
  const outcome = await within(promise);
  socket.close();
  return outcome;
}

/** Whether an event arrives while its stream stays open. */
async function hear(realtime: ReturnType<typeof webSocketRealtime> | undefined): Promise<string> {
  const client = createClient({ url: base, auth: token, ...(realtime === undefined ? {} : { realtime }) });
  const heard = Promise.withResolvers<string>();
  const stop = client.events(["library", "scan"]).subscribe((event) => heard.resolve(event.topic));
  // Again and again, because the stream may begin after the first one; one scan at a time is taken.
  const raise = () => void client.scan.start().catch(() => null);
  raise();
  const timer = setInterval(raise, 500);
  const outcome = await within(heard.promise);
  clearInterval(timer);
  stop();
  await client.close();
  return outcome;
}

async function readRange(): Promise<unknown> {
  const response = await fetch(`${base}/api/roms/${romId}/content/whatever`, {
    headers: { authorization, range: "bytes=4-8" },
  });
  return [response.status, response.headers.get("content-range"), await response.text()];
}

/** One large file in one request. */
async function upload(): Promise<unknown> {
  const form = new FormData();
  form.append("stateFile", Bun.file(path), "large.state");
  const headers = { authorization };
  const response = await fetch(`${base}/api/states?rom_id=${romId}`, { method: "POST", headers, body: form });
  const text = await response.text();
  const found = response.ok ? (JSON.parse(text) as { file_size_bytes: number }).file_size_bytes : text;
  return [response.status, found];
}

/** Where a list for other programs says that the game is, whatever its path there. */
async function readLinks(): Promise<unknown> {
  const text = await (await fetch(`${base}/api/feeds/webrcade`, { headers: { authorization } })).text();
  const links = [...text.matchAll(/https?:\/\/[^/"\\]+(?:\/[^/"\\]+)?\/api\//g)].map(([link]) => link);
  return [...new Set(links)];
}

/** Where the address without a slash leads. */
async function readRedirect(): Promise<unknown> {
  const response = await fetch(base, { redirect: "manual" });
  return new URL(response.headers.get("location") ?? "about:blank", base).pathname;
}

console.log(
  JSON.stringify({
    links: await readLinks(),
    ...(prefix === "" ? {} : { redirect: await readRedirect() }),
    range: await readRange(),
    polling: await connect(["polling"]),
    websocket: await connect(["websocket"]),
    upgrade: await connect(["polling", "websocket"]),
    serverSent: await hear(undefined),
    webSocketEvents: await hear(webSocketRealtime()),
    ...(path === "" ? {} : { upload: await upload() }),
  }),
);
process.exit(0);
