import { toPlatformWire } from "../platforms/wire.ts";
import type { CreatedFolders, SetupLibrary } from "./contract.ts";

/** What the wizard starts from, in the compatible shape. */
export function toSetupLibraryWire({ structure, folders, supportedPlatforms }: SetupLibrary) {
  return {
    detected_structure: structure === null ? null : `struct_${structure}`,
    existing_platforms: folders.map(({ fsSlug, romCount }) => ({ fs_slug: fsSlug, rom_count: romCount })),
    supported_platforms: supportedPlatforms.map(toPlatformWire),
  };
}

/** What the wizard made, in the compatible shape. */
export function toCreatedFoldersWire({ askedCount, createdCount }: CreatedFolders) {
  const message =
    askedCount === 0 ? "No platforms selected" : `Successfully created ${createdCount} platform folder(s)`;
  return { success: true, created_count: createdCount, message };
}
