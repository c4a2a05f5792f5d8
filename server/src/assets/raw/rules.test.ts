import { describe, expect, test } from "bun:test";
import { parseRawPath } from "./rules.ts";

const ONE = "users/557365723a31";

describe("parseRawPath", () => {
  test.each([
    [`${ONE}/saves/n64/25/mgba/a b.srm`, 1, "saves", `${ONE}/saves/n64/25/mgba`, "a b.srm"],
    [`${ONE}/screenshots/n64/25/ä.png`, 1, "screenshots", `${ONE}/screenshots/n64/25`, "ä.png"],
    [`${ONE}/profile/avatar.png`, 1, null, `${ONE}/profile`, "avatar.png"],
    ["users/557365723a3132/states/x", 12, "states", "users/557365723a3132/states", "x"],
  ] as const)("reads %s", (path, ownerId, kind, folder, fileName) => {
    expect(parseRawPath(path)).toEqual({ ownerId, kind, folder, fileName });
  });

  test.each([
    "",
    "/",
    `/${ONE}/saves/x`,
    `${ONE}`,
    `${ONE}/`,
    `${ONE}/saves/`,
    `${ONE}//saves/x`,
    `${ONE}/../557365723a32/saves/x`,
    `${ONE}/saves/./x`,
    `${ONE}/saves/..`,
    `${ONE}/saves\\x/y`,
    `${ONE}/saves/x\0.png`,
    `${ONE}/saves/x\n`,
    `${ONE}/saves/\ud800`,
    `../assets/${ONE}/saves/x`,
    "users/557365723A31/saves/x",
    "users/557365723a3031/saves/x",
    "users/1/saves/x",
    "users/557365723a/saves/x",
    "users/zz/saves/x",
    "other/557365723a31/saves/x",
    "C:/users/557365723a31/x",
  ])("refuses %j", (path) => {
    expect(parseRawPath(path)).toBeNull();
  });
});
