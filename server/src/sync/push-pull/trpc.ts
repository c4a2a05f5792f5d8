import { mutation } from "../../rpc/procedures.ts";
import { pushPullDevice } from "./service.ts";

/** The procedure that begins a sync of a device that the server reaches by SSH. */
export const pushPullProcedures = { pushPull: mutation(pushPullDevice) };
