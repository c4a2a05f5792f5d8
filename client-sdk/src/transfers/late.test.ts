import { expect, test } from "bun:test";
import { failureOf } from "../testing/failure-of.ts";
import { loadLate } from "./late.ts";

test("gives the part, and tells of one that could not be loaded as of any lost connection", async () => {
  expect(await loadLate(Promise.resolve(7))).toBe(7);
  const cause = new TypeError("Failed to fetch dynamically imported module");
  const failure = await failureOf(loadLate(Promise.reject(cause)));
  expect(failure).toMatchObject({ kind: "network", isTransient: true, cause });
});
