import { get, post, type RestRoute } from "../http/route.ts";
import { createPlatformFolders, getSetupLibrary } from "./service.ts";
import { toCreatedFoldersWire, toSetupLibraryWire } from "./wire.ts";

/** Compatible routes of the setup wizard. */
export const setupRoutes: readonly RestRoute[] = [
  get("/api/setup/library", getSetupLibrary, {
    summary: "Library layout and platform folders before the setup",
    write: toSetupLibraryWire,
  }),
  post("/api/setup/platforms", createPlatformFolders, {
    summary: "Make platform folders",
    status: 201,
    read: async (reader) => ({ fsSlugs: await reader.json() }),
    write: toCreatedFoldersWire,
    errors: { SETUP_FOLDERS_FAILED: { status: 500 } },
  }),
];
