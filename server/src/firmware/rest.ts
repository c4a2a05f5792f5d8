import { fileResponse } from "../http/file-response.ts";
import type { RequestReader } from "../http/reader.ts";
import { get, post, type RestRoute } from "../http/route.ts";
import { removeFirmware, uploadFirmware } from "./changes/service.ts";
import { getFirmwareContent } from "./content/service.ts";
import type { Firmware, StoredFirmware } from "./contract.ts";
import { FIRMWARE_FILE_BYTES_MAX, FIRMWARE_FILES_MAX } from "./limits.ts";
import { getFirmware, listFirmware, listFirmwareIdentifiers } from "./service.ts";
import { fromRemovalWire, toFirmwareWire, toRemovedWire, toUploadedWire } from "./wire.ts";

const readId = (reader: RequestReader) => ({ firmwareId: reader.pathInt("id") });

/** The name in the URL is decoration: apps encode it twice, raw or not at all. */
const content = {
  summary: "The bytes of a firmware file",
  read: readId,
  write: writeContent,
};

/** Compatible routes about firmware. */
export const firmwareRoutes: readonly RestRoute[] = [
  post("/api/firmware", uploadFirmware, {
    summary: "Store firmware files of a platform",
    read: readUpload,
    write: toUploadedWire,
  }),
  get("/api/firmware", listFirmware, {
    summary: "Firmware of a platform, or of all",
    isCached: true,
    read: (reader) => ({ platformId: reader.queryInt("platform_id") }),
    write: (files: readonly Firmware[]) => files.map(toFirmwareWire),
  }),
  get("/api/firmware/identifiers", listFirmwareIdentifiers, {
    summary: "Ids of all firmware",
    isCached: true,
  }),
  get("/api/firmware/{id}", getFirmware, {
    summary: "One firmware",
    isCached: true,
    read: readId,
    write: toFirmwareWire,
  }),
  get("/api/firmware/{id}/content", getFirmwareContent, content),
  get("/api/firmware/{id}/content/{file_name}", getFirmwareContent, content),
  post("/api/firmware/delete", removeFirmware, {
    summary: "Remove firmware, and files where asked",
    read: async (reader) => fromRemovalWire(await reader.json()),
    write: toRemovedWire,
    names: { firmwareIds: "firmware", fileIds: "delete_from_fs" },
  }),
];

async function readUpload(reader: RequestReader): Promise<unknown> {
  const { files } = await reader.receive({
    fileBytesMax: FIRMWARE_FILE_BYTES_MAX,
    filesMax: FIRMWARE_FILES_MAX,
  });
  return {
    platformId: reader.queryInt("platform_id"),
    files: files.filter((file) => file.fieldName === "files"),
  };
}

function writeContent(file: StoredFirmware, reader: RequestReader): Response {
  return fileResponse(reader.request, {
    path: file.path,
    fileName: file.fileName,
    sizeBytes: file.sizeBytes,
    modifiedAt: new Date(file.modifiedAtMs),
    etag: `"${file.sizeBytes.toString(16)}-${file.modifiedAtMs.toString(16)}"`,
  });
}
