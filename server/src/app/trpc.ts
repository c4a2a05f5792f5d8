import { activityProcedures } from "../activity/trpc.ts";
import { auditProcedures } from "../audit/trpc.ts";
import { clientTokenProcedures } from "../auth/client-tokens/trpc.ts";
import { deviceFlowProcedures } from "../auth/device-flow/trpc.ts";
import { inviteProcedures } from "../auth/invites/trpc.ts";
import { passwordResetProcedures } from "../auth/password-resets/trpc.ts";
import { authProcedures } from "../auth/trpc.ts";
import { backupProcedures } from "../backup/trpc.ts";
import { collectionProcedures } from "../collections/trpc.ts";
import { configProcedures } from "../config/trpc.ts";
import { deviceProcedures } from "../devices/trpc.ts";
import { exportProcedures } from "../export/trpc.ts";
import { firmwareProcedures } from "../firmware/trpc.ts";
import { logProcedures } from "../logs/trpc.ts";
import { musicProcedures } from "../music/trpc.ts";
import { relayRoomSource } from "../netplay/relay-rooms/service.ts";
import { createRoomProcedures } from "../netplay/relay-rooms/trpc.ts";
import { emulatorJsRoomSource } from "../netplay/service.ts";
import { netplayProcedures } from "../netplay/trpc.ts";
import { permissionProcedures } from "../permissions/trpc.ts";
import { platformProcedures } from "../platforms/trpc.ts";
import { playSessionProcedures } from "../play-sessions/trpc.ts";
import { relayProcedures } from "../relay/trpc.ts";
import { romExtraProcedures } from "../roms/extras/trpc.ts";
import { noteProcedures } from "../roms/notes/trpc.ts";
import { romProcedures } from "../roms/trpc.ts";
import { router } from "../rpc/procedures.ts";
import { saveProcedures } from "../saves/trpc.ts";
import { scanProcedures } from "../scan/trpc.ts";
import { screenshotProcedures } from "../screenshots/trpc.ts";
import { setupProcedures } from "../setup/trpc.ts";
import { stateProcedures } from "../states/trpc.ts";
import { statsProcedures } from "../stats/trpc.ts";
import { deviceRegistrationProcedures } from "../sync/devices/trpc.ts";
import { pushPullProcedures } from "../sync/push-pull/trpc.ts";
import { syncProcedures } from "../sync/trpc.ts";
import { eventsProcedure, systemProcedures } from "../system/trpc.ts";
import { taskProcedures } from "../tasks/trpc.ts";
import { userProcedures } from "../users/trpc.ts";
import { retroArchRoomSource } from "./retroarch-rooms.ts";

/** Every procedure of the typed door, by domain. */
export const appRouter = router({
  activity: router(activityProcedures),
  audit: router(auditProcedures),
  auth: router(authProcedures),
  backups: router(backupProcedures),
  clientTokens: router(clientTokenProcedures),
  config: router(configProcedures),
  collections: router(collectionProcedures),
  deviceFlow: router(deviceFlowProcedures),
  devices: router({ ...deviceProcedures, ...deviceRegistrationProcedures, ...pushPullProcedures }),
  events: eventsProcedure,
  firmware: router(firmwareProcedures),
  exports: router(exportProcedures),
  logs: router(logProcedures),
  notes: router(noteProcedures),
  music: router(musicProcedures),
  netplay: router({
    ...netplayProcedures,
    ...createRoomProcedures([relayRoomSource, emulatorJsRoomSource, retroArchRoomSource]),
  }),
  permissions: router(permissionProcedures),
  platforms: router(platformProcedures),
  playSessions: router(playSessionProcedures),
  relay: router(relayProcedures),
  roms: router({ ...romProcedures, ...romExtraProcedures }),
  saves: router(saveProcedures),
  scan: router(scanProcedures),
  screenshots: router(screenshotProcedures),
  setup: router(setupProcedures),
  states: router(stateProcedures),
  stats: router(statsProcedures),
  sync: router(syncProcedures),
  system: router(systemProcedures),
  tasks: router(taskProcedures),
  users: router({ ...userProcedures, ...inviteProcedures, ...passwordResetProcedures }),
});

/** The router's type, for the typed client. */
export type AppRouter = typeof appRouter;
