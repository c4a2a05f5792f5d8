import { activityRoutes } from "../activity/rest.ts";
import { rawAssetRoutes } from "../assets/raw/rest.ts";
import { inviteRoutes } from "../auth/invites/rest.ts";
import { passwordResetRoutes } from "../auth/password-resets/rest.ts";
import { authRoutes } from "../auth/rest.ts";
import { romsDownloadRoutes } from "../collections/content/rest.ts";
import { collectionRoutes } from "../collections/rest.ts";
import { smartCollectionRoutes } from "../collections/smart/rest.ts";
import { virtualCollectionRoutes } from "../collections/virtual/rest.ts";
import { configRoutes } from "../config/rest.ts";
import { deviceRoutes } from "../devices/rest.ts";
import { exportRoutes } from "../export/rest.ts";
import { feedRoutes } from "../feeds/rest.ts";
import { firmwareRoutes } from "../firmware/rest.ts";
import type { RestRoute } from "../http/route.ts";
import { logRoutes } from "../logs/rest.ts";
import { playlistRoutes } from "../music/playlists/rest.ts";
import { musicRoutes } from "../music/rest.ts";
import { netplayRoutes } from "../netplay/rest.ts";
import { permissionRoutes } from "../permissions/rest.ts";
import { platformRoutes } from "../platforms/rest.ts";
import { playSessionRoutes } from "../play-sessions/rest.ts";
import { relayLobbyRoutes } from "../relay/lobby/rest.ts";
import { romContentRoutes } from "../roms/content/rest.ts";
import { romDetailRoutes } from "../roms/details/rest.ts";
import { romEditRoutes } from "../roms/edits/rest.ts";
import { romExtraRoutes } from "../roms/extras/rest.ts";
import { romNoteRoutes } from "../roms/notes/rest.ts";
import { romPatchingRoutes } from "../roms/patching/rest.ts";
import { romPropsRoutes } from "../roms/props/rest.ts";
import { randomRomRoutes } from "../roms/random/rest.ts";
import { romRemovalRoutes } from "../roms/removal/rest.ts";
import { romUploadRoutes } from "../roms/uploads/rest.ts";
import { saveRoutes } from "../saves/rest.ts";
import { screenshotRoutes } from "../screenshots/rest.ts";
import { searchRoutes } from "../search/rest.ts";
import { setupRoutes } from "../setup/rest.ts";
import { stateRoutes } from "../states/rest.ts";
import { statsRoutes } from "../stats/rest.ts";
import { streamingRoutes } from "../streaming/rest.ts";
import { deviceRegistrationRoutes } from "../sync/devices/rest.ts";
import { pushPullRoutes } from "../sync/push-pull/rest.ts";
import { syncRoutes } from "../sync/rest.ts";
import { systemRoutes } from "../system/rest.ts";
import { taskRoutes } from "../tasks/rest.ts";
import { userRoutes } from "../users/rest.ts";

/** Every REST route, in the order of the documentation. */
export const restRoutes: readonly RestRoute[] = [
  ...systemRoutes,
  ...setupRoutes,
  ...authRoutes,
  ...userRoutes,
  ...inviteRoutes,
  ...passwordResetRoutes,
  ...permissionRoutes,
  ...platformRoutes,
  ...firmwareRoutes,
  ...romDetailRoutes,
  ...randomRomRoutes,
  ...romPropsRoutes,
  ...romNoteRoutes,
  ...romEditRoutes,
  ...romRemovalRoutes,
  ...romContentRoutes,
  ...romPatchingRoutes,
  ...romExtraRoutes,
  ...romUploadRoutes,
  ...romsDownloadRoutes,
  ...collectionRoutes,
  ...virtualCollectionRoutes,
  ...smartCollectionRoutes,
  ...feedRoutes,
  ...exportRoutes,
  ...musicRoutes,
  ...playlistRoutes,
  ...deviceRoutes,
  ...deviceRegistrationRoutes,
  ...playSessionRoutes,
  ...activityRoutes,
  ...relayLobbyRoutes,
  ...netplayRoutes,
  ...saveRoutes,
  ...stateRoutes,
  ...screenshotRoutes,
  ...rawAssetRoutes,
  ...syncRoutes,
  ...pushPullRoutes,
  ...searchRoutes,
  ...streamingRoutes,
  ...statsRoutes,
  ...configRoutes,
  ...taskRoutes,
  ...logRoutes,
];
