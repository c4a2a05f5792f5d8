import { expect, test } from "bun:test";
import { coverPathsOf, listCoverPaths, smallScale } from "./covers.ts";

test("a cover lies where existing apps look for it", () => {
  const bytes = new Uint8Array();
  const cover = { large: { extension: "png", bytes }, small: { extension: "webp", bytes } } as const;
  const paths = { pathCoverLarge: "a/cover/big.png", pathCoverSmall: "a/cover/small.webp" };
  expect(coverPathsOf("a/cover", cover)).toEqual(paths);
  expect(listCoverPaths("a/cover")).toHaveLength(6);
  expect(listCoverPaths("a/cover")).toContain(paths.pathCoverSmall);
});

test.each([
  [999, 0.4],
  [1_000, 0.2],
])("the small copy of a cover of %d pixels has the scale %d", (height, scale) => {
  expect(smallScale(height)).toBe(scale);
});
