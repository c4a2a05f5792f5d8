import { expect, test } from "bun:test";
import { formatIds, toPartPattern } from "./sql.ts";

test("ids are one parameter, however many there are", () => {
  expect([[], [7], [3, 1, 2]].map(formatIds)).toEqual(["{}", "{7}", "{3,1,2}"]);
});

test("a part of a text is sought as it is", () => {
  expect(toPartPattern("a b")).toBe("%a b%");
  expect(toPartPattern("100%_\\")).toBe("%100\\%\\_\\\\%");
});
