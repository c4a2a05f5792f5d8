import type { Context } from "../../base/context.ts";
import type { EventFeed, FeedItem } from "../../ports/events/port.ts";
import type { Hidden } from "../hidden/contract.ts";
import { listRomsOutside } from "../hidden/queries.ts";
import { getHidden, listHiddenFolders } from "../hidden/service.ts";

/**
 * The same feed without what is hidden from the caller at the moment of reading: ids that the caller may not see
 * are taken out, and events that then name nothing are dropped. Ids of roms that no longer exist are taken out as
 * well while a platform is hidden, since nobody can tell any more whether they were of that one.
 */
export function withoutHidden(ctx: Context, feed: EventFeed): EventFeed {
  return {
    async next(signal, quietMs) {
      const endsAtMs = quietMs === undefined ? null : performance.now() + quietMs;
      for (;;) {
        const leftMs = endsAtMs === null ? undefined : Math.max(0, endsAtMs - performance.now());
        const items = await feed.next(signal, leftMs);
        const visible = await dropHidden(ctx, items);
        // Silence stays as long as was asked for: its end must not tell that something hidden happened.
        const isOver = items.length === 0 || signal.aborted || feed.isClosed || leftMs === 0;
        if (visible.length > 0 || isOver) return visible;
      }
    },
    position: feed.position,
    get isClosed() {
      return feed.isClosed;
    },
    close: feed.close,
  };
}

async function dropHidden(ctx: Context, items: readonly FeedItem[]): Promise<readonly FeedItem[]> {
  if (items.length === 0) return items;
  const hidden = await getHidden(ctx);
  if (hidden.mark === "") return items;
  const isVisibleRom = await judgeRoms(ctx, hidden, items.flatMap(namedRoms));
  const hasScan = items.some((item) => !("gap" in item) && item.topic === "scan");
  const folders = hasScan ? await listHiddenFolders(ctx) : new Set<string>();
  return items.flatMap((item) => {
    const visible = toVisible(item, { hidden, isVisibleRom, folders });
    return visible === null ? [] : [visible];
  });
}

/** What decides over an event. */
interface Sight {
  readonly hidden: Hidden;
  readonly isVisibleRom: (romId: number) => boolean;
  /** Folder names of hidden platforms. */
  readonly folders: ReadonlySet<string>;
}

function toVisible(item: FeedItem, { hidden, isVisibleRom, folders }: Sight): FeedItem | null {
  if ("gap" in item) return item;
  switch (item.topic) {
    case "library": {
      const isVisible = item.data.entity === "rom" ? isVisibleRom : (id: number) => !hidden.platforms.has(id);
      const ids = item.data.ids.filter(isVisible);
      return ids.length === 0 ? null : { ...item, data: { ...item.data, ids } };
    }
    case "scan": {
      const { platformFsSlug } = item.data;
      const isHidden = platformFsSlug !== null && folders.has(platformFsSlug);
      return isHidden ? { ...item, data: { ...item.data, platformFsSlug: null } } : item;
    }
    case "saves":
    case "activity":
      return isVisibleRom(item.data.romId) ? item : null;
    default:
      return item;
  }
}

function namedRoms(item: FeedItem): readonly number[] {
  if ("gap" in item) return [];
  if (item.topic === "library") return item.data.entity === "rom" ? item.data.ids : [];
  return item.topic === "saves" || item.topic === "activity" ? [item.data.romId] : [];
}

async function judgeRoms(
  ctx: Context,
  hidden: Hidden,
  romIds: readonly number[],
): Promise<Sight["isVisibleRom"]> {
  const isShown = (romId: number) => !hidden.roms.has(romId);
  if (romIds.length === 0 || hidden.platformIds.length === 0) return isShown;
  const outside = new Set(await listRomsOutside(ctx.db, romIds, hidden.platformIds));
  return (romId) => isShown(romId) && outside.has(romId);
}
