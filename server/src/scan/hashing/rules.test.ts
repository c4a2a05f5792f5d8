import { describe, expect, test } from "bun:test";
import { toBatches } from "./rules.ts";

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

interface NumberedFile {
  readonly fileId: number;
  readonly sizeBytes: number;
}

/** Files of these sizes, numbered in their order. */
const filesOf = (...sizes: readonly number[]): NumberedFile[] =>
  sizes.map((sizeBytes, index) => ({
    fileId: index + 1,
    sizeBytes,
  }));

const many = (count: number, sizeBytes: number): NumberedFile[] =>
  filesOf(...Array.from({ length: count }, () => sizeBytes));

const idsOf = (files: readonly NumberedFile[], workers: number): number[][] =>
  toBatches(files, workers).map((batch) => batch.map((file) => file.fileId));

const countsOf = (files: readonly NumberedFile[], workers: number): number[] =>
  toBatches(files, workers).map((batch) => batch.length);

describe("toBatches", () => {
  test("gives no batch for no files", () => expect(toBatches([], 2)).toEqual([]));

  test("puts 64 small files together, whatever the number of workers", () => {
    expect(countsOf(many(130, 1000), 1)).toEqual([64, 64, 2]);
    expect(countsOf(many(130, 1000), 8)).toEqual([64, 64, 2]);
  });

  test("ends a batch of small files at 64 MiB", () => {
    expect(countsOf(many(10, 15 * MEBIBYTE), 2)).toEqual([4, 4, 2]);
  });

  test.each([
    { count: 1, workers: 2, expected: [1] },
    { count: 2, workers: 2, expected: [1, 1] },
    { count: 3, workers: 2, expected: [1, 1, 1] },
    { count: 4, workers: 2, expected: [2, 2] },
    { count: 7, workers: 2, expected: [3, 3, 1] },
    { count: 8, workers: 2, expected: [4, 4] },
    { count: 40, workers: 2, expected: [4, 4, 4, 4, 4, 4, 4, 4, 4, 4] },
    { count: 2, workers: 1, expected: [2] },
    { count: 9, workers: 1, expected: [4, 4, 1] },
  ])(
    "gives $count large files to $workers workers before it puts some together",
    ({ count, workers, expected }) => {
      expect(countsOf(many(count, 700 * MEBIBYTE), workers)).toEqual([...expected]);
    },
  );

  test("puts large files of like size together, the largest first, small ones behind in their order", () => {
    const sizes = [20, 1, 300, 25, 310, 2].map((size) => size * MEBIBYTE);
    expect(idsOf(filesOf(...sizes), 2)).toEqual([
      [5, 3],
      [4, 1],
      [2, 6],
    ]);
  });

  test("bounds what a batch of large files loses when a scan is killed", () => {
    expect(countsOf(many(8, 4.3e9), 1)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect(countsOf(many(8, 4 * GIBIBYTE), 1)).toEqual([2, 2, 2, 2]);
    expect(countsOf(many(8, 2 * GIBIBYTE), 1)).toEqual([4, 4]);
    expect(countsOf(many(2, 25 * GIBIBYTE), 1)).toEqual([1, 1]);
  });
});
