import { gzipSync } from "node:zlib";
import { detailResponse } from "../http/error-response.ts";
import { matchesAnyEtag } from "../http/file-response.ts";
import { acceptsGzip } from "../http/packing.ts";
import { ensureWebBuilt, type WebBundle } from "./web-build.ts";

/** What is served at `/` and wherever no door of ours is. */
export interface WebDoor {
  /** Answers everything outside the doors. */
  answer(request: Request, path: string): Promise<Response>;
}

/** The page's files, below the root. */
const FILES_ROOT = "/web/";
const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};
/** Their names change with their bytes. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/**
 * Nothing but files and calls of this very server: no inline script or style, no eval, nobody's frame; and texts cannot
 * become markup or script.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const PAGE_HEADERS = {
  "content-security-policy": POLICY,
  // Links of mails hold tokens, which no other site is told.
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

const UNBUILT = "The page could not be built; the server's log tells why. Apps work without it.";

/** Addresses that links, mails and apps know, and the places of the page that they mean. */
const PLACES: Readonly<Record<string, (query: URLSearchParams) => string>> = {
  "/login": (query) => toPlace("sign-in", { error: query.get("error") }),
  "/pair/device": (query) => toPlace("pair", { code: query.get("user_code") }),
  "/register": (query) => toPlace("register", { token: query.get("token") }),
  "/reset-password": (query) => toPlace("reset-password", { token: query.get("token") }),
};

function toPlace(name: string, said: Readonly<Record<string, string | null>>): string {
  const known = Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== null);
  return `#/${name}${known.length === 0 ? "" : `?${new URLSearchParams(known)}`}`;
}

interface Ready {
  readonly type: string;
  readonly etag: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly packed: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface WebPageOptions {
  /** Told why the page could not be built. */
  readonly onFailure: (error: unknown) => void;
  readonly build?: (() => Promise<WebBundle>) | undefined;
}

/** Our own page, for servers without another frontend. It is read, or built, when it is first asked for. */
export function createWebPage({ onFailure, build = ensureWebBuilt }: WebPageOptions): WebDoor {
  let opening: Promise<ReadonlyMap<string, Ready>> | null = null;
  const open = async () => {
    opening ??= build().then(prepare);
    try {
      return await opening;
    } catch (error) {
      // The next one tries again.
      opening = null;
      onFailure(error);
      return null;
    }
  };
  return {
    async answer(request, path) {
      const toHash = PLACES[path];
      const isFile = path === "/" || path.startsWith(FILES_ROOT);
      if (!isFile && toHash === undefined) return notFound();
      if (request.method !== "GET" && request.method !== "HEAD") return notFound();
      if (toHash !== undefined) return redirect(path, toHash(new URL(request.url).searchParams));
      const files = await open();
      if (files === null) return detailResponse(503, UNBUILT, { "retry-after": "10" });
      const file = files.get(path);
      return file === undefined ? notFound() : send(request, file);
    },
  };
}

function notFound(): Response {
  return detailResponse(404, "Not Found");
}

/** Relative, since a proxy may have taken a prefix away. */
function redirect(path: string, hash: string): Response {
  const up = path.split("/").length > 2 ? "../" : "./";
  const headers = { location: up + hash, "cache-control": "no-store", "referrer-policy": "no-referrer" };
  return new Response(null, { status: 302, headers });
}

function prepare({ html, files }: WebBundle): ReadonlyMap<string, Ready> {
  const page = toReady(html, "text/html; charset=utf-8", { ...PAGE_HEADERS, "cache-control": "no-cache" });
  const ready = new Map([["/", page]]);
  for (const { name, text } of files) {
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    ready.set(FILES_ROOT + name, toReady(text, type, { "cache-control": IMMUTABLE }));
  }
  return ready;
}

function toReady(text: string, type: string, headers: Readonly<Record<string, string>>): Ready {
  const plain = new TextEncoder().encode(text);
  const packed = new Uint8Array(gzipSync(plain, { level: 9 }));
  return { type, etag: `"${Bun.hash(plain).toString(16)}"`, plain, packed, headers };
}

function send(request: Request, { type, etag, plain, packed, headers }: Ready): Response {
  const isPacked = acceptsGzip(request.headers.get("accept-encoding"));
  const body = isPacked ? packed : plain;
  const answer = new Headers({
    ...headers,
    // The packed form is another entity.
    etag: isPacked ? etag.replace(/"$/, '-gz"') : etag,
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
  });
  const known = request.headers.get("if-none-match");
  if (known !== null && matchesAnyEtag(known, answer.get("etag") ?? "")) {
    return new Response(null, { status: 304, headers: answer });
  }
  answer.set("content-type", type);
  answer.set("content-length", String(body.byteLength));
  if (isPacked) answer.set("content-encoding", "gzip");
  return new Response(request.method === "HEAD" ? null : body, { headers: answer });
}
