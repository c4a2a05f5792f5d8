import { stat } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { RESOURCES_PREFIX } from "../base/addresses.ts";
import { isEntryName } from "../base/entry-name.ts";
import { detailResponse } from "../http/error-response.ts";
import { fileResponse, type ServedFile } from "../http/file-response.ts";
import { acceptsGzip } from "../http/packing.ts";
import { StartError } from "./config-errors.ts";
import type { WebDoor } from "./web-page.ts";

/** Paths that stay ours also where nothing is: apps that ask there want an answer of ours, never a page. */
const OUR_ROOTS = [
  "/api",
  "/trpc",
  "/ws",
  "/netplay",
  "/socket.io",
  "/health",
  "/metrics",
  "/openapi.json",
  "/list",
  RESOURCES_PREFIX,
  "/assets/romm/assets",
];

/** Below it lie files alone: what is not there is an error, since apps take any page for the picture they asked for. */
const ASSETS_ROOT = "/assets/";

/** What the bundlers of frontends write, beside pictures, sounds and fonts that browsers know by their bytes. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  map: "application/json",
  webmanifest: "application/manifest+json",
  wasm: "application/wasm",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  ico: "image/x-icon",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  woff: "font/woff",
  woff2: "font/woff2",
  ttf: "font/ttf",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  webm: "video/webm",
};
/** Of these a quarter remains when they are packed. */
const PACKED_TYPES = new Set([
  "html",
  "js",
  "mjs",
  "css",
  "json",
  "map",
  "webmanifest",
  "wasm",
  "svg",
  "txt",
]);
/** Larger files are sent as they are: packing holds them in memory. */
const PACKED_BYTES_MAX = 8 * 1024 * 1024;
/** Smaller ones travel in one packet either way. */
const PACKED_BYTES_MIN = 1_400;
/** Memory that packed files of a frontend take in all. */
const PACKED_TOTAL_BYTES_MAX = 32 * 1024 * 1024;

/** A digest in the name, as bundlers write it: the bytes behind such a name never change. `-download.svg` has none. */
const HASHED_NAME = /[-.](?=[\w-]*[\dA-Z])[\w-]{8}\.\w+$/;
const IMMUTABLE = "public, max-age=31536000, immutable";
const ALWAYS_ASKED = "no-cache";

/** Pages in which games run: threads of emulators need shared memory, which browsers give to pages cut off like this. */
const PLAYER_PAGES = /^\/(?:rom\/\d+\/ejs|console\/rom\/\d+\/play)$/;
const PLAYER_HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/**
 * Makes sure that the operator's folder holds a built frontend.
 * @throws StartError `E_CONFIG`.
 */
export async function checkWebFolder(folder: string): Promise<void> {
  const facts = await stat(join(folder, "index.html")).catch(() => null);
  if (facts?.isFile() === true) return;
  throw new StartError(
    "E_CONFIG",
    `MULTITAP_WEB_DIR is ${JSON.stringify(folder)}. Accepted: a readable folder of a built frontend, with an index.html.`,
  );
}

/** What an operator is told who serves a frontend of absolute addresses below a prefix; null when all is well. */
export function warnOfPrefix(folder: string | null, urlPrefix: string): string | null {
  if (folder === null || urlPrefix === "") return null;
  return `MULTITAP_WEB_DIR is served at / alone: a frontend built for / does not work below MULTITAP_URL_PREFIX ${urlPrefix}. The API does.`;
}

/**
 * A built frontend of somebody else's, served as its own web server would: files as they are, its `index.html` for
 * every other address that a browser may be sent to, and an honest 404 for all that is ours or a file.
 */
export function createWebFolder(folder: string): WebDoor {
  const packed = createPackedFiles();
  return {
    async answer(request, path) {
      if (isOurs(path)) return notFound();
      if (request.method !== "GET" && request.method !== "HEAD") {
        return detailResponse(405, "Method Not Allowed", { allow: "GET, HEAD" });
      }
      const names = readNames(path);
      if (names === null) return notFound();
      const file = await findFile(folder, names);
      if (file !== null) return await packed.send(request, file);
      if (!mayBePage(request, path)) return notFound();
      const index = await findFile(folder, ["index.html"]);
      if (index === null) return detailResponse(503, "MULTITAP_WEB_DIR holds no index.html any more");
      const response = await packed.send(request, index);
      if (PLAYER_PAGES.test(path)) {
        for (const [name, value] of Object.entries(PLAYER_HEADERS)) response.headers.set(name, value);
      }
      return response;
    },
  };
}

function notFound(): Response {
  return detailResponse(404, "Not Found");
}

function isOurs(path: string): boolean {
  return OUR_ROOTS.some((root) => path === root || path.startsWith(`${root}/`));
}

/** The names that lead to a file below the folder; null for anything but a plain way down. */
function readNames(path: string): readonly string[] | null {
  try {
    const names = decodeURIComponent(path).split("/").slice(1);
    if (names.at(-1) === "") names.pop();
    return names.every((name) => isEntryName(name) && !name.startsWith(".")) ? names : null;
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

/** Whether a path may be one of the frontend's own addresses: it names no file, and who asks takes a page. */
function mayBePage(request: Request, path: string): boolean {
  if (path.startsWith(ASSETS_ROOT) || /\.[a-z]\w{0,10}$/i.test(path)) return false;
  const accept = request.headers.get("accept");
  return accept === null || /text\/html|\*\/\*/i.test(accept);
}

type FrontendFile = ServedFile & { readonly extension: string };

async function findFile(folder: string, names: readonly string[]): Promise<FrontendFile | null> {
  const path = join(folder, ...names);
  const facts = await stat(path).catch(() => null);
  if (facts === null) return null;
  if (facts.isDirectory()) return names.length === 0 ? await findFile(folder, ["index.html"]) : null;
  if (!facts.isFile()) return null;
  const fileName = names.at(-1) ?? "";
  const extension = fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase();
  const isHashed = names.length === 2 && `/${names[0]}/` === ASSETS_ROOT && HASHED_NAME.test(fileName);
  return {
    path,
    fileName,
    extension,
    sizeBytes: facts.size,
    modifiedAt: facts.mtime,
    etag: `"${facts.size.toString(16)}-${Math.floor(facts.mtimeMs).toString(16)}"`,
    contentType: TYPES[extension],
    disposition: "inline",
    cacheControl: isHashed ? IMMUTABLE : ALWAYS_ASKED,
  };
}

interface PackedFiles {
  send(request: Request, file: FrontendFile): Promise<Response>;
}

/** Keeps the packed form of files, for as long as they stay what they were. */
function createPackedFiles(): PackedFiles {
  const kept = new Map<string, { readonly etag: string; readonly bytes: Uint8Array<ArrayBuffer> }>();
  let keptBytes = 0;
  const drop = (path: string) => {
    keptBytes -= kept.get(path)?.bytes.byteLength ?? 0;
    kept.delete(path);
  };
  const pack = async ({ path, etag }: FrontendFile) => {
    const known = kept.get(path);
    if (known?.etag === etag) return known.bytes;
    drop(path);
    const bytes = new Uint8Array(gzipSync(await Bun.file(path).bytes()));
    kept.set(path, { etag, bytes });
    keptBytes += bytes.byteLength;
    for (const oldest of kept.keys()) {
      if (keptBytes <= PACKED_TOTAL_BYTES_MAX) break;
      drop(oldest);
    }
    return bytes;
  };
  return {
    async send(request, file) {
      const { sizeBytes, extension, etag } = file;
      const canPack =
        PACKED_TYPES.has(extension) && sizeBytes >= PACKED_BYTES_MIN && sizeBytes <= PACKED_BYTES_MAX;
      const { headers } = request;
      if (!canPack || headers.has("range") || !acceptsGzip(headers.get("accept-encoding"))) {
        const plain = fileResponse(request, file);
        if (canPack) plain.headers.set("vary", "accept-encoding");
        return plain;
      }
      // The packed form is another entity.
      const bytes = await pack(file);
      const answer = fileResponse(new Request(request.url, { method: "HEAD", headers }), {
        ...file,
        etag: etag.replace(/"$/, '-gz"'),
      });
      answer.headers.set("vary", "accept-encoding");
      if (answer.status === 304) return answer;
      answer.headers.set("content-encoding", "gzip");
      answer.headers.set("content-length", String(bytes.byteLength));
      answer.headers.delete("accept-ranges");
      return new Response(request.method === "HEAD" ? null : bytes, { headers: answer.headers });
    },
  };
}
