import { fileResponse } from "../../http/file-response.ts";
import type { RequestReader } from "../../http/reader.ts";
import { get, type RestRoute } from "../../http/route.ts";
import type { StoredFile } from "./contract.ts";
import { getRomContent } from "./service.ts";

/** The name in the URL is decoration: apps encode it twice, raw or not at all. */
const readContent = (reader: RequestReader) => ({
  romId: reader.pathInt("id"),
  fileIds: reader.queryCommaInts("file_ids"),
});

const writeContent = (file: StoredFile, reader: RequestReader) =>
  fileResponse(reader.request, {
    path: file.path,
    fileName: file.fileName,
    sizeBytes: file.sizeBytes,
    modifiedAt: new Date(file.modifiedAt),
    etag: file.etag,
    sha1: file.sha1,
  });

const options = { summary: "The bytes of a rom's file", read: readContent, write: writeContent };

/** Compatible routes that hand out rom bytes. */
export const romFileRoutes: readonly RestRoute[] = [
  get("/api/roms/{id}/content", getRomContent, options),
  get("/api/roms/{id}/content/{file_name}", getRomContent, options),
];
