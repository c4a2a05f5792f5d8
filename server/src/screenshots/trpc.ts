import { mutation, query } from "../rpc/procedures.ts";
import {
  getScreenshot,
  listScreenshotIds,
  listScreenshots,
  removeScreenshots,
  setScreenshotVisibility,
} from "./service.ts";

/** The procedures of the typed door about users' pictures; their bytes go over the REST door. */
export const screenshotProcedures = {
  list: query(listScreenshots),
  identifiers: query(listScreenshotIds),
  get: query(getScreenshot),
  setVisibility: mutation(setScreenshotVisibility),
  remove: mutation(removeScreenshots),
};
