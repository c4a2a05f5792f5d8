import { fileResponse, planFileAnswer } from "../file-response.ts";
import type { ZipCache } from "./cache.ts";
import type { ZipLayout } from "./layout.ts";
import { type OpenEntry, streamZip } from "./stream.ts";

/** An archive as a door hands it out. */
export interface ServedZip {
  readonly layout: ZipLayout;
  /** The name the caller should store it under, with its extension. */
  readonly fileName: string;
  /** When the newest of its files was last changed. */
  readonly modifiedAt: Date;
  readonly openEntry: OpenEntry;
  /** Null streams every archive. */
  readonly cache: ZipCache | null;
}

/**
 * Answers GET or HEAD of an archive, in whole or in part. One that is kept goes out with its length; the runtime
 * drops the length of streams, so another one says its size in `x-multitap-total-bytes`.
 * @throws AppError when one of its files cannot be read.
 */
export async function zipResponse(request: Request, zip: ServedZip): Promise<Response> {
  const { layout, fileName, modifiedAt } = zip;
  const served = {
    fileName,
    modifiedAt,
    sizeBytes: layout.totalBytes,
    etag: layout.etag,
    contentType: "application/zip",
  };
  const { status, headers, part } = planFileAnswer(request, served);
  headers.set("x-multitap-total-bytes", String(layout.totalBytes));
  if (part === null) return new Response(null, { status, headers });
  const path = (await zip.cache?.keep(layout, zip.openEntry)) ?? null;
  if (path !== null) {
    const response = fileResponse(request, { ...served, path });
    response.headers.set("x-multitap-total-bytes", String(layout.totalBytes));
    return response;
  }
  headers.delete("content-length");
  return new Response(streamZip(layout, part, zip.openEntry), { status, headers });
}
