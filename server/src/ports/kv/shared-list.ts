import { createHexToken } from "../../base/ids.ts";
import type { Log } from "../log/port.ts";
import type { Kv } from "./port.ts";

/** How a list is kept that every process adds its own to, and all read. */
export interface SharedListOptions {
  readonly kv: Kv;
  readonly log: Log;
  /** What is listed, for the log. */
  readonly what: string;
  /** The set that names the entries of all processes. */
  readonly setKey: string;
  keyOf(processId: string, page: number): string;
  /** Items in one entry, so that a change rewrites few others. */
  readonly itemsPerPage: number;
  /** Life of an entry whose process renews it no more, such as one that was killed. */
  readonly ttlMs: number;
  readonly renewMs: number;
  /** Between two writings of what changed. */
  readonly writeMs: number;
  /** Tells whether an item is there still. */
  has(id: string): boolean;
  /** The text of an entry; asked with items that are there. */
  format(ids: readonly string[]): string;
  /** Called once what was noted is written, with those of it that were not listed before. */
  onWritten?(opened: readonly string[]): Promise<void>;
}

/** What this process has of a shared list. */
export interface SharedList {
  /** Says that an item is new, changed or gone; written soon. */
  note(id: string): void;
  /** Takes everything of this process out. */
  stop(): Promise<void>;
}

/** The texts of all entries, in whichever process; those of processes that ended without a word are forgotten. */
export async function readSharedList(
  kv: Pick<Kv, "get" | "members" | "removeMembers">,
  setKey: string,
): Promise<readonly string[]> {
  const keys = await kv.members(setKey);
  const pages = await Promise.all(keys.map((key) => kv.get(key)));
  const gone = keys.filter((_key, at) => pages[at] === null);
  if (gone.length > 0) await kv.removeMembers(setKey, gone);
  return pages.filter((page) => page !== null);
}

/** Items by the entry in which they are listed. */
interface Shelf {
  readonly pageOf: Map<string, number>;
  readonly pages: Set<string>[];
  readonly dirty: Set<number>;
}

/**
 * Puts an item where it belongs, and marks the entry that is to be written.
 * @returns True for one that was not listed before.
 */
function shelve(
  { pageOf, pages, dirty }: Shelf,
  id: string,
  { has, itemsPerPage }: SharedListOptions,
): boolean {
  const isThere = has(id);
  const known = pageOf.get(id);
  if (known !== undefined) dirty.add(known);
  if (!isThere && known !== undefined) {
    pages[known]?.delete(id);
    pageOf.delete(id);
  }
  if (!isThere || known !== undefined) return false;
  let page = pages.findIndex((ids) => ids.size < itemsPerPage);
  if (page < 0) page = pages.push(new Set()) - 1;
  pages[page]?.add(id);
  pageOf.set(id, page);
  dirty.add(page);
  return true;
}

async function writePage(
  { kv, setKey, has, format, ttlMs }: SharedListOptions,
  key: string,
  ids: ReadonlySet<string>,
): Promise<void> {
  const present = [...ids].filter(has);
  if (present.length === 0) {
    await kv.removeMembers(setKey, [key]);
    await kv.remove([key]);
    return;
  }
  await kv.set(key, format(present), { ttlMs });
  await kv.addMembers(setKey, [key]);
}

/** Begins to list the items of this process; what cannot be written now is tried again with the next renewal. */
export function startSharedList(options: SharedListOptions): SharedList {
  const { kv, log, what, setKey, keyOf, renewMs, writeMs, onWritten } = options;
  const processId = createHexToken(8);
  const shelf: Shelf = { pageOf: new Map(), pages: [], dirty: new Set() };
  const noted = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isStopped = false;
  let writing: Promise<void> = Promise.resolve();

  const write = async () => {
    const hasNews = noted.size > 0;
    const opened = [...noted].filter((id) => shelve(shelf, id, options));
    noted.clear();
    for (const page of [...shelf.dirty]) {
      await writePage(options, keyOf(processId, page), shelf.pages[page] ?? new Set());
      shelf.dirty.delete(page);
    }
    if (hasNews) await onWritten?.(opened);
  };
  const run = () => {
    timer = null;
    writing = writing.then(write).catch((error: unknown) => {
      log.warn(`could not list ${what}`, { error });
    });
  };
  const renewing = setInterval(() => {
    // Written again as a whole: some things change without being noted, and the store may have forgotten them.
    for (const [page, ids] of shelf.pages.entries()) if (ids.size > 0) shelf.dirty.add(page);
    if (shelf.dirty.size > 0) run();
  }, renewMs);
  return {
    note(id) {
      noted.add(id);
      if (timer === null && !isStopped) timer = setTimeout(run, writeMs);
    },
    async stop() {
      isStopped = true;
      clearInterval(renewing);
      if (timer !== null) clearTimeout(timer);
      await writing;
      const keys = shelf.pages.map((_ids, page) => keyOf(processId, page));
      if (keys.length === 0) return;
      await kv.removeMembers(setKey, keys);
      await kv.remove(keys);
    },
  };
}
