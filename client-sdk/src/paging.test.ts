import { describe, expect, test } from "bun:test";
import { createPaged, type ReadPage } from "./paging.ts";
import { settle } from "./testing/manual-environment.ts";

/** A list of `count` numbers from 1, in pages of `size`. */
function setUp(count: number, size: number) {
  const reads: (string | null)[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const readPage: ReadPage<number> = async (cursor, options) => {
    reads.push(cursor);
    signals.push(options.signal);
    const start = Number(cursor ?? 0);
    const items = Array.from(
      { length: Math.max(0, Math.min(size, count - start)) },
      (_, index) => start + index + 1,
    );
    return { items, nextCursor: start + size < count ? String(start + size) : null, total: null };
  };
  return { reads, signals, readPage, paged: createPaged(readPage, undefined) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("a paged list", () => {
  test.each([
    [0, 3],
    [1, 3],
    [3, 3],
    [7, 3],
  ])("gives all of %d items in pages of %d, each time anew", async (count, size) => {
    const { paged, reads } = setUp(count, size);
    const expected = Array.from({ length: count }, (_, index) => index + 1);
    expect(await collect(paged)).toEqual(expected);
    expect(await collect(paged)).toEqual(expected);
    expect(reads).toHaveLength(2 * Math.max(1, Math.ceil(count / size)));
  });

  test("reads nothing before it is asked, and one page ahead afterwards", async () => {
    const { paged, reads } = setUp(9, 3);
    const items = paged[Symbol.asyncIterator]();
    await settle();
    expect(reads).toEqual([]);
    await items.next();
    expect(reads).toEqual([null, "3"]);
    for (let count = 0; count < 2; count++) await items.next();
    expect(reads).toEqual([null, "3"]);
    await items.next();
    expect(reads).toEqual([null, "3", "6"]);
  });

  test("gives each of several `next` at the same time an item of its own", async () => {
    const { paged, reads } = setUp(5, 2);
    const items = paged[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 7 }, () => items.next()));
    expect(results.map(({ value }) => value)).toEqual([1, 2, 3, 4, 5, undefined, undefined]);
    expect(reads).toEqual([null, "2", "4"]);
  });

  test("gives pages as they come", async () => {
    const { paged } = setUp(5, 2);
    expect((await collect(paged.pages())).map(({ items }) => items)).toEqual([[1, 2], [3, 4], [5]]);
  });

  test("calls off the page read ahead when the loop is left", async () => {
    const { paged, signals } = setUp(9, 3);
    for await (const item of paged) if (item === 1) break;
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });

  test("skips a page without items", async () => {
    const pages = [[1], [], [2]];
    const paged = createPaged<number>(async (cursor) => {
      const index = Number(cursor ?? 0);
      return { items: pages[index] ?? [], nextCursor: index < 2 ? String(index + 1) : null, total: null };
    }, undefined);
    expect(await collect(paged)).toEqual([1, 2]);
  });

  test("meets the failure of a page where it belongs, and is over then", async () => {
    const { readPage } = setUp(9, 3);
    const failing = createPaged<number>(async (cursor, options) => {
      if (cursor === "3") throw new Error("lost");
      return await readPage(cursor, options);
    }, undefined);
    const items = failing[Symbol.asyncIterator]();
    for (let count = 0; count < 3; count++) expect((await items.next()).value).toBe(count + 1);
    await settle();
    expect(items.next()).rejects.toThrow("lost");
    expect((await items.next()).done).toBe(true);
  });

  test("becomes an array of at most so many items", async () => {
    const { paged, reads } = setUp(9, 3);
    expect(await paged.toArray({ max: 4 })).toEqual([1, 2, 3, 4]);
    expect(await paged.toArray({ max: 0 })).toEqual([]);
    expect(await paged.toArray({ max: 99 })).toHaveLength(9);
    expect(reads.slice(0, 3)).toEqual([null, "3", "6"]);
  });
});
