import { describe, expect, test } from "bun:test";
import {
  formatNoSessionCookie,
  parseCookies,
  readBrowserId,
  readSessionId,
  toSignedInCookies,
  toSignedOutCookies,
} from "./wire.ts";

const ID = "6b178345-11b2-4f5c-bd44-92b0d480e417";

describe("parseCookies", () => {
  const table: [string, string | null, [string, string][]][] = [
    ["no header", null, []],
    ["an empty header", "", []],
    ["one cookie", "a=1", [["a", "1"]]],
    [
      "several, in any spacing",
      "a=1;b=2;  c = 3 ",
      [
        ["a", "1"],
        ["b", "2"],
        ["c", "3"],
      ],
    ],
    ["a value with equals signs", "a=b=c==", [["a", "b=c=="]]],
    ["the first of two of one name", "a=1; a=2", [["a", "1"]]],
    ["pieces without an equals sign", "junk; a=1; ;", [["a", "1"]]],
    ["an endless header", `a=1; b=${"x".repeat(20_000)}`, []],
  ];
  test.each(table)("reads %s", (_name, header, expected) => {
    expect([...parseCookies(header)]).toEqual(expected);
  });
});

describe("readSessionId and readBrowserId", () => {
  test("give ids that can be ours only", () => {
    const cookies = (text: string) => parseCookies(`romm_session=${text}; multitap_browser=${text}`);
    expect([readSessionId(cookies(ID)), readBrowserId(cookies(ID))]).toEqual([ID, ID]);
    for (const text of ["null", "", `${ID}x`, ID.toUpperCase(), "../../etc"]) {
      expect([readSessionId(cookies(text)), readBrowserId(cookies(text))]).toEqual([null, null]);
    }
    expect(readSessionId(parseCookies(null))).toBeNull();
  });
});

describe("cookies", () => {
  const signedIn = { sessionId: ID, csrfToken: "t.s", browserId: ID, maxAgeSeconds: 1_209_600 };

  test("of a login over http look as in the compatible API (romm-ios-app and romm-client read them)", () => {
    expect(toSignedInCookies({ ...signedIn, isSecure: false, sameSite: "strict" })).toEqual([
      `romm_session=${ID}; path=/; Max-Age=1209600; httponly; samesite=strict`,
      "romm_csrftoken=t.s; Path=/; SameSite=lax",
      `multitap_browser=${ID}; path=/; Max-Age=34560000; httponly; samesite=strict`,
    ]);
  });

  test("of a login that must stay on https say so", () => {
    for (const cookie of toSignedInCookies({ ...signedIn, isSecure: true, sameSite: "strict" })) {
      expect(cookie.toLowerCase()).toEndWith("; secure");
    }
  });

  test("of a logout make the browser forget its session", () => {
    expect(
      toSignedOutCookies({ csrfToken: "t.s", providerLogoutUrl: null, isSecure: false, sameSite: "strict" }),
    ).toEqual([
      "romm_session=null; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=strict",
      "romm_csrftoken=t.s; Path=/; SameSite=lax",
    ]);
    expect(formatNoSessionCookie({ isSecure: true, sameSite: "strict" })).toEndWith("; secure");
  });
});
