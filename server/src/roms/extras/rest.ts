import type { RequestReader } from "../../http/reader.ts";
import { del, get, post, type RestRoute } from "../../http/route.ts";
import { toDetailedRomWire } from "../details/wire.ts";
import { addManual, redownloadManual, removeManual } from "../manuals/service.ts";
import { toSoundtrackFileWire } from "../tracks/wire.ts";
import { MANUAL_BYTES_MAX, SCREENSHOT_BYTES_MAX, SOUNDTRACK_BYTES_MAX, UPLOAD_FILES_MAX } from "./limits.ts";
import {
  addManualFile,
  addRomScreenshot,
  addSoundtrack,
  convertToFolder,
  listSoundtracks,
  removeManualFile,
  removeRomFile,
  removeRomScreenshot,
  removeSoundtrack,
} from "./service.ts";

const NAME_HEADER = "x-upload-filename";
const readRom = (reader: RequestReader) => ({ romId: reader.pathInt("id") });
const readFile = (reader: RequestReader) => ({ ...readRom(reader), fileId: reader.pathInt("file_id") });

/** Every way in which the bytes of a header are a name: as they are, as UTF-8, and percent-encoded. */
function readNames(header: string): readonly string[] {
  const utf8 = Buffer.from(header, "latin1").toString("utf8");
  const names = [header, utf8, ...[header, utf8].flatMap(decodePercent)];
  return [...new Set(names)].filter((name) => !name.includes("\ufffd"));
}

function decodePercent(text: string): readonly string[] {
  try {
    return [decodeURIComponent(text)];
  } catch (error) {
    // A percent sign that encodes nothing stands for itself.
    if (!(error instanceof URIError)) throw error;
    return [];
  }
}

/** The form field with the file has the name that the header announces. */
function upload(fileBytesMax: number) {
  return async (reader: RequestReader): Promise<unknown> => {
    const header = reader.header(NAME_HEADER);
    if (header === null || header === "") {
      reader.refuse({
        path: ["header", NAME_HEADER],
        type: "missing",
        message: "Field required",
        input: null,
      });
      return {};
    }
    const { files } = await reader.receive({ fileBytesMax, filesMax: UPLOAD_FILES_MAX });
    return { ...readRom(reader), fileNames: readNames(header), files };
  };
}

const CREATED = {
  write: () => new Response(null, { status: 201 }),
  names: { romId: "id" },
  errors: {
    ROMS_EXTRA_NAME_INVALID: { status: 400 },
    ROMS_EXTRA_TYPE_INVALID: { status: 400 },
    ROMS_EXTRA_FILE_REQUIRED: { status: 400 },
  },
} as const;
const FILE_NAMES = { romId: "id" };

/** Compatible routes about what lies beside a rom. */
export const romExtraRoutes: readonly RestRoute[] = [
  del("/api/roms/{rom_id}/files/{file_id}", removeRomFile, {
    summary: "Remove one file of a rom",
    read: (reader) => ({ romId: reader.pathInt("rom_id"), fileId: reader.pathInt("file_id") }),
  }),
  post("/api/roms/{id}/manuals", addManual, {
    summary: "Upload the manual of a rom",
    read: upload(MANUAL_BYTES_MAX),
    ...CREATED,
  }),
  del("/api/roms/{id}/manuals", removeManual, {
    summary: "Remove the manual of a rom",
    read: readRom,
    names: FILE_NAMES,
  }),
  post("/api/roms/{id}/manuals/redownload", redownloadManual, {
    summary: "Fetch the manual of a rom again from where it came",
    read: readRom,
    names: FILE_NAMES,
    errors: { ROMS_MANUAL_URL_MISSING: { status: 400 } },
  }),
  post("/api/roms/{id}/manuals/files", addManualFile, {
    summary: "Upload a manual into the folder of a rom",
    read: upload(MANUAL_BYTES_MAX),
    ...CREATED,
  }),
  del("/api/roms/{id}/manuals/files/{file_id}", removeManualFile, {
    summary: "Remove a manual from the folder of a rom",
    read: readFile,
    names: FILE_NAMES,
  }),
  get("/api/roms/{id}/soundtracks/metadata", listSoundtracks, {
    summary: "Soundtrack files of a rom with their tags",
    isCached: true,
    read: readRom,
    names: FILE_NAMES,
    write: (files) => files.map(toSoundtrackFileWire),
  }),
  post("/api/roms/{id}/soundtracks", addSoundtrack, {
    summary: "Upload a soundtrack file into the folder of a rom",
    read: upload(SOUNDTRACK_BYTES_MAX),
    ...CREATED,
  }),
  del("/api/roms/{id}/soundtracks/{file_id}", removeSoundtrack, {
    summary: "Remove a soundtrack file from the folder of a rom",
    read: readFile,
    names: FILE_NAMES,
  }),
  post("/api/roms/{id}/screenshots", addRomScreenshot, {
    summary: "Upload a screenshot into the folder of a rom",
    read: upload(SCREENSHOT_BYTES_MAX),
    ...CREATED,
  }),
  del("/api/roms/{id}/screenshots/{file_id}", removeRomScreenshot, {
    summary: "Remove a screenshot from the folder of a rom",
    read: readFile,
    names: FILE_NAMES,
  }),
  post("/api/roms/{id}/convert-to-folder", convertToFolder, {
    summary: "Make a rom of one file a folder with that file",
    read: readRom,
    names: FILE_NAMES,
    write: toDetailedRomWire,
  }),
];
