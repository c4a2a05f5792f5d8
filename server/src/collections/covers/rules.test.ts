import { describe, expect, test } from "bun:test";
import { listCoverPaths, parseCoverPath, smallScale, toCoverPath } from "./rules.ts";

describe("a cover's path", () => {
  test("is the one that existing apps know", () => {
    expect(toCoverPath(3, "big", "png")).toBe("collections/3/cover/big.png");
    expect(listCoverPaths(3)).toHaveLength(6);
    expect(parseCoverPath(3, "collections/3/cover/small.webp")).toBe("collections/3/cover/small.webp");
  });

  test.each([
    "",
    "collections/4/cover/big.png",
    "collections/3/cover/../../4/cover/big.png",
    "collections/3/cover/big.svg",
    "/etc/passwd",
  ])("is none when it is stored as %j", (stored) => {
    expect(parseCoverPath(3, stored)).toBeNull();
  });
});

test.each([
  [999, 0.4],
  [1_000, 0.2],
])("the small copy of a cover of %d pixels has the scale %d", (height, scale) => {
  expect(smallScale(height)).toBe(scale);
});
