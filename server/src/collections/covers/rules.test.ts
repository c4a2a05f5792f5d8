import { describe, expect, test } from "bun:test";
import { parseCoverPath } from "./rules.ts";

describe("a cover's path", () => {
  test("is the one that existing apps know", () => {
    expect(parseCoverPath(3, "collections/3/cover/big.png")).toBe("collections/3/cover/big.png");
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
