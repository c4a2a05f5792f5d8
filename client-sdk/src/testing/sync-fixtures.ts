import type { RemoteSave } from "../sync/types.ts";

/** A version as the server describes it. */
export function makeRemote(changes: Partial<RemoteSave>): RemoteSave {
  return {
    id: 1,
    kind: "save",
    romId: 1,
    slot: "main",
    name: "game.srm",
    fileName: "game [2026-01-01_00-00-00].srm",
    emulator: null,
    sizeBytes: 3,
    contentHash: "1".repeat(32),
    sha1: "2".repeat(40),
    isBundle: false,
    originDeviceId: null,
    updatedAt: "2026-01-01T00:00:00.000Z",
    rom: { platformSlug: "snes", platformFsSlug: "snes", fsName: "Star Pilot (USA).sfc", sha1: "" },
    ...changes,
  };
}
