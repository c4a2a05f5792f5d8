import * as v from "valibot";
import { TOPICS, type Topic } from "../base/events.ts";
import type { HeartbeatFlags } from "../base/facts.ts";
import { list } from "../base/schemas.ts";

/** Version of the compatible REST API that device apps gate on; not our own. */
export const COMPATIBLE_VERSION = "5.2.0";
/** Raised only when the meaning or shape of an operation breaks. */
export const API_REVISION = 1;
/** Oldest revision that is still served. */
export const API_REVISION_OLDEST = 1;

/** Optional abilities of a server, asked for by name. */
export const FEATURES = ["scan", "events"] as const;
export type Feature = (typeof FEATURES)[number];

/** Who we are, beside what the compatible API says. */
export interface ServerInfo {
  readonly version: string;
  readonly apiRevision: number;
  readonly apiRevisionOldest: number;
  readonly features: readonly string[];
}

export const ServerInfoSchema = v.object({
  version: v.string(),
  apiRevision: v.number(),
  apiRevisionOldest: v.number(),
  features: list(v.string()),
});

/** What the heartbeat tells everyone. */
export interface Heartbeat {
  readonly server: ServerInfo;
  readonly showSetupWizard: boolean;
  /** Folder names on disk; empty for anonymous callers once an administrator exists. */
  readonly fsPlatforms: readonly string[];
  readonly flags: HeartbeatFlags;
}

export const HeartbeatSchema = v.object({
  server: ServerInfoSchema,
  showSetupWizard: v.boolean(),
  fsPlatforms: list(v.string()),
  flags: v.object({
    disableSetupWizard: v.boolean(),
    disableUserpassLogin: v.boolean(),
    disableLogsViewer: v.boolean(),
    disableEmulatorJs: v.boolean(),
    disableRuffleRs: v.boolean(),
    youtubeBaseUrl: v.string(),
  }),
});

export const EventsInput = v.strictObject({
  topics: v.pipe(v.array(v.picklist(TOPICS)), v.minLength(1), v.maxLength(TOPICS.length), v.readonly()),
  lastEventId: v.optional(v.nullable(v.string()), null),
});

/** What a listener asks the event stream for. */
export interface EventsRequest {
  readonly topics: readonly Topic[];
  /** Null begins with what comes next. */
  readonly lastEventId: string | null;
}
