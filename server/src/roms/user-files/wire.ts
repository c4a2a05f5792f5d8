import { toSaveWire } from "../../saves/wire.ts";
import { toScreenshotWire } from "../../screenshots/wire.ts";
import { toStateWire } from "../../states/wire.ts";
import type { FileOwner, RomUserFiles } from "./contract.ts";

/** Stands in for what only a device asks for. */
const NO_SYNCS = { deviceSyncs: [] } as const;

/** The files of users in the compatible shape: the viewer's own, and everyone's with their owners. */
export function toUserFilesWire(files: RomUserFiles, viewerId: number | null) {
  const saves = split(files.saves, viewerId, (save) => toSaveWire({ ...save, ...NO_SYNCS }));
  const states = split(files.states, viewerId, toStateWire);
  const screenshots = split(files.screenshots, viewerId, toScreenshotWire);
  return {
    user_saves: saves.own,
    user_states: states.own,
    all_user_saves: saves.all,
    all_user_states: states.all,
    user_screenshots: screenshots.own,
    all_user_screenshots: screenshots.all,
  };
}

function split<T extends { readonly userId: number; readonly owner: FileOwner }, W extends object>(
  files: readonly T[],
  viewerId: number | null,
  toWire: (file: T) => W,
) {
  const wires = files.map((file) => ({ file, wire: toWire(file) }));
  return {
    own: wires.filter(({ file }) => file.userId === viewerId).map(({ wire }) => wire),
    all: wires.map(({ file: { owner }, wire }) => ({
      ...wire,
      username: owner.username,
      user_avatar_path: owner.avatarPath,
      user_updated_at: owner.updatedAt,
    })),
  };
}
