import { join } from "node:path";
import { RESOURCES_PREFIX } from "../base/addresses.ts";
import { isEntryName } from "../base/entry-name.ts";
import { AUDIO_TYPES, PICTURE_TYPES } from "../base/media-types.data.ts";
import { detailResponse } from "../http/error-response.ts";
import { fileResponse } from "../http/file-response.ts";
import type { Files } from "../ports/files/port.ts";

/** Where artwork and manuals are found, as apps build the address themselves. */
export const RESOURCES_ROOT = `${RESOURCES_PREFIX}/`;

/** What browsers may show of their own accord, by extension; anything else is handed out to be stored. */
const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ...PICTURE_TYPES,
  ...AUDIO_TYPES,
  ["svg", "image/svg+xml"],
  ["ico", "image/x-icon"],
  ["mp4", "video/mp4"],
  ["m4v", "video/mp4"],
  ["webm", "video/webm"],
  ["ogv", "video/ogg"],
  ["mov", "video/quicktime"],
  ["pdf", "application/pdf"],
  ["md", "text/plain; charset=utf-8"],
  ["txt", "text/plain; charset=utf-8"],
]);

/** A drawing may hold scripts, which must not speak for whoever opens it. */
const DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** Below it lies what is not whole yet. */
const TEMPORARY_FOLDER = "tmp";

/** Whoever names a version by `ts` gets another address with the next one; a year is the longest that caches heed. */
const VERSIONED = "public, max-age=31536000, immutable";
const UNVERSIONED = "public, no-cache";

export interface ResourceOptions {
  readonly files: Pick<Files, "find">;
  readonly resourcesPath: string;
}

/**
 * Answers GET and HEAD of one file of the resources: artwork, manuals, videos. Open to everyone, as apps fetch them
 * without credentials; what is hidden from some callers is kept from them by its address, which only the rom tells.
 */
export async function answerResource(
  request: Request,
  path: string,
  { files, resourcesPath }: ResourceOptions,
): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return detailResponse(405, "Method Not Allowed", { allow: "GET, HEAD" });
  }
  const names = readNames(path.slice(RESOURCES_ROOT.length));
  if (names === null) return notFound();
  const filePath = join(resourcesPath, ...names);
  const facts = await files.find(filePath);
  if (facts?.kind !== "file") return notFound();
  const fileName = names.at(-1) ?? "";
  const contentType = CONTENT_TYPES.get(fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase());
  const response = fileResponse(request, {
    path: filePath,
    fileName,
    sizeBytes: facts.sizeBytes,
    modifiedAt: new Date(facts.modifiedAtMs),
    etag: `"${facts.sizeBytes.toString(16)}-${facts.modifiedAtMs.toString(16)}"`,
    contentType,
    disposition: contentType === undefined ? "attachment" : "inline",
    cacheControl: isVersioned(request) ? VERSIONED : UNVERSIONED,
  });
  if (contentType === "image/svg+xml") response.headers.set("content-security-policy", DRAWING_POLICY);
  return response;
}

function notFound(): Response {
  return detailResponse(404, "Resource not found", { "cache-control": "no-store" });
}

/** The names that lead to a file; null for anything but a plain way down to one that is nobody's secret. */
function readNames(encoded: string): readonly string[] | null {
  const names = encoded.split("/").map(decodeName);
  const isPlain = names.every((name) => name !== null && isEntryName(name) && !name.startsWith("."));
  if (!isPlain || names[0]?.toLowerCase() === TEMPORARY_FOLDER) return null;
  return names.filter((name) => name !== null);
}

function decodeName(encoded: string): string | null {
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

function isVersioned({ url }: Request): boolean {
  const start = url.indexOf("?");
  return start >= 0 && Boolean(new URLSearchParams(url.slice(start + 1)).get("ts"));
}
