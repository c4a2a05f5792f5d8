import * as v from "valibot";
import type { Context } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { type AnyOperation, operation, requireAccess } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import { withoutHidden } from "../permissions/events/service.ts";
import { listHiddenFolders } from "../permissions/hidden/service.ts";
import { listPlatformFolders, readLayout } from "../platforms/folders/service.ts";
import type { EventFeed } from "../ports/events/port.ts";
import { hasAdmin } from "../users/service.ts";
import {
  type EventsRequest,
  type Heartbeat,
  HeartbeatSchema,
  METADATA_SOURCES,
  MetadataSourceInput,
  ServerInfoSchema,
} from "./contract.ts";
import { describeServer } from "./rules.ts";

/** Version, API revision and abilities of this server. */
export const getServerInfo = operation(
  { type: "query", scope: "public", input: NoInput, output: ServerInfoSchema },
  async (ctx) => describeServer(ctx.facts.version),
);

/** What every client asks first; never fails because of the library or the caller. */
export const getHeartbeat = operation(
  { type: "query", scope: "public", input: NoInput, output: HeartbeatSchema },
  async (ctx): Promise<Heartbeat> => {
    const isSetUp = await hasAdmin(ctx);
    const maySeeFolders = !isSetUp || ctx.identity.kind !== "anonymous";
    return {
      server: describeServer(ctx.facts.version),
      showSetupWizard: !isSetUp && !ctx.facts.flags.disableSetupWizard,
      fsPlatforms: maySeeFolders ? await listFolderNames(ctx) : [],
      flags: ctx.facts.flags,
      rescan: ctx.facts.tasks.rescan,
      oidc: describeOidc(ctx),
    };
  },
);

/**
 * Tells whether a source of metadata answers. None is built in yet, so none does.
 * @throws AppError `METADATA_SOURCE_UNKNOWN`.
 */
export const hasMetadataSource = operation(
  { type: "query", scope: "public", input: MetadataSourceInput, output: v.boolean() },
  async (_ctx, { source }) => {
    if (METADATA_SOURCES.includes(source)) return false;
    throw new AppError("invalid", "METADATA_SOURCE_UNKNOWN", { message: "Invalid metadata source" });
  },
);

/** Only what everybody may know: the settings hold a secret too. */
function describeOidc({ facts: { oidc } }: Context): Heartbeat["oidc"] {
  if (oidc === null) return null;
  const { providerName, isAutologin, isLogoutForwarded } = oidc;
  return { providerName, isAutologin, isLogoutForwarded };
}

/** Folder names of the platforms on disk; an unreadable library has none to show. */
async function listFolderNames(ctx: Context): Promise<readonly string[]> {
  try {
    const config = await ctx.ports.settings.read();
    const folders = await listPlatformFolders(ctx, config, await readLayout(ctx, config));
    const hidden = await listHiddenFolders(ctx);
    return folders.map((folder) => folder.fsSlug).filter((fsSlug) => !hidden.has(fsSlug));
  } catch (error) {
    if (!isAppError(error)) throw error;
    ctx.ports.log.warn("library folder cannot be listed", { error });
    return [];
  }
}

/** Who may listen to events. */
export const EVENTS_ACCESS = { scope: "me.read" } as const satisfies Pick<AnyOperation, "scope">;

/**
 * Opens the caller's feed of events behind the last one they saw, without what is hidden from them.
 * @throws AppError `AUTH_REQUIRED` or `AUTH_SCOPE_MISSING`; `EVENTS_FULL` when too many listen.
 */
export async function openEvents(ctx: Context, request: EventsRequest): Promise<EventFeed> {
  requireAccess(ctx, EVENTS_ACCESS);
  if (ctx.identity.kind !== "user") {
    throw new AppError("forbidden", "EVENTS_ACCOUNT_REQUIRED", { message: "events need an account" });
  }
  const feed = await ctx.ports.events.open({
    topics: request.topics,
    userId: ctx.identity.userId,
    resumeFrom: request.lastEventId,
  });
  return withoutHidden(ctx, feed);
}

/**
 * Asks again whether a listener may go on: signed out, disabled or without the scope by now, it may not.
 * @throws AppError as {@link openEvents} would today.
 */
export async function requireStillAllowed(ctx: Context): Promise<void> {
  if (ctx.recheck === undefined) return;
  const identity = await ctx.recheck();
  requireAccess({ ...ctx, identity }, EVENTS_ACCESS);
  if (identity.kind === "user" && ctx.identity.kind === "user" && identity.userId === ctx.identity.userId)
    return;
  throw new AppError("unauthenticated", "AUTH_REQUIRED", { message: "Not authenticated" });
}
