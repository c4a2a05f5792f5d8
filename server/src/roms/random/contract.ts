import * as v from "valibot";
import { RomDetailsSchema } from "../details/contract.ts";
import { filterEntries } from "../filters/contract.ts";

const { platformIds, collectionId, virtualCollectionId, smartCollectionId } = filterEntries;

/** Among which roms one is picked; among all of them when empty. */
export const RandomRomInput = v.optional(
  v.strictObject({ platformIds, collectionId, virtualCollectionId, smartCollectionId }),
  {},
);
export type RandomRomInput = v.InferOutput<typeof RandomRomInput>;

export const RandomRomDetailsSchema = v.nullable(RomDetailsSchema);
