import type { MetadataProvider } from "../contract.ts";

/** Every provider there is, in the order in which they are asked. */
export const PROVIDERS: readonly MetadataProvider[] = [];
