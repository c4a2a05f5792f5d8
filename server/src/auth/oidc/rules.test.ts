import { describe, expect, test } from "bun:test";
import {
  type Claims,
  decideRole,
  findClaim,
  findPagePrefix,
  formatScope,
  joinClaims,
  judgeEmail,
  parseNext,
  type RoleDecision,
  toUsername,
} from "./rules.ts";

const oidc = { rolesClaim: "groups", roleNames: { viewer: "v", editor: "e", admin: "a" } };

describe("findClaim", () => {
  const table: [string, Claims, string, unknown][] = [
    ["a name", { roles: 1 }, "roles", 1],
    ["a path", { realm_access: { roles: ["x"] } }, "realm_access.roles", ["x"]],
    ["a name with dots before a path", { "a.b": 1, a: { b: 2 } }, "a.b", 1],
    ["a name that is an address", { "https://x.example/roles": 3 }, "https://x.example/roles", 3],
    ["nothing behind a text", { a: "text" }, "a.length", undefined],
    ["nothing inherited", {}, "constructor", undefined],
    ["nothing inherited below", { a: {} }, "a.__proto__", undefined],
    ["nothing for null", { a: null }, "a", undefined],
  ];
  test.each(table)("finds %s", (_name, claims, path, expected) => {
    expect(findClaim(claims, path)).toEqual(expected);
  });
});

describe("decideRole", () => {
  const table: [string, unknown, RoleDecision][] = [
    ["an admin among others", ["x", "v", "a"], "admin"],
    ["an editor before a viewer", ["v", "e"], "editor"],
    ["a viewer", ["v"], "viewer"],
    ["a text", "a", "admin"],
    ["words in a text", "x e v", "editor"],
    ["part of a word, which is nothing", "va", "none"],
    ["no role of ours", ["x"], "none"],
    ["an empty list", [], "none"],
    ["an empty text", "", "none"],
    ["other letters", ["A"], "none"],
    ["things that are no texts", [1, null, { a: true }], "none"],
    ["an object", { a: true }, "none"],
    ["an absent claim", undefined, "keep"],
    ["null", null, "keep"],
  ];
  test.each(table)("reads %s", (_name, groups, expected) => {
    expect(decideRole(oidc, { groups })).toBe(expected);
  });

  test("takes a role with spaces as one, too", () => {
    const roleNames = { ...oidc.roleNames, admin: "Domain Admins" };
    expect(decideRole({ ...oidc, roleNames }, { groups: "Domain Admins" })).toBe("admin");
  });

  test("makes everybody a viewer for *, but nobody anything for a role that is not set", () => {
    const open = { ...oidc, roleNames: { viewer: "*", editor: "", admin: "" } };
    expect(decideRole(open, { groups: [""] })).toBe("viewer");
    expect(decideRole({ ...open, roleNames: { ...open.roleNames, viewer: "" } }, { groups: [""] })).toBe(
      "none",
    );
    expect(decideRole({ ...oidc, rolesClaim: "" }, { groups: ["a"], "": ["a"] })).toBe("keep");
  });

  test("looks at a bounded number of roles", () => {
    expect(decideRole(oidc, { groups: [...Array<string>(1_000).fill("x"), "a"] })).toBe("none");
  });
});

describe("judgeEmail", () => {
  test.each([
    [true, [], "verified"],
    ["true", [], "verified"],
    [false, [], "unverified"],
    ["false", [], "unverified"],
    [undefined, [], "unknown"],
    [undefined, ["email_verified"], "unverified"],
    [1, ["email_verified"], "unverified"],
    [1, [], "unknown"],
  ] as const)("takes %p with a promise of %p for %s", (flag, supported, expected) => {
    expect(judgeEmail({ email_verified: flag }, supported)).toBe(expected);
  });
});

describe("joinClaims", () => {
  test("lets the ID token win", () => {
    expect(joinClaims({ a: 1 }, { a: 2, b: 3 })).toEqual({ a: 1, b: 3 });
  });

  test("never vouches for one address with the word for another", () => {
    const joined = joinClaims({ email: "admin@x" }, { email: "me@x", email_verified: true });
    expect(joined).toEqual({ email: "admin@x" });
    expect(joinClaims({ email: "me@x" }, { email: "me@x", email_verified: true })).toHaveProperty(
      "email_verified",
    );
    expect(joinClaims({ email: "admin@x" }, { email_verified: true })).not.toHaveProperty("email_verified");
  });
});

describe("formatScope", () => {
  test.each([
    ["", [], "openid profile email"],
    ["groups", [], "openid profile email groups"],
    ["realm_access.roles", ["openid", "roles"], "openid profile email"],
    ["my.roles", ["my.roles"], "openid profile email my.roles"],
  ])("for %p", (claim, supported, expected) => {
    expect(formatScope(claim, supported)).toBe(expected);
  });
});

describe("findPagePrefix", () => {
  test.each([
    ["https://games.example/api/oauth/openid", ""],
    ["https://games.example/api/oauth/openid/", ""],
    ["https://home.example/romm/api/oauth/openid", "/romm"],
    ["https://games.example/elsewhere", ""],
    ["", ""],
  ])("of %p is %p", (redirectUri, expected) => {
    expect(findPagePrefix(redirectUri)).toBe(expected);
  });
});

describe("parseNext", () => {
  test.each(["/", "/rom/7", "/pair/device?user_code=AB#x", "/a//b", "/%5C"])("takes %s", (path) => {
    expect(parseNext(path)).toBe(path);
  });

  test.each([
    "",
    "rom/7",
    "//evil.example",
    "/\\evil.example",
    "/a\\b",
    "https://evil.example",
    "javascript:alert(1)",
    "/a\r\nset-cookie: x=1",
    "/\t/evil.example",
    "/ü",
    `/${"x".repeat(2_000)}`,
  ])("refuses %p", (path) => {
    expect(parseNext(path)).toBeNull();
  });
});

describe("toUsername", () => {
  test.each([
    ["Ana", "ana"],
    ["ana.maria@example.org", "ana-maria"],
    ["Jörg Müller", "jorg-muller"],
    ["-_x_-", "_x_"],
    ["al", "al-user"],
    ["日本", "user"],
    ["@example.org", "user"],
    ["a\u0000b\u0000c", "a-b-c"],
    ["x".repeat(1_000), "x".repeat(200)],
  ])("makes %p %p", (text, expected) => {
    expect(toUsername(text)).toBe(expected);
  });
});
