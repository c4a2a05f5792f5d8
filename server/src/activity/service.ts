import { RESOURCES_PREFIX } from "../base/addresses.ts";
import { toInstant } from "../base/clock.ts";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import type { ActivityEvent } from "../base/events.ts";
import { findAccountId, requireAccountId } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { noteSighting } from "../devices/service.ts";
import { getHidden, hidesRom } from "../permissions/hidden/service.ts";
import { findEntry, listEntries, putEntry, sweepEntries, takeEntry } from "./board/service.ts";
import {
  type Activity,
  ActivityListSchema,
  ActivitySchema,
  HeartbeatInput,
  ListActivityInput,
  SocketHeartbeatInput,
  StopInput,
  StoppedSchema,
} from "./contract.ts";
import { ENTRIES_LISTED_MAX, ENTRIES_PER_USER_MAX, ENTRY_TTL_MS } from "./limits.ts";
import { type EntryFacts, listEntryFacts } from "./queries.ts";
import type { Entry } from "./rules.ts";

function toWebPath(path: string): string {
  return /^(?:https?:|\/)/.test(path) ? path : `${RESOURCES_PREFIX}/${path}`;
}

/** What somebody sees of an entry. */
function toActivity(entry: Entry, facts: EntryFacts, viewerId: number | null): Activity {
  const { rom, client } = facts;
  const { userId, deviceId, via, startedAtMs } = entry;
  const cover = rom.pathCoverSmall;
  return {
    userId,
    username: facts.username,
    avatarPath: facts.avatarPath,
    romId: rom.id,
    romName: rom.name || rom.fsName,
    romCoverPath: cover ? `${toWebPath(cover)}?ts=${rom.updatedAt.getTime()}` : "",
    screenshotPath: choosePicture(facts, viewerId === userId),
    platformSlug: facts.platformSlug,
    platformName: facts.platformName,
    deviceId,
    deviceType: client || (via === "socket" ? "web" : "unknown"),
    startedAt: toInstant(new Date(startedAtMs)),
  };
}

/** A picture of a save that its owner keeps to himself is not for others: they could not open it. */
function choosePicture({ picture, titleScreen, rom }: EntryFacts, isOwn: boolean): string {
  if (picture !== null && (isOwn || picture.isPublic)) {
    const version = encodeURIComponent(toInstant(picture.updatedAt));
    return `/api/screenshots/${picture.id}/content?timestamp=${version}`;
  }
  const shot = titleScreen ?? rom.pathScreenshots[0] ?? rom.urlScreenshots[0];
  return shot === undefined ? "" : toWebPath(shot);
}

function raise(ctx: Pick<Context, "raise">, change: ActivityEvent["change"], entry: Entry): void {
  const { userId, romId, deviceId, via, isPublic, startedAtMs } = entry;
  ctx.raise({
    topic: "activity",
    // Of an account that keeps off the board only its own apps are told.
    userId: isPublic ? null : userId,
    data: { change, romId, userId, deviceId, via, startedAt: toInstant(new Date(startedAtMs)) },
  });
}

interface Beat {
  readonly romId: number;
  readonly deviceId: string;
  readonly via: Entry["via"];
  readonly isStart: boolean;
}

async function beat(ctx: Context, { romId, deviceId, via, isStart }: Beat): Promise<Activity> {
  const userId = requireAccountId(ctx);
  const nowMs = ctx.ports.clock.now().getTime();
  const draft = { userId, deviceId, romId, via, isPublic: true, startedAtMs: nowMs, endsAtMs: nowMs };
  const [[facts = null], hidden, previous] = await Promise.all([
    listEntryFacts(ctx.db, [draft]),
    getHidden(ctx),
    findEntry(ctx, draft),
  ]);
  if (facts === null || hidesRom(hidden, facts.rom)) {
    throw new AppError("not_found", "ROMS_NOT_FOUND", { message: `ROM ${romId} not found` });
  }
  if (via === "rest" && !facts.isRegistered) {
    const message = `Device ${deviceId} not found for this user`;
    throw new AppError("not_found", "DEVICES_NOT_FOUND", { message });
  }
  const goesOn = previous !== null && previous.romId === romId && !isStart;
  const entry: Entry = {
    ...draft,
    isPublic: !facts.isHiding,
    startedAtMs: goesOn ? previous.startedAtMs : nowMs,
    endsAtMs: nowMs + ENTRY_TTL_MS,
  };
  if (previous === null) await makeRoom(ctx, userId);
  await putEntry(ctx, entry, previous);
  // Whoever was told of the one before may not be told of this one.
  const isLeft = previous !== null && (previous.romId !== romId || (previous.isPublic && !entry.isPublic));
  if (isLeft) raise(ctx, "cleared", previous);
  raise(ctx, "updated", entry);
  if (facts.isRegistered) await noteSighting(ctx, deviceId);
  return toActivity(entry, facts, userId);
}

/** One account has so many entries and no more; those that began first make room. */
async function makeRoom(ctx: Context, userId: number): Promise<void> {
  const own = (await listEntries(ctx)).filter((entry) => entry.userId === userId);
  for (const entry of own.slice(ENTRIES_PER_USER_MAX - 1)) await clearActivity(ctx, entry);
}

/**
 * Says that the caller plays a rom on a registered device; to be said again every 30 to 60 s, and forgotten after 90.
 * Everybody who may see the rom is told.
 * @throws AppError `ROMS_NOT_FOUND`; `DEVICES_NOT_FOUND`, also for somebody else's device; `AUTH_ACCOUNT_REQUIRED` for
 *   callers without an account.
 */
export const heartbeatActivity = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    input: HeartbeatInput,
    output: ActivitySchema,
    isFleeting: true,
  },
  async (ctx, input): Promise<Activity> => await beat(ctx, { ...input, via: "rest", isStart: false }),
);

/**
 * The same from a socket, where any text names a device.
 * @throws AppError `ROMS_NOT_FOUND`; `AUTH_ACCOUNT_REQUIRED` for callers without an account.
 */
export const heartbeatFromSocket = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    input: SocketHeartbeatInput,
    output: ActivitySchema,
    isFleeting: true,
  },
  async (ctx, input): Promise<Activity> => await beat(ctx, { ...input, via: "socket" }),
);

/** Says that the caller plays no more on a device; nothing happens when nobody knew of it. */
export const stopActivity = operation(
  { type: "mutation", scope: "roms.user.write", input: StopInput, output: StoppedSchema, isFleeting: true },
  async (ctx, { deviceId }): Promise<null> => {
    await clearActivity(ctx, { userId: requireAccountId(ctx), deviceId });
    return null;
  },
);

/** Takes away what an account plays on a device, and tells those who were told of it; for this server's own use. */
export async function clearActivity(
  ctx: Pick<Context, "ports" | "raise">,
  name: Pick<Entry, "userId" | "deviceId">,
): Promise<void> {
  const entry = await takeEntry(ctx, name);
  if (entry !== null) raise(ctx, "cleared", entry);
}

/** Tells of everything that ran out since the last time; to be called every few seconds. */
export async function sweepActivity(ctx: Pick<Context, "ports" | "raise">): Promise<void> {
  for (const entry of await sweepEntries(ctx)) raise(ctx, "cleared", entry);
}

/**
 * Who plays what now, of everybody or one rom; those that began last first. Roms that are hidden from the caller are
 * left out, and accounts that keep off the board, except the caller's own.
 */
export const listActivity = operation(
  { type: "query", scope: "roms.user.read", input: ListActivityInput, output: ActivityListSchema },
  async (ctx, { romId }): Promise<readonly Activity[]> => {
    const entries = (await listEntries(ctx, romId)).slice(0, ENTRIES_LISTED_MAX);
    const [facts, hidden] = await Promise.all([listEntryFacts(ctx.db, entries), getHidden(ctx)]);
    const viewerId = findAccountId(ctx.identity);
    return entries.flatMap((entry, place) => {
      const said = facts[place] ?? null;
      if (said === null || hidesRom(hidden, said.rom)) return [];
      if (said.isHiding && entry.userId !== viewerId) return [];
      return [toActivity(entry, said, viewerId)];
    });
  },
);

/** What is to be told of an event, and to whom. */
export interface ActivityNews {
  readonly change: ActivityEvent["change"];
  /** The only account that may be told; null for everybody. */
  readonly audienceId: number | null;
  readonly event: ActivityEvent;
  /** The rom's place; null when it is gone. */
  readonly rom: { readonly id: number; readonly platformId: number } | null;
  /** What somebody is told of an entry that goes on; null when there is nothing to tell. */
  show(viewerId: number | null): Activity | null;
}

/** Reads what events are about, in one statement; for this server's own use. */
export async function readNews(
  ctx: Pick<Context, "db">,
  events: readonly { readonly userId: number | null; readonly data: ActivityEvent }[],
): Promise<readonly ActivityNews[]> {
  const entries = events.map(({ userId, data }): Entry => {
    const startedAtMs = Date.parse(data.startedAt);
    return { ...data, isPublic: userId === null, startedAtMs, endsAtMs: startedAtMs };
  });
  const facts = await listEntryFacts(ctx.db, entries);
  return events.map(({ userId, data }, place) => {
    const [entry, said] = [entries[place], facts[place] ?? null];
    return {
      change: data.change,
      audienceId: userId,
      event: data,
      rom: said?.rom ?? null,
      show: (viewerId) => (entry === undefined || said === null ? null : toActivity(entry, said, viewerId)),
    };
  });
}

/** What the caller may be told of. */
export interface ActivitySight {
  readonly viewerId: number | null;
  sees(rom: ActivityNews["rom"]): boolean;
}

/** What the caller may be told of; of a rom that is gone only whoever sees every platform. */
export async function readActivitySight(ctx: Context): Promise<ActivitySight> {
  const hidden = await getHidden(ctx);
  return {
    viewerId: findAccountId(ctx.identity),
    sees: (rom) => (rom === null ? hidden.mark === "" : !hidesRom(hidden, rom)),
  };
}
