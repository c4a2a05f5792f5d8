import { fileResponse } from "../../http/file-response.ts";
import type { RequestReader } from "../../http/reader.ts";
import { get, type RestRoute } from "../../http/route.ts";
import type { ArchivedFile, RomContent } from "./contract.ts";
import { getRomContent } from "./service.ts";

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
  const { fileName, modifiedAt, files } = content.archive;
  return await reader.sendZip({ fileName, modifiedAt: new Date(modifiedAt), sources: files.map(toSource) });
}

function toSource({ content, ...entry }: ArchivedFile) {
  if ("path" in content) return { ...entry, content };
  return { ...entry, content: { bytes: new TextEncoder().encode(content.text) } };
}

const options = {
  summary: "The bytes of a rom: its file, or several as a zip",
  read: readContent,
  write: writeContent,
};

/** Compatible routes that hand out rom bytes. */
export const romContentRoutes: readonly RestRoute[] = [
  get("/api/roms/{id}/content", getRomContent, options),
  get("/api/roms/{id}/content/{file_name}", getRomContent, options),
];
