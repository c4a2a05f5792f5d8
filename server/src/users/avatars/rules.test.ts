import { describe, expect, test } from "bun:test";
import { toAccountFolder } from "../../base/account-folder.ts";
import { parseAvatarPath, toAvatarPath } from "./rules.ts";

describe("an avatar's path", () => {
  test("is the one that existing apps know", () => {
    expect(toAccountFolder(1)).toBe("users/557365723a31");
    expect(toAvatarPath(1, "png")).toBe("users/557365723a31/profile/avatar.png");
    expect(parseAvatarPath(1, "users/557365723a31/profile/avatar.gif")).toBe("gif");
  });

  test.each([
    "",
    "users/557365723a32/profile/avatar.png",
    "users/557365723a31/profile/../../x/avatar.png",
    "users/557365723a31/profile/avatar.svg",
    "/etc/passwd",
    "../../secrets/control.json",
    "users/557365723a31/profile/avatar.png\u0000",
  ])("is none when it is stored as %j", (stored) => {
    expect(parseAvatarPath(1, stored)).toBeNull();
  });
});
