import * as v from "valibot";
import { Id, Nothing } from "../../base/schemas.ts";
import { ENTITIES } from "../contract.ts";

/** Sorts of objects that can be hidden. */
export const HIDEABLE = ["platforms", "roms"] as const;
/** What can be hidden from somebody. */
export type Hideable = (typeof HIDEABLE)[number];

/** What a caller must take for absent. A hidden platform hides its roms and firmware, which are not listed. */
export interface Hidden {
  /** Ascending. */
  readonly platformIds: readonly number[];
  readonly romIds: readonly number[];
  /** The same ids to ask for single ones. */
  readonly platforms: ReadonlySet<number>;
  readonly roms: ReadonlySet<number>;
  /** The same text for the same ids; "" when nothing is hidden. */
  readonly mark: string;
}

/** One platform or rom that is hidden from an account or a group. */
export interface HiddenEntity {
  readonly entity: Hideable;
  readonly entityId: number;
}

export const HiddenEntitySchema = v.object({ entity: v.picklist(HIDEABLE), entityId: Id });

/** What to hide or show, and to whom: exactly one of the two ids is given. */
export interface HiddenTarget {
  readonly entity: (typeof ENTITIES)[number];
  readonly entityId: number;
  readonly userId?: number | null | undefined;
  readonly groupId?: number | null | undefined;
}

export const HiddenInput = v.strictObject({
  // Every sort of object has a name here; the rule which of them can be hidden has its own answer.
  entity: v.picklist(ENTITIES),
  entityId: Id,
  userId: v.optional(v.nullable(Id)),
  groupId: v.optional(v.nullable(Id)),
});

export const ShownSchema = Nothing;
