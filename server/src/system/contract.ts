import * as v from "valibot";
import { TOPICS, type Topic } from "../base/events.ts";
import type { HeartbeatFlags, ScheduleFacts } from "../base/facts.ts";
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
  /** When the whole library is scanned by itself. */
  readonly rescan: ScheduleFacts;
  /** Sign-in by an identity provider; null while it is off. */
  readonly oidc: HeartbeatOidc | null;
}

/** What login pages must know of the identity provider. */
export interface HeartbeatOidc {
  readonly providerName: string;
  readonly isAutologin: boolean;
  readonly isLogoutForwarded: boolean;
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
  rescan: v.object({ isEnabled: v.boolean(), cron: v.string() }),
  oidc: v.nullable(
    v.object({ providerName: v.string(), isAutologin: v.boolean(), isLogoutForwarded: v.boolean() }),
  ),
});

/** What can be asked whether it answers. */
export const METADATA_SOURCES = [
  "igdb",
  "moby",
  "ss",
  "ra",
  "launchbox",
  "hasheous",
  "tgdb",
  "sgdb",
  "flashpoint",
  "hltb",
  "gamelist",
  "libretro",
  "playmatch",
] as const;
export type MetadataSource = (typeof METADATA_SOURCES)[number];

const isText = (value: unknown) => typeof value === "string";

export const MetadataSourceInput = v.strictObject({
  // The compatible API has an answer of its own for an unknown one, so the operation refuses it.
  source: v.custom<MetadataSource>(isText, "Input should be a valid string"),
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
