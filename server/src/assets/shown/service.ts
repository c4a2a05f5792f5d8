import type { Screenshot } from "../../screenshots/contract.ts";
import type { Version } from "../versions/contract.ts";
import type { ShownVersion } from "./contract.ts";
import { toShownVersion } from "./rules.ts";

/**
 * Versions as callers see them.
 * @param pictures What each shows of itself, in the order of the versions.
 */
export function showVersions(
  versions: readonly Version[],
  pictures: readonly (Screenshot | null)[],
): readonly ShownVersion[] {
  return versions.map((version, index) => toShownVersion(version, pictures[index] ?? null));
}
