import type { Facts } from "../base/facts.ts";
import { readFields } from "../http/body-fields.ts";
import { fileResponse } from "../http/file-response.ts";
import { receiveFileAndPicture } from "../http/limited-form.ts";
import type { RequestReader } from "../http/reader.ts";
import { get, post, put, type RestRoute } from "../http/route.ts";
import {
  acknowledgeSave,
  getSave,
  getSaveContent,
  listSaveIds,
  listSaves,
  removeSaves,
  setSaveVisibility,
  summarizeSaves,
  trackSave,
  untrackSave,
} from "./service.ts";
import { replaceSave, uploadSave } from "./uploads/service.ts";
import { readContentWish, readDevice, readDraft, readFilter, toSaveWire, toSummaryWire } from "./wire.ts";

const BAD_REQUEST = { status: 400 };
const NAME_ERRORS = {
  ASSETS_NAME_INVALID: BAD_REQUEST,
  ASSETS_EMULATOR_INVALID: BAD_REQUEST,
  SAVES_NAME_MISSING: BAD_REQUEST,
};

const readId = (reader: RequestReader) => ({ saveId: reader.pathInt("id") });

/** Compatible routes of saves. */
export const saveRoutes: readonly RestRoute[] = [
  post("/api/saves", uploadSave, {
    summary: "Store a save, in a slot as its newest version",
    read: async (reader, facts) => ({
      ...readDraft(reader),
      ...(await readFiles(reader, facts)),
    }),
    names: {
      file: "saveFile",
      screenshot: "screenshotFile",
      isOverwrite: "overwrite",
      isAutocleanup: "autocleanup",
    },
    write: toSaveWire,
    errors: NAME_ERRORS,
  }),
  get("/api/saves", listSaves, {
    summary: "The caller's saves",
    read: readFilter,
    write: (saves) => saves.map(toSaveWire),
  }),
  get("/api/saves/identifiers", listSaveIds, { summary: "Ids of the caller's saves", read: readFilter }),
  get("/api/saves/summary", summarizeSaves, {
    summary: "The caller's saves of one rom by slot",
    read: (reader) => ({ romId: reader.queryInt("rom_id") }),
    write: toSummaryWire,
  }),
  get("/api/saves/{id}", getSave, {
    summary: "One save of the caller's",
    read: (reader) => ({ ...readId(reader), ...readDevice(reader) }),
    write: toSaveWire,
  }),
  get("/api/saves/{id}/content", getSaveContent, {
    summary: "The bytes of a save of the caller's, or of a public one",
    read: (reader) => ({ ...readId(reader), ...readContentWish(reader) }),
    names: { isOptimistic: "optimistic" },
    write: ({ modifiedAtMs, version, ...file }, reader) =>
      fileResponse(reader.request, { ...file, modifiedAt: new Date(modifiedAtMs), etag: `"${version}"` }),
  }),
  post("/api/saves/{id}/downloaded", acknowledgeSave, {
    summary: "A device has the bytes of a save now",
    read: readDeviceBody,
    write: toSaveWire,
  }),
  put("/api/saves/{id}", replaceSave, {
    summary: "Give a save other bytes; its name stays",
    read: async (reader, facts) => ({
      ...readId(reader),
      ...readDevice(reader),
      ...(await readFiles(reader, facts, { isOptional: true })),
    }),
    names: { file: "saveFile", screenshot: "screenshotFile" },
    write: toSaveWire,
    errors: NAME_ERRORS,
  }),
  put("/api/saves/{id}/visibility", setSaveVisibility, {
    summary: "Show a save to everyone, or to its owner alone",
    read: (reader) => readFields(reader, { isPublic: "is_public" }, readId(reader)),
    write: toSaveWire,
  }),
  post("/api/saves/delete", removeSaves, {
    summary: "Move saves to the trash",
    read: (reader) => readFields(reader, { saveIds: "saves" }),
    names: { saveIds: "saves" },
    errors: { SAVES_NONE_GIVEN: BAD_REQUEST },
  }),
  post("/api/saves/{id}/track", trackSave, {
    summary: "Resume syncing a save on a device",
    read: readDeviceBody,
    write: toSaveWire,
  }),
  post("/api/saves/{id}/untrack", untrackSave, {
    summary: "Stop syncing a save on a device",
    read: readDeviceBody,
    write: toSaveWire,
  }),
];

/** Some apps send no body, and are known by the device that their token is bound to. */
async function readDeviceBody(reader: RequestReader): Promise<unknown> {
  const { request } = reader;
  const isEmpty = request.body === null || request.headers.get("content-length") === "0";
  return isEmpty ? readId(reader) : await readFields(reader, { deviceId: "device_id" }, readId(reader));
}

const readFiles = (reader: RequestReader, { assets }: Facts, { isOptional = false } = {}) =>
  receiveFileAndPicture(reader, {
    bytesMax: assets.bytesMax,
    name: "saveFile",
    label: "Save file",
    isOptional,
  });
