import type { RequestReader } from "../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../http/route.ts";
import {
  addExclusion,
  bindPlatform,
  bindVersion,
  getLibrarySettings,
  removeExclusion,
  unbindPlatform,
  unbindVersion,
  updateScanSettings,
} from "./service.ts";
import {
  fromBindingWire,
  fromExclusionName,
  fromExclusionWire,
  fromScanSettingsWire,
  SCAN_SETTING_NAMES,
  toConfigWire,
} from "./wire.ts";

const readBinding = async (reader: RequestReader) => fromBindingWire(await reader.json());
const readFolder = (reader: RequestReader) => ({ fsSlug: reader.pathText("fs_slug") });
const readExclusion = async (reader: RequestReader) => fromExclusionWire(await reader.json());

/** Whatever keeps the file from being changed, apps look for this status. */
const errors = { CONFIG_NOT_WRITABLE: { status: 500 }, CONFIG_EXCLUSION_UNKNOWN: { status: 400 } };
const exclusionNames = { type: "exclusion_type", value: "exclusion_value" };
const exclusion = { read: readExclusion, names: exclusionNames, errors };

/** Compatible routes of `config.yml`. */
export const configRoutes: readonly RestRoute[] = [
  get("/api/config", getLibrarySettings, {
    summary: "Settings of config.yml in force",
    write: toConfigWire,
  }),
  post("/api/config/system/platforms", bindPlatform, {
    summary: "Say which platform a folder is",
    read: readBinding,
    errors,
  }),
  del("/api/config/system/platforms/{fs_slug}", unbindPlatform, {
    summary: "Forget which platform a folder was said to be",
    read: readFolder,
    errors,
  }),
  post("/api/config/system/versions", bindVersion, {
    summary: "Say which platform a folder is a version of",
    read: readBinding,
    errors,
  }),
  del("/api/config/system/versions/{fs_slug}", unbindVersion, {
    summary: "Forget which platform a folder was a version of",
    read: readFolder,
    errors,
  }),
  post("/api/config/exclude", addExclusion, { summary: "Add an exclusion", ...exclusion }),
  del("/api/config/exclude/{exclusion_type}/{exclusion_value}", removeExclusion, {
    summary: "Remove an exclusion",
    read: (reader) => ({
      type: fromExclusionName(reader.pathText("exclusion_type")),
      value: reader.pathText("exclusion_value"),
    }),
    names: exclusionNames,
    errors,
  }),
  post("/api/config/system/exclusions", addExclusion, {
    summary: "Add an exclusion; the older path",
    ...exclusion,
  }),
  del("/api/config/system/exclusions", removeExclusion, {
    summary: "Remove an exclusion; the older path",
    ...exclusion,
  }),
  put("/api/config/scan", updateScanSettings, {
    summary: "Set how scans use providers and media",
    read: async (reader) => fromScanSettingsWire(await reader.json()),
    names: SCAN_SETTING_NAMES,
    errors,
  }),
];
