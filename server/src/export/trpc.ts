import { mutation } from "../rpc/procedures.ts";
import { exportGamelists, exportPegasus } from "./service.ts";

/** The exports of the typed door. */
export const exportProcedures = {
  gamelistXml: mutation(exportGamelists),
  pegasus: mutation(exportPegasus),
};
