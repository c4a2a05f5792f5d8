import type { Files } from "../../ports/files/port.ts";
import type { ZipCache } from "./cache.ts";
import { layOutZip, type ZipEntry } from "./layout.ts";
import { zipResponse } from "./response.ts";
import type { OpenEntry } from "./stream.ts";

/** One file of an archive, and where its bytes are. */
export interface ZipSource extends ZipEntry {
  readonly content: { readonly path: string } | { readonly bytes: Uint8Array };
}

/** An archive that a route answers with. */
export interface ZipToSend {
  /** The name the caller should store it under, with its extension. */
  readonly fileName: string;
  /** When the newest of its files was last changed. */
  readonly modifiedAt: Date;
  readonly sources: readonly ZipSource[];
}

/** Answers a request with an archive, in whole or in part. */
export type SendZip = (request: Request, zip: ZipToSend) => Promise<Response>;

/** Makes what sends archives of files on disk. */
export function createZipSender({
  files,
  cache,
}: {
  readonly files: Pick<Files, "openRead">;
  /** Null streams every archive. */
  readonly cache: ZipCache | null;
}): SendZip {
  return async (request, { fileName, modifiedAt, sources }) => {
    const openEntry: OpenEntry = async (entryIndex, range) => {
      const content = sources[entryIndex]?.content ?? { bytes: new Uint8Array() };
      if ("path" in content) return await files.openRead(content.path, range);
      return new Blob([content.bytes.slice(range.start, range.end)]).stream();
    };
    return await zipResponse(request, { layout: layOutZip(sources), fileName, modifiedAt, openEntry, cache });
  };
}
