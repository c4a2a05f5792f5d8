import type * as v from "valibot";
import type {
  Collection,
  CollectionSchema,
  CollectionWithParts,
  CollectionWithPartsSchema,
} from "./contract.ts";
import type { SmartCollectionWithParts, SmartCollectionWithPartsSchema } from "./smart/contract.ts";
import type { VirtualCollectionWithParts, VirtualCollectionWithPartsSchema } from "./virtual/contract.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;
/** Compiles only when both types fit each other, so interface and schema cannot drift apart. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;

export const checks: readonly true[] = [
  true satisfies Same<Collection, v.InferOutput<typeof CollectionSchema>>,
  true satisfies Same<CollectionWithParts, v.InferOutput<typeof CollectionWithPartsSchema>>,
  true satisfies Same<VirtualCollectionWithParts, v.InferOutput<typeof VirtualCollectionWithPartsSchema>>,
  // In a stored filter the order is always there.
  true satisfies Fits<v.InferOutput<typeof SmartCollectionWithPartsSchema>, SmartCollectionWithParts>,
];
