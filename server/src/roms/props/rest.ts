import type { RequestReader } from "../../http/reader.ts";
import { put, type RestRoute } from "../../http/route.ts";
import { updateRomProps } from "./service.ts";
import { fromPropsWire, toRomUserWire } from "./wire.ts";

async function readChanges(reader: RequestReader): Promise<unknown> {
  const flags = {
    updateLastPlayed: reader.queryBool("update_last_played"),
    removeLastPlayed: reader.queryBool("remove_last_played"),
  };
  const changes = fromPropsWire(await reader.json(), flags);
  return changes === null ? null : { romId: reader.pathInt("id"), ...changes };
}

const names = { isBacklogged: "backlogged", isNowPlaying: "now_playing", isHidden: "hidden" };

/** Routes about what a caller keeps about a rom. */
export const romPropsRoutes: readonly RestRoute[] = [
  put("/api/roms/{id}/props", updateRomProps, {
    summary: "Change the caller's own properties of a rom",
    read: readChanges,
    names,
    write: toRomUserWire,
  }),
  put("/api/roms/{id}/user", updateRomProps, {
    summary: "Change the caller's own properties of a rom, under its older name",
    read: readChanges,
    names,
    write: toRomUserWire,
  }),
];
