import { mutation, query } from "../../rpc/procedures.ts";
import { redownloadManual, removeManual } from "../manuals/service.ts";
import {
  convertToFolder,
  listSoundtracks,
  removeManualFile,
  removeRomFile,
  removeRomScreenshot,
  removeSoundtrack,
} from "./service.ts";

/** Procedures about what lies beside a rom. */
export const romExtraProcedures = {
  convertToFolder: mutation(convertToFolder),
  listSoundtracks: query(listSoundtracks),
  redownloadManual: mutation(redownloadManual),
  removeFile: mutation(removeRomFile),
  removeManual: mutation(removeManual),
  removeManualFile: mutation(removeManualFile),
  removeScreenshot: mutation(removeRomScreenshot),
  removeSoundtrack: mutation(removeSoundtrack),
};
