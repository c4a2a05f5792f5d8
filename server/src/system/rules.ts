import { API_REVISION, API_REVISION_OLDEST, FEATURES, type ServerInfo } from "./contract.ts";

/** What we say about ourselves beside the compatible version. */
export function describeServer(version: string): ServerInfo {
  return { version, apiRevision: API_REVISION, apiRevisionOldest: API_REVISION_OLDEST, features: FEATURES };
}
