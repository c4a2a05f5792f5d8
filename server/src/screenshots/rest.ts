import { readFields } from "../http/body-fields.ts";
import { fileResponse } from "../http/file-response.ts";
import { receiveFileAndPicture } from "../http/limited-form.ts";
import { choosePictureAnswer } from "../http/picture-type.ts";
import type { RequestReader } from "../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../http/route.ts";
import {
  getScreenshot,
  getScreenshotContent,
  listScreenshotIds,
  listScreenshots,
  removeScreenshots,
  setScreenshotVisibility,
  uploadScreenshot,
} from "./service.ts";
import { toScreenshotWire } from "./wire.ts";

const BAD_REQUEST = { status: 400 };

const readId = (reader: RequestReader) => ({ screenshotId: reader.pathInt("id") });

/** Some apps send 0 for none. */
const readFilter = (reader: RequestReader) => ({
  romId: reader.queryInt("rom_id") || undefined,
  platformId: reader.queryInt("platform_id") || undefined,
});

/** Compatible routes of users' pictures. */
export const screenshotRoutes: readonly RestRoute[] = [
  post("/api/screenshots", uploadScreenshot, {
    summary: "Store a picture in the caller's gallery of a rom",
    read: async (reader, { assets: { bytesMax } }) => {
      const field = { name: "screenshotFile", label: "Screenshot file" };
      const { file } = await receiveFileAndPicture(reader, { bytesMax, ...field });
      return { romId: reader.queryInt("rom_id"), file };
    },
    names: { file: "screenshotFile" },
    write: toScreenshotWire,
    errors: {
      ASSETS_NAME_INVALID: BAD_REQUEST,
      SCREENSHOTS_NAME_MISSING: BAD_REQUEST,
      SCREENSHOTS_TYPE_INVALID: BAD_REQUEST,
    },
  }),
  get("/api/screenshots", listScreenshots, {
    summary: "The caller's pictures",
    read: readFilter,
    write: (pictures) => pictures.map(toScreenshotWire),
  }),
  get("/api/screenshots/identifiers", listScreenshotIds, {
    summary: "Ids of the caller's pictures",
    read: readFilter,
  }),
  get("/api/screenshots/{id}", getScreenshot, {
    summary: "One picture of the caller's",
    read: readId,
    write: toScreenshotWire,
  }),
  get("/api/screenshots/{id}/content", getScreenshotContent, {
    summary: "The bytes of a picture of the caller's, or of a public one",
    read: readId,
    write: ({ modifiedAtMs, ...file }, reader) =>
      fileResponse(reader.request, {
        ...file,
        ...choosePictureAnswer(file.fileName),
        modifiedAt: new Date(modifiedAtMs),
        etag: `"${file.sha1 ?? `${file.sizeBytes.toString(16)}-${modifiedAtMs.toString(16)}`}"`,
      }),
  }),
  put("/api/screenshots/{id}", setScreenshotVisibility, {
    summary: "Show a picture to everyone, or to its owner alone",
    read: (reader) => readFields(reader, { isPublic: "is_public" }, readId(reader)),
    write: toScreenshotWire,
  }),
  del("/api/screenshots/{id}", removeScreenshots, {
    summary: "Move a picture to the trash",
    read: (reader) => ({ screenshotIds: [reader.pathInt("id")] }),
    // Apps of the compatible API read nothing here, and the recorded answer is empty.
    write: () => new Response(null, { status: 200, headers: { "content-length": "0" } }),
  }),
  post("/api/screenshots/delete", removeScreenshots, {
    summary: "Move pictures to the trash",
    read: (reader) => readFields(reader, { screenshotIds: "screenshots" }),
    names: { screenshotIds: "screenshots" },
    errors: { SCREENSHOTS_NONE_GIVEN: BAD_REQUEST },
  }),
];
