import type { Facts } from "../base/facts.ts";
import { readFields } from "../http/body-fields.ts";
import { fileResponse } from "../http/file-response.ts";
import { receiveFileAndPicture } from "../http/limited-form.ts";
import { choosePictureAnswer } from "../http/picture-type.ts";
import type { RequestReader } from "../http/reader.ts";
import { get, post, put, type RestRoute } from "../http/route.ts";
import {
  getState,
  getStateContent,
  listStateIds,
  listStates,
  removeStates,
  replaceState,
  setStateVisibility,
  uploadState,
} from "./service.ts";
import { readContentWish, readDevice, readDraft, readFilter, toStateWire } from "./wire.ts";

const BAD_REQUEST = { status: 400 };
const NAME_ERRORS = {
  ASSETS_NAME_INVALID: BAD_REQUEST,
  ASSETS_EMULATOR_INVALID: BAD_REQUEST,
  STATES_NAME_MISSING: BAD_REQUEST,
};

const readId = (reader: RequestReader) => ({ stateId: reader.pathInt("id") });

const readFiles = (reader: RequestReader, { assets }: Facts, { isOptional = false } = {}) =>
  receiveFileAndPicture(reader, {
    bytesMax: assets.bytesMax,
    name: "stateFile",
    label: "State file",
    isOptional,
  });

/** Compatible routes of states; devices and slots are ours, and as with saves. */
export const stateRoutes: readonly RestRoute[] = [
  post("/api/states", uploadState, {
    summary: "Store a state, in the place of the one of its name",
    read: async (reader, facts) => ({
      ...readDraft(reader),
      ...(await readFiles(reader, facts)),
    }),
    names: {
      file: "stateFile",
      screenshot: "screenshotFile",
      isOverwrite: "overwrite",
      isAutocleanup: "autocleanup",
    },
    write: toStateWire,
    errors: NAME_ERRORS,
  }),
  get("/api/states", listStates, {
    summary: "The caller's states",
    read: readFilter,
    write: (states) => states.map(toStateWire),
  }),
  get("/api/states/identifiers", listStateIds, { summary: "Ids of the caller's states", read: readFilter }),
  get("/api/states/{id}", getState, {
    summary: "One state of the caller's",
    read: (reader) => ({ ...readId(reader), ...readDevice(reader) }),
    write: toStateWire,
  }),
  get("/api/states/{id}/content", getStateContent, {
    summary: "The bytes of a state of the caller's, or of a public one",
    read: (reader) => ({ ...readId(reader), ...readContentWish(reader) }),
    names: { isOptimistic: "optimistic" },
    write: ({ modifiedAtMs, version, ...file }, reader) =>
      fileResponse(reader.request, {
        ...file,
        ...choosePictureAnswer(file.fileName),
        modifiedAt: new Date(modifiedAtMs),
        etag: `"${version}"`,
      }),
  }),
  put("/api/states/{id}", replaceState, {
    summary: "Give a state other bytes; its name stays",
    read: async (reader, facts) => ({
      ...readId(reader),
      ...readDevice(reader),
      ...(await readFiles(reader, facts, { isOptional: true })),
    }),
    names: { file: "stateFile", screenshot: "screenshotFile" },
    write: toStateWire,
    errors: NAME_ERRORS,
  }),
  put("/api/states/{id}/visibility", setStateVisibility, {
    summary: "Show a state to everyone, or to its owner alone",
    read: (reader) => readFields(reader, { isPublic: "is_public" }, readId(reader)),
    write: toStateWire,
  }),
  post("/api/states/delete", removeStates, {
    summary: "Move states to the trash",
    read: (reader) => readFields(reader, { stateIds: "states" }),
    names: { stateIds: "states" },
    errors: { STATES_NONE_GIVEN: BAD_REQUEST },
  }),
];
