import { describe, expect, test } from "bun:test";
import { maskCause, maskUrl } from "./masking.ts";
import { parseProxies } from "./proxies.ts";

describe("parseProxies", () => {
  const proxies = parseProxies({
    http: "proxy.lan:3128",
    https: "http://me:secret@proxy.lan:3129",
    except: ["nas.lan", ".home", "10.0.0.0/8", "db.example:81"],
  });
  test.each([
    ["http://example.com/", "http://proxy.lan:3128/"],
    ["https://example.com/", "http://me:secret@proxy.lan:3129/"],
    ["http://nas.lan/", null],
    ["http://deep.nas.lan/", null],
    ["http://a.home/", null],
    ["http://10.1.2.3/", null],
    ["http://db.example:81/", null],
    ["http://db.example/", "http://proxy.lan:3128/"],
  ] as const)("sends %s by %p", (url, expected) => {
    expect(proxies?.choose(new URL(url)) ?? null).toBe(expected);
  });

  test("sends everything directly without any", () => {
    const none = parseProxies({ http: null, https: null, except: [] });
    expect(none?.choose(new URL("http://example.com/"))).toBeNull();
  });

  test.each([
    { http: "socks5://x:1", https: null, except: [] },
    { http: null, https: "http://", except: [] },
    { http: null, https: null, except: ["a b"] },
  ])("does not take %o", (texts) => expect(parseProxies(texts)).toBeNull());
});

describe("maskUrl", () => {
  test("keeps the names of a query and none of its values", () => {
    const url = new URL("https://api.example/v1/games?apikey=SECRET&q=mario&q=2#SECRET");
    expect(maskUrl(url)).toBe("https://api.example/v1/games?apikey=…&q=…");
  });
  test("is bounded", () => {
    expect(maskUrl(new URL(`https://a.example/${"x".repeat(5_000)}`)).length).toBeLessThan(400);
  });
});

describe("maskCause", () => {
  test("takes addresses out of a message, and properties off", () => {
    const error = Object.assign(new TypeError('fetching "https://x/?k=SECRET" failed'), {
      code: "ECONNRESET",
      path: "https://x/?k=SECRET",
    });
    expect(maskCause(error)).toEqual({
      name: "TypeError",
      code: "ECONNRESET",
      message: 'fetching "(address)" failed',
    });
    expect(maskCause("SECRET")).toEqual({ message: "string" });
  });
});
