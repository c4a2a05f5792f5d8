import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id, InstantText } from "../../base/schemas.ts";
import { type RomUserProps, RomUserPropsSchema } from "../contract.ts";
import { COMPLETION_MAX, SCORE_MAX } from "./limits.ts";

/** How far somebody came with a rom. */
export const PROGRESS_STATUSES = [
  "incomplete",
  "finished",
  "completed_100",
  "retired",
  "never_playing",
] as const;
/** How far a user got with a rom. */
export type ProgressStatus = (typeof PROGRESS_STATUSES)[number];

/** What an account keeps about a rom, with the row that holds it. */
export interface StoredRomProps extends RomUserProps {
  readonly id: number;
  readonly romId: number;
  readonly userId: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const StoredRomPropsSchema = v.object({
  ...RomUserPropsSchema.entries,
  id: Id,
  romId: Id,
  userId: Id,
  createdAt: InstantText,
  updatedAt: InstantText,
});

const upTo = (max: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max)));

/** What changes of the caller's own properties of a rom; what is left out stays. */
export const UpdateRomPropsInput = v.strictObject({
  romId: Id,
  /** True makes the caller's other siblings of this rom none. */
  isMainSibling: v.optional(v.boolean()),
  isBacklogged: v.optional(v.boolean()),
  isNowPlaying: v.optional(v.boolean()),
  isHidden: v.optional(v.boolean()),
  rating: upTo(SCORE_MAX),
  difficulty: upTo(SCORE_MAX),
  completion: upTo(COMPLETION_MAX),
  /** Null for none. */
  status: v.optional(v.nullable(v.picklist(PROGRESS_STATUSES))),
  /** `now` notes this moment, `never` forgets the one that was noted. */
  lastPlayed: v.optional(v.picklist(["now", "never"])),
});
export type UpdateRomPropsInput = v.InferOutput<typeof UpdateRomPropsInput>;
