import { isScope, type Scope } from "../../base/scopes.ts";

/** Picks the known scopes out of texts, each once, in the order of their names. */
export function sortScopes(texts: readonly string[]): Scope[] {
  return [...new Set(texts)].filter(isScope).sort();
}
