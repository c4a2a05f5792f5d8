import type * as v from "valibot";
import type { ChangedRoms, ChangedRomsSchema } from "./changes/contract.ts";
import type { RomContent, RomContentSchema } from "./content/contract.ts";
import type { FindRomInput, Rom, RomMark, RomSchema, RomWithParts, RomWithPartsSchema } from "./contract.ts";
import type { RomDetails, RomDetailsSchema, RomOffsetPage, RomOffsetPageSchema } from "./details/contract.ts";
import type { RomFile, RomFileSchema } from "./files/contract.ts";
import type { RomFilter, RomFilterSchema } from "./filters/contract.ts";

/** Compiles only when both types fit each other, so interface and schema cannot drift apart. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

export const checks: readonly true[] = [
  true satisfies Same<Rom, v.InferOutput<typeof RomSchema>>,
  true satisfies Same<RomWithParts, v.InferOutput<typeof RomWithPartsSchema>>,
  true satisfies Same<RomFile, v.InferOutput<typeof RomFileSchema>>,
  true satisfies Same<RomContent, v.InferOutput<typeof RomContentSchema>>,
  true satisfies Same<RomDetails, v.InferOutput<typeof RomDetailsSchema>>,
  true satisfies Same<RomOffsetPage, v.InferOutput<typeof RomOffsetPageSchema>>,
  true satisfies Same<RomMark, v.InferOutput<typeof FindRomInput>>,
  true satisfies Same<ChangedRoms, v.InferOutput<typeof ChangedRomsSchema>>,
  true satisfies Same<
    Omit<RomFilter, "orderBy" | "direction">,
    // These two have defaults.
    Omit<v.InferOutput<typeof RomFilterSchema>, "orderBy" | "direction">
  >,
];
