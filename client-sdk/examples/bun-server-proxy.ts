/**
 * A server of your own in front of a Multitap server, with one client for each person who signed in: their
 * credentials never reach the page, and nobody's calls run as somebody else.
 *
 *     bun bun-server-proxy.ts http://nas.local:8080 [port]
 *
 * `POST /sign-in` takes `{ username, password }`, `GET /roms?search=` lists, `GET /roms/<id>/content/<name>` hands
 * bytes on with ranges, `POST /sign-out` ends it.
 */
import { fileURLToPath } from "node:url";
import { type Client, createClient, isMultitapError, type MultitapError } from "@multitap/client";

/** People signed in at once; whoever came first is signed out for the next. */
const SESSIONS_MAX = 1_000;
const COOKIE = "shelf_session";
/** What a download may ask for, and what its answer may say; anything else stays between us and the server. */
const REQUEST_HEADERS = ["range", "if-range", "if-none-match"] as const;
const ANSWER_HEADERS = ["content-type", "content-length", "content-range", "accept-ranges", "etag"] as const;

/** A server that runs. */
export interface Shelf {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the server on a port of this machine; 0 takes any free one. */
export function openShelf(serverUrl: string, port: number): Shelf {
  const sessions = new Map<string, Client>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    fetch: (request) => answer(request, { serverUrl, sessions }),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    async close() {
      await server.stop(true);
      await Promise.all([...sessions.values()].map((client) => client.close()));
    },
  };
}

interface Sessions {
  readonly serverUrl: string;
  readonly sessions: Map<string, Client>;
}

async function answer(request: Request, shelf: Sessions): Promise<Response> {
  try {
    const { pathname } = new URL(request.url);
    if (`${request.method} ${pathname}` === "POST /sign-in") return await signIn(request, shelf);
    const id = new Bun.CookieMap(request.headers.get("cookie") ?? "").get(COOKIE) ?? "";
    const client = shelf.sessions.get(id);
    if (client === undefined) return Response.json({ error: "sign in first" }, { status: 401 });
    return await answerSignedIn(request, { client, id, shelf });
  } catch (error) {
    if (isMultitapError(error)) return refuse(error);
    throw error;
  }
}

interface SignedIn {
  readonly client: Client;
  readonly id: string;
  readonly shelf: Sessions;
}

async function answerSignedIn(request: Request, { client, id, shelf }: SignedIn): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const { signal } = request;
  if (`${request.method} ${pathname}` === "POST /sign-out") {
    shelf.sessions.delete(id);
    await client.auth.signOut().finally(() => client.close());
    return new Response(null, { status: 204 });
  }
  if (request.method !== "GET") return Response.json({ error: "not here" }, { status: 404 });
  if (pathname === "/roms") {
    const search = searchParams.get("search") ?? "";
    return Response.json(await client.roms.list(search === "" ? {} : { search }, { signal }));
  }
  const [, romId, name] = /^\/roms\/(\d+)\/content\/([^/]+)$/.exec(pathname) ?? [];
  if (romId === undefined || name === undefined) return Response.json({ error: "not here" }, { status: 404 });
  const headers = pick(request.headers, REQUEST_HEADERS);
  const content = await client.fetch(`/api/roms/${romId}/content/${name}`, { headers, signal });
  return new Response(content.body, {
    status: content.status,
    headers: pick(content.headers, ANSWER_HEADERS),
  });
}

async function signIn(request: Request, { serverUrl, sessions }: Sessions): Promise<Response> {
  const { username, password } = (await request.json()) as Record<string, unknown>;
  const client = createClient({ url: serverUrl, app: { name: "bun-server-proxy", version: "1.0.0" } });
  try {
    await client.auth.signInWithPassword({
      username: String(username),
      password: String(password),
      scopes: ["me.read", "roms.read"],
    });
  } catch (error) {
    await client.close();
    throw error;
  }
  const [oldest] = sessions.keys();
  if (sessions.size >= SESSIONS_MAX && oldest !== undefined) {
    void sessions.get(oldest)?.close();
    sessions.delete(oldest);
  }
  const id = crypto.randomUUID();
  sessions.set(id, client);
  // `Secure` belongs here as soon as the page is served over https.
  const cookie = `${COOKIE}=${id}; HttpOnly; SameSite=Strict; Path=/`;
  return new Response(null, { status: 204, headers: { "set-cookie": cookie } });
}

function pick(headers: Headers, names: readonly string[]): Headers {
  const picked = new Headers();
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
}

/** The server's word, without what is only for us: its status when there is one, else that it is away. */
function refuse({ kind, code, status }: MultitapError): Response {
  return Response.json({ error: kind, code }, { status: status ?? 502 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [serverUrl, port = "3000"] = process.argv.slice(2);
  if (serverUrl === undefined) {
    console.log("usage: bun-server-proxy <url> [port]");
    process.exitCode = 2;
  } else {
    const shelf = openShelf(serverUrl, Number(port));
    console.log(`the shelf is at ${shelf.url}`);
    process.once("SIGINT", () => void shelf.close());
  }
}
