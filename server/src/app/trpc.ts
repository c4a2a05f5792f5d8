import { authProcedures, clientTokenProcedures } from "../auth/trpc.ts";
import { platformProcedures } from "../platforms/trpc.ts";
import { romProcedures } from "../roms/trpc.ts";
import { router } from "../rpc/procedures.ts";
import { scanProcedures } from "../scan/trpc.ts";
import { statsProcedures } from "../stats/trpc.ts";
import { eventsProcedure, systemProcedures } from "../system/trpc.ts";
import { userProcedures } from "../users/trpc.ts";

/** Every procedure of the typed door, by domain. */
export const appRouter = router({
  auth: router(authProcedures),
  clientTokens: router(clientTokenProcedures),
  events: eventsProcedure,
  platforms: router(platformProcedures),
  roms: router(romProcedures),
  scan: router(scanProcedures),
  stats: router(statsProcedures),
  system: router(systemProcedures),
  users: router(userProcedures),
});

/** The router's type, for the typed client. */
export type AppRouter = typeof appRouter;
