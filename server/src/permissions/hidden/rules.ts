import { createHash } from "node:crypto";
import type { Hidden, HiddenEntity } from "./contract.ts";

/** Hides nothing. */
export const NOTHING_HIDDEN: Hidden = toHidden([]);

/** Builds the form in which other domains ask; repeats count once. */
export function toHidden(entities: readonly HiddenEntity[]): Hidden {
  const idsOf = (entity: HiddenEntity["entity"]) => {
    const ids = new Set(entities.filter((each) => each.entity === entity).map((each) => each.entityId));
    return [...ids].sort((a, b) => a - b);
  };
  const platformIds = idsOf("platforms");
  const romIds = idsOf("roms");
  const isEmpty = platformIds.length + romIds.length === 0;
  return {
    platformIds,
    romIds,
    platforms: new Set(platformIds),
    roms: new Set(romIds),
    mark: isEmpty ? "" : createHash("sha256").update(`${platformIds};${romIds}`).digest("base64url"),
  };
}
