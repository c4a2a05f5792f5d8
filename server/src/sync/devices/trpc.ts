import { mutation } from "../../rpc/procedures.ts";
import { registerSyncDevice } from "./service.ts";

/** The procedure that registers a device. */
export const deviceRegistrationProcedures = { register: mutation(registerSyncDevice) };
