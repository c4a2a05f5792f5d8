import { toRomResources } from "../disk-changes/rules.ts";

/** Whose cover it is. */
export interface CoverOwner {
  readonly romId: number;
  readonly platformId: number;
}

/** The folder of a rom's cover, below the resources folder. The name is compatible. */
export function toCoverFolder({ platformId, romId }: CoverOwner): string {
  return `${toRomResources(platformId, romId)}/cover`;
}
