import { onAnyAbort } from "./http/deadline.ts";
import type { CallOptions } from "./options.ts";

/** One page of a list; `total` is null unless it was asked for. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Give it to the next call; null on the last page. */
  readonly nextCursor: string | null;
  readonly total: number | null;
}

/** Which page to read. */
export interface PageInput {
  cursor?: string | undefined;
  /** Items on the page. */
  limit?: number | undefined;
  withTotal?: boolean | undefined;
}

/**
 * Everything a list holds, read page by page as it is needed. Each loop begins at the first item.
 * @example
 * for await (const rom of client.roms.each({ orderBy: "name" })) show(rom.name);
 * const first = await client.roms.each().toArray({ max: 100 });
 */
export interface Paged<T> extends AsyncIterable<T> {
  /** The same items, a page at a time. */
  pages(): AsyncIterable<Page<T>>;
  /** The first items, at most `max` of them. */
  toArray(limit: { max: number }): Promise<T[]>;
}

/** Reads one page; null asks for the first. */
export type ReadPage<T> = (cursor: string | null, options: CallOptions) => Promise<Page<T>>;

/** Makes a list that is read page by page, one page ahead of the reader. */
export function createPaged<T>(readPage: ReadPage<T>, options: CallOptions | undefined): Paged<T> {
  const pages = () => iteratePages(readPage, options ?? {});
  return {
    pages: () => ({ [Symbol.asyncIterator]: pages }),
    [Symbol.asyncIterator]: () => iterateItems(pages()),
    async toArray({ max }) {
      const items: T[] = [];
      if (max <= 0) return items;
      for await (const page of { [Symbol.asyncIterator]: pages }) {
        items.push(...page.items.slice(0, max - items.length));
        if (items.length >= max) break;
      }
      return items;
    },
  };
}

const DONE = { done: true, value: undefined } as const;

/** Steps of `next` run one after the other, so that calls at the same time each get their own page. */
function inTurn<R>(step: () => Promise<R>): () => Promise<R> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const turn = last.then(step, step);
    last = turn.catch(() => undefined);
    return turn;
  };
}

function iteratePages<T>(readPage: ReadPage<T>, options: CallOptions): AsyncIterator<Page<T>, undefined> {
  const controller = new AbortController();
  const stopListening = onAnyAbort([options.signal], (signal) => controller.abort(signal.reason));
  const read = (cursor: string | null) => {
    const page = readPage(cursor, { ...options, signal: controller.signal });
    // It is read ahead: its failure is met by the `next` that wants it, if that ever comes.
    page.catch(() => undefined);
    return page;
  };
  let ahead: Promise<Page<T>> | null = null;
  let isOver = false;
  const finish = () => {
    isOver = true;
    stopListening();
  };
  const next = inTurn(async (): Promise<IteratorResult<Page<T>, undefined>> => {
    if (isOver) return DONE;
    try {
      const page = await (ahead ?? read(null));
      ahead = page.nextCursor === null ? null : read(page.nextCursor);
      if (ahead === null) finish();
      return { done: false, value: page };
    } catch (thrown) {
      finish();
      throw thrown;
    }
  });
  return {
    next,
    async return() {
      finish();
      controller.abort();
      return DONE;
    },
  };
}

function iterateItems<T>(pages: AsyncIterator<Page<T>, undefined>): AsyncIterator<T, undefined> {
  let items: readonly T[] = [];
  let index = 0;
  const next = inTurn(async (): Promise<IteratorResult<T, undefined>> => {
    while (index >= items.length) {
      const step = await pages.next();
      if (step.done) return DONE;
      items = step.value.items;
      index = 0;
    }
    const value = items[index] as T;
    index += 1;
    return { done: false, value };
  });
  return {
    next,
    async return() {
      items = [];
      await pages.return?.();
      return DONE;
    },
  };
}
