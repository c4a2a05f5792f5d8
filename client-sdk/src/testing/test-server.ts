import type { Rom, RomParts } from "@multitap/server/contract/roms";
import type { Scan } from "@multitap/server/contract/scan";
import { initTRPC, TRPCError, tracked } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { createTestEventLog, type TestEventLog } from "./event-log.ts";
import { makeScan } from "./fixtures.ts";

/** A failure in the words of the real server. */
export class TestFailure extends Error {
  constructor(
    readonly kind: string,
    readonly code: string,
    readonly facts: { readonly details?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    super(`${kind}: ${code}`);
  }
}

interface TestContext {
  readonly token: string | null;
  readonly request: Request;
}

/** One request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly search: URLSearchParams;
  readonly headers: Headers;
}

/** A content that the test server hands out. */
export interface TestContent {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string | null;
  fileName: string;
  sha1?: string;
  /** Answers every request with the whole, as a server without ranges does. */
  ignoresRange?: boolean;
}

/** The parts of a Multitap server that this package talks to, in memory. */
export interface TestServer {
  /** Answers one request. */
  handle(request: Request): Promise<Response>;
  /** Fits the `fetch` option of a client. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly requests: SeenRequest[];
  /** Asked before anything else; may answer in the server's place. */
  intercept: (request: Request) => Response | undefined | Promise<Response | undefined>;
  /** Run at the start of each procedure; may throw. */
  beforeCall: (path: string, context: TestContext) => void | Promise<void>;
  /** Access tokens that work; null: everybody is let in. */
  tokens: Set<string> | null;
  /** Refresh tokens that work, and how often one was used. */
  readonly refreshTokens: Set<string>;
  refreshCount: number;
  /** Life of new access tokens. */
  tokenSeconds: number;
  readonly roms: Rom[];
  readonly platforms: { readonly id: number; readonly slug: string; readonly name: string }[];
  readonly files: Map<number, RomParts["files"]>;
  readonly scans: Map<number, Scan>;
  /** Makes every start of a scan a conflict with this one. */
  runningScanId: number | null;
  readonly contents: Map<number, TestContent>;
  readonly log: TestEventLog;
  heartbeat: object;
}

const STATUS_OF_KIND: Readonly<Record<string, TRPCError["code"]>> = {
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  not_found: "NOT_FOUND",
  conflict: "CONFLICT",
  rate_limited: "TOO_MANY_REQUESTS",
  unavailable: "SERVICE_UNAVAILABLE",
};

/** Makes a server with an empty library that lets everybody in. */
export function createTestServer(options: { readonly hasMarks?: boolean } = {}): TestServer {
  const server: TestServer = {
    handle: (request) => handle(server, router, request),
    fetch: (url, init) => server.handle(new Request(url, init)),
    requests: [],
    intercept: () => undefined,
    beforeCall: () => undefined,
    tokens: null,
    refreshTokens: new Set(),
    refreshCount: 0,
    tokenSeconds: 1800,
    roms: [],
    platforms: [],
    files: new Map(),
    scans: new Map(),
    runningScanId: null,
    contents: new Map(),
    log: createTestEventLog({ hasMarks: options.hasMarks ?? true }),
    heartbeat: {
      SYSTEM: { VERSION: "5.2.0" },
      MULTITAP: { version: "0.1.0", apiRevision: 1, apiRevisionOldest: 1, features: ["scan", "events"] },
    },
  };
  const router = createTestRouter(server);
  return server;
}

async function handle(server: TestServer, router: TestRouter, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const { pathname: path, searchParams: search } = url;
  server.requests.push({ method: request.method, path, search, headers: request.headers });
  const answer = (await server.intercept(request)) ?? (await route(server, router, request));
  if (!answer.headers.has("x-multitap-api")) answer.headers.set("x-multitap-api", "1;oldest=1");
  return answer;
}

async function route(server: TestServer, router: TestRouter, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/trpc/")) {
    const token = readToken(request);
    return await fetchRequestHandler({
      endpoint: "/trpc",
      req: request,
      router,
      allowMethodOverride: true,
      createContext: () => ({ token, request }),
    });
  }
  if (pathname === "/api/heartbeat") return Response.json(server.heartbeat);
  if (pathname === "/api/token") return await answerToken(server, await request.formData());
  const content = /^\/api\/roms\/(\d+)\/content\//.exec(pathname);
  if (content !== null) return answerContent(server, Number(content[1]), request);
  return Response.json({ detail: "Not Found" }, { status: 404 });
}

function readToken(request: Request): string | null {
  return /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}

type TestRouter = ReturnType<typeof createTestRouter>;

function createTestRouter(server: TestServer) {
  const t = initTRPC.context<TestContext>().create({
    allowOutsideOfServer: true,
    sse: { ping: { enabled: true, intervalMs: 15_000 } },
    errorFormatter: ({ shape, error }) => ({
      ...shape,
      data: { ...shape.data, ...toFailureData(error.cause) },
    }),
  });
  const raw = t.procedure.input((input: unknown) => (input ?? {}) as Record<string, unknown>);
  const guarded = raw.use(async ({ ctx, path, next }) => {
    await inProcedure(async () => {
      await server.beforeCall(path, ctx);
      if (server.tokens !== null && (ctx.token === null || !server.tokens.has(ctx.token))) {
        throw new TestFailure("unauthenticated", "AUTH_REQUIRED");
      }
    });
    return await next();
  });
  return t.router({
    roms: t.router({
      list: guarded.query(({ input }) => listRoms(server, input)),
      get: guarded.query(({ input }) => inProcedure(async () => getRom(server, input))),
      find: guarded.query(({ input }) => server.roms.find((rom) => rom.sha1 === input.sha1) ?? null),
    }),
    platforms: t.router({ list: guarded.query(() => server.platforms) }),
    users: t.router({
      me: guarded.query(() => ({ id: 1, username: "ana", scopes: ["me.read", "roms.read"] })),
    }),
    stats: t.router({ get: guarded.query(() => ({ roms: server.roms.length })) }),
    clientTokens: t.router({
      create: guarded.mutation(({ input }) => ({ id: 1, ...input })),
      remove: guarded.mutation(() => null),
    }),
    scan: t.router({
      start: guarded.mutation(() => inProcedure(async () => startScan(server))),
      problems: guarded.query(() => []),
      get: guarded.query(({ input }) => inProcedure(async () => getScan(server, input))),
    }),
    events: guarded.subscription(async function* ({ input, signal }) {
      const topics = input.topics as readonly string[];
      const lastEventId = (input.lastEventId ?? null) as string | null;
      const ended = signal ?? new AbortController().signal;
      for await (const event of server.log.follow(topics, lastEventId, ended)) yield tracked(event.id, event);
    }),
  });
}

/** What a failure is told as, inside tRPC's own words. */
export function toFailureData(cause: unknown) {
  const { kind, code, facts } =
    cause instanceof TestFailure ? cause : new TestFailure("internal", "INTERNAL");
  const { details = null, retryAfterMs = null } = facts;
  return { kind, code, details, retryAfterMs, requestId: "req-1" };
}

function startScan(server: TestServer): Scan {
  const { runningScanId: scanId } = server;
  if (scanId !== null) throw new TestFailure("conflict", "SCAN_RUNNING", { details: { scanId } });
  const scan = makeScan(server.scans.size + 1, { status: "queued", phase: "queued" });
  server.scans.set(scan.id, scan);
  return scan;
}

function getScan(server: TestServer, { scanId }: Record<string, unknown>): Scan {
  const scan = server.scans.get(Number(scanId));
  if (scan === undefined) throw new TestFailure("not_found", "SCAN_NOT_FOUND");
  return scan;
}

async function inProcedure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof TestFailure)) throw cause;
    const code = STATUS_OF_KIND[cause.kind] ?? "INTERNAL_SERVER_ERROR";
    throw new TRPCError({ code, message: cause.message, cause });
  }
}

function listRoms(server: TestServer, input: Record<string, unknown>) {
  const start = Number(input.cursor ?? 0);
  const end = start + Number(input.limit ?? 50);
  const hasFiles = Array.isArray(input.with) && input.with.includes("files");
  const items = server.roms.slice(start, end);
  return {
    items: hasFiles ? items.map((rom) => ({ ...rom, files: server.files.get(rom.id) ?? [] })) : items,
    nextCursor: end < server.roms.length ? String(end) : null,
    total: input.withTotal === true ? server.roms.length : null,
  };
}

function getRom(server: TestServer, input: Record<string, unknown>) {
  const rom = server.roms.find(({ id }) => id === input.romId);
  if (rom === undefined) throw new TestFailure("not_found", "ROM_NOT_FOUND");
  return { ...rom, files: server.files.get(rom.id) ?? [] };
}

async function answerToken(server: TestServer, form: FormData): Promise<Response> {
  const refused = (status: number, detail: string) => Response.json({ detail }, { status });
  if (form.get("grant_type") === "refresh_token") {
    server.refreshCount += 1;
    if (!server.refreshTokens.delete(String(form.get("refresh_token")))) {
      return refused(401, "Could not validate credentials");
    }
  } else if (form.get("password") !== "right") {
    return refused(401, "Invalid username or password");
  }
  const access = `access-${crypto.randomUUID()}`;
  const refresh = `refresh-${crypto.randomUUID()}`;
  server.tokens?.add(access);
  server.refreshTokens.add(refresh);
  return Response.json({
    access_token: access,
    refresh_token: refresh,
    token_type: "bearer",
    expires: server.tokenSeconds,
    refresh_expires: 604_800,
    expires_in: server.tokenSeconds,
    ...(form.has("scope") && { scope: form.get("scope") }),
  });
}

function answerContent(server: TestServer, romId: number, request: Request): Response {
  if (server.tokens !== null && !server.tokens.has(readToken(request) ?? "")) {
    return Response.json({ detail: "Not authenticated" }, { status: 401 });
  }
  const content = server.contents.get(romId);
  if (content === undefined) {
    return Response.json({ detail: `Rom with id '${romId}' not found` }, { status: 404 });
  }
  const { bytes, etag, fileName } = content;
  const headers = new Headers({
    "content-type": "application/octet-stream",
    "accept-ranges": "bytes",
    "last-modified": "Mon, 31 Dec 2029 00:00:00 GMT",
    "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}; filename="x"`,
  });
  if (etag !== null) headers.set("etag", etag);
  if (content.sha1 !== undefined) headers.set("x-multitap-sha1", content.sha1);
  if (bytes.length === 0 && request.headers.has("range")) {
    headers.set("content-range", "bytes */0");
    return new Response(null, { status: 416, headers });
  }
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "");
  const ifRange = request.headers.get("if-range");
  if (range === null || content.ignoresRange || (ifRange !== null && ifRange !== etag)) {
    headers.set("content-length", String(bytes.length));
    return new Response(bytes, { headers });
  }
  const start = Number(range[1]);
  const end = range[2] === "" ? bytes.length : Math.min(bytes.length, Number(range[2]) + 1);
  headers.set("content-range", `bytes ${start}-${end - 1}/${bytes.length}`);
  headers.set("content-length", String(end - start));
  return new Response(bytes.subarray(start, end), { status: 206, headers });
}
