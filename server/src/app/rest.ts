import { authRoutes } from "../auth/rest.ts";
import type { RestRoute } from "../http/route.ts";
import { platformRoutes } from "../platforms/rest.ts";
import { romDetailRoutes } from "../roms/details/rest.ts";
import { romFileRoutes } from "../roms/files/rest.ts";
import { statsRoutes } from "../stats/rest.ts";
import { systemRoutes } from "../system/rest.ts";
import { userRoutes } from "../users/rest.ts";

/** Every REST route, in the order of the documentation. */
export const restRoutes: readonly RestRoute[] = [
  ...systemRoutes,
  ...authRoutes,
  ...userRoutes,
  ...platformRoutes,
  ...romDetailRoutes,
  ...romFileRoutes,
  ...statsRoutes,
];
