import { inviteRoutes } from "../auth/invites/rest.ts";
import { passwordResetRoutes } from "../auth/password-resets/rest.ts";
import { authRoutes } from "../auth/rest.ts";
import { collectionRoutes } from "../collections/rest.ts";
import { smartCollectionRoutes } from "../collections/smart/rest.ts";
import { virtualCollectionRoutes } from "../collections/virtual/rest.ts";
import { configRoutes } from "../config/rest.ts";
import type { RestRoute } from "../http/route.ts";
import { logRoutes } from "../logs/rest.ts";
import { permissionRoutes } from "../permissions/rest.ts";
import { platformRoutes } from "../platforms/rest.ts";
import { romContentRoutes } from "../roms/content/rest.ts";
import { romDetailRoutes } from "../roms/details/rest.ts";
import { setupRoutes } from "../setup/rest.ts";
import { statsRoutes } from "../stats/rest.ts";
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
  ...romDetailRoutes,
  ...romContentRoutes,
  ...collectionRoutes,
  ...virtualCollectionRoutes,
  ...smartCollectionRoutes,
  ...statsRoutes,
  ...configRoutes,
  ...taskRoutes,
  ...logRoutes,
];
