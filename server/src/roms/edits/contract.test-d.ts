import type * as v from "valibot";
import type { RomsRemoved, RomsRemovedSchema } from "../removal/contract.ts";
import type { RomChanges, UpdateRomInput } from "./contract.ts";

/** Compiles only when both types fit each other, so interface and schema cannot drift apart. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** A schema tells lists that go in as writable ones. */
type Plain<T> = Omit<T, "urlScreenshots">;
type Input = v.InferInput<typeof UpdateRomInput>;

export const checks: readonly true[] = [
  true satisfies Same<Plain<RomChanges & { readonly romId: number }>, Plain<Input>>,
  true satisfies Same<keyof RomChanges | "romId", keyof Input>,
  true satisfies Same<RomsRemoved, v.InferOutput<typeof RomsRemovedSchema>>,
];
