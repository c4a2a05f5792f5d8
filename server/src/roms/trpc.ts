import { mutation, query } from "../rpc/procedures.ts";
import { listChangedRoms } from "./changes/service.ts";
import { listRomIdentifiers } from "./details/service.ts";
import { updateRom } from "./edits/service.ts";
import { updateRomProps } from "./props/service.ts";
import { findRandomRom } from "./random/service.ts";
import { removeRoms } from "./removal/service.ts";
import { findManyRoms, findRom, getRom, listRoms } from "./service.ts";
import { finishUpload } from "./upload-finish/service.ts";
import { cancelUpload, getUpload, startUpload } from "./uploads/service.ts";

/** The rom procedures of the typed door. */
export const romProcedures = {
  list: query(listRoms),
  get: query(getRom),
  find: query(findRom),
  findMany: query(findManyRoms),
  changes: query(listChangedRoms),
  identifiers: query(listRomIdentifiers),
  update: mutation(updateRom),
  remove: mutation(removeRoms),
  startUpload: mutation(startUpload),
  getUpload: query(getUpload),
  finishUpload: mutation(finishUpload),
  cancelUpload: mutation(cancelUpload),
  random: query(findRandomRom),
  updateProps: mutation(updateRomProps),
};
