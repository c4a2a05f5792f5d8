import type * as v from "valibot";
import type { DetailedRom, DetailedRomSchema } from "../details/contract.ts";
import type { RomMembership, RomMembershipSchema } from "../memberships/contract.ts";
import type { StoredRomProps, StoredRomPropsSchema } from "../props/contract.ts";
import type { RomNote, RomNoteSchema } from "./contract.ts";

/** Compiles only when both types fit each other, so interface and schema cannot drift apart. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

export const checks: readonly true[] = [
  true satisfies Same<RomNote, v.InferOutput<typeof RomNoteSchema>>,
  true satisfies Same<RomMembership, v.InferOutput<typeof RomMembershipSchema>>,
  true satisfies Same<StoredRomProps, v.InferOutput<typeof StoredRomPropsSchema>>,
  true satisfies Same<DetailedRom, v.InferOutput<typeof DetailedRomSchema>>,
];
