import type { Feature as KnownFeature, ServerInfo } from "@multitap/server/contract/system";
import { MultitapError } from "./errors.ts";
import { notOurs, parseJson, readText, toAnswerError } from "./http/answers.ts";
import { revisionError } from "./http/exchange.ts";

/** An optional ability of a server; newer servers may have others. */
export type Feature = KnownFeature | (string & {});

/** Path below a server's URL that answers anybody. */
export const HEARTBEAT_PATH = "/api/heartbeat";

/**
 * Reads who a server says it is.
 * @throws MultitapError `incompatible`: `NOT_MULTITAP` for a server of another make, or the revisions do not
 * meet; `protocol` for an answer of something else.
 */
export async function readServerInfo(response: Response): Promise<ServerInfo> {
  if (!response.ok) throw await toAnswerError(response);
  const body = parseJson(await readText(response));
  if (typeof body !== "object" || body === null || !("SYSTEM" in body || "MULTITAP" in body))
    throw notOurs(response);
  const info = "MULTITAP" in body ? toServerInfo(body.MULTITAP) : null;
  if (info === null) {
    throw new MultitapError("incompatible", "NOT_MULTITAP", {
      message: "The server is not a Multitap server",
    });
  }
  const error = revisionError(info.apiRevision, info.apiRevisionOldest);
  if (error !== null) throw error;
  return info;
}

function toServerInfo(told: unknown): ServerInfo | null {
  if (typeof told !== "object" || told === null || !("apiRevision" in told)) return null;
  const { version, apiRevision, apiRevisionOldest, features } = told as Partial<ServerInfo>;
  if (typeof apiRevision !== "number") return null;
  return {
    version: version ?? "",
    apiRevision,
    apiRevisionOldest: apiRevisionOldest ?? apiRevision,
    features: features ?? [],
  };
}
