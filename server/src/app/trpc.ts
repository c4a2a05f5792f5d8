import { auditProcedures } from "../audit/trpc.ts";
import { clientTokenProcedures } from "../auth/client-tokens/trpc.ts";
import { deviceFlowProcedures } from "../auth/device-flow/trpc.ts";
import { inviteProcedures } from "../auth/invites/trpc.ts";
import { passwordResetProcedures } from "../auth/password-resets/trpc.ts";
import { authProcedures } from "../auth/trpc.ts";
import { collectionProcedures } from "../collections/trpc.ts";
import { configProcedures } from "../config/trpc.ts";
import { logProcedures } from "../logs/trpc.ts";
import { permissionProcedures } from "../permissions/trpc.ts";
import { platformProcedures } from "../platforms/trpc.ts";
import { romProcedures } from "../roms/trpc.ts";
import { router } from "../rpc/procedures.ts";
import { scanProcedures } from "../scan/trpc.ts";
import { setupProcedures } from "../setup/trpc.ts";
import { statsProcedures } from "../stats/trpc.ts";
import { eventsProcedure, systemProcedures } from "../system/trpc.ts";
import { taskProcedures } from "../tasks/trpc.ts";
import { userProcedures } from "../users/trpc.ts";

/** Every procedure of the typed door, by domain. */
export const appRouter = router({
  audit: router(auditProcedures),
  auth: router(authProcedures),
  clientTokens: router(clientTokenProcedures),
  config: router(configProcedures),
  collections: router(collectionProcedures),
  deviceFlow: router(deviceFlowProcedures),
  events: eventsProcedure,
  logs: router(logProcedures),
  permissions: router(permissionProcedures),
  platforms: router(platformProcedures),
  roms: router(romProcedures),
  scan: router(scanProcedures),
  setup: router(setupProcedures),
  stats: router(statsProcedures),
  system: router(systemProcedures),
  tasks: router(taskProcedures),
  users: router({ ...userProcedures, ...inviteProcedures, ...passwordResetProcedures }),
});

/** The router's type, for the typed client. */
export type AppRouter = typeof appRouter;
