import { fileResponse } from "../../http/file-response.ts";
import type { RequestReader } from "../../http/reader.ts";
import { get, post, type RestRoute } from "../../http/route.ts";
import type { ShownFile } from "../file-content/contract.ts";
import { getRomFile, getRomFileContent } from "../file-content/service.ts";
import { toRomFileWire } from "../files/wire.ts";
import type { RomContent } from "./contract.ts";
import { getRomContent } from "./service.ts";
import { toZip } from "./wire.ts";

/** The name in the URL is decoration: apps encode it twice, raw or not at all. */
const readContent = (reader: RequestReader) => ({
  romId: reader.pathInt("id"),
  fileIds: reader.queryCommaInts("file_ids"),
  isHiddenFolder: reader.queryBool("hidden_folder"),
});

async function writeContent(content: RomContent, reader: RequestReader): Promise<Response> {
  if (content.kind === "file") {
    const { file } = content;
    return fileResponse(reader.request, { ...file, modifiedAt: new Date(file.modifiedAt) });
  }
  return await reader.sendZip(toZip(content.archive));
}

/** An older name of the download has its parameters in the query or in a form. */
async function readContentForm(reader: RequestReader): Promise<unknown> {
  const form = reader.request.body === null ? new URLSearchParams() : await reader.form();
  for (const name of ["file_ids", "hidden_folder"]) {
    const value = form.get(name);
    if (value !== null && !reader.query.has(name)) reader.query.set(name, value);
  }
  return readContent(reader);
}

function writeFile({ file, shownAs }: ShownFile, reader: RequestReader): Response {
  const shown = shownAs === null ? {} : { contentType: shownAs, disposition: "inline" as const };
  return fileResponse(reader.request, { ...file, modifiedAt: new Date(file.modifiedAt), ...shown });
}

const readFileId = (reader: RequestReader) => ({ fileId: reader.pathInt("id") });
/** The id in the path is the file's, not the rom's. */
const names = { fileId: "id" };

const options = {
  summary: "The bytes of a rom: its file, or several as a zip",
  read: readContent,
  write: writeContent,
};

/** Compatible routes that hand out rom bytes. */
export const romContentRoutes: readonly RestRoute[] = [
  get("/api/roms/{id}/content", getRomContent, options),
  get("/api/roms/{id}/content/{file_name}", getRomContent, options),
  post("/api/roms/download/{id}/{file_name}", getRomContent, { ...options, read: readContentForm }),
  get("/api/roms/{id}/files", getRomFile, {
    summary: "One file of a rom, by the file's id",
    read: readFileId,
    write: toRomFileWire,
    names,
  }),
  get("/api/roms/{id}/files/content/{file_name}", getRomFileContent, {
    summary: "The bytes of one file of a rom, by the file's id",
    read: readFileId,
    write: writeFile,
    names,
  }),
];
