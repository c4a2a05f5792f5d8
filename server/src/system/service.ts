import type { Context } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { type AnyOperation, operation, requireAccess } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import { listPlatformFolders, readLayout } from "../platforms/folders/service.ts";
import type { EventFeed } from "../ports/events/port.ts";
import { hasAdmin } from "../users/service.ts";
import { type EventsRequest, type Heartbeat, HeartbeatSchema, ServerInfoSchema } from "./contract.ts";
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
    };
  },
);

/** Folder names of the platforms on disk; an unreadable library has none to show. */
async function listFolderNames(ctx: Context): Promise<readonly string[]> {
  try {
    const config = await ctx.ports.settings.read();
    const folders = await listPlatformFolders(ctx, config, await readLayout(ctx, config));
    return folders.map((folder) => folder.fsSlug);
  } catch (error) {
    if (!isAppError(error)) throw error;
    ctx.ports.log.warn("library folder cannot be listed", { error });
    return [];
  }
}

/** Who may listen to events. */
export const EVENTS_ACCESS = { scope: "me.read" } as const satisfies Pick<AnyOperation, "scope">;

/**
 * Opens the caller's feed of events behind the last one they saw.
 * @throws AppError `AUTH_REQUIRED` or `AUTH_SCOPE_MISSING`; `EVENTS_FULL` when too many listen.
 */
export async function openEvents(ctx: Context, request: EventsRequest): Promise<EventFeed> {
  requireAccess(ctx, EVENTS_ACCESS);
  if (ctx.identity.kind !== "user") {
    throw new AppError("forbidden", "EVENTS_ACCOUNT_REQUIRED", { message: "events need an account" });
  }
  return await ctx.ports.events.open({
    topics: request.topics,
    userId: ctx.identity.userId,
    resumeFrom: request.lastEventId,
  });
}
