import { describe, expect, test } from "bun:test";
import { type AllowedOrigins, addCorsHeaders, answerPreflight } from "./cors.ts";

const PAGE = "https://play.example";

const preflight = (headers: Record<string, string>, allowed: AllowedOrigins = "*", method = "OPTIONS") =>
  answerPreflight(new Request("http://localhost/api/roms", { method, headers }), allowed);

const ASKED = { origin: PAGE, "access-control-request-method": "PUT" };

describe("answerPreflight", () => {
  test("answers for any origin, with credentials", () => {
    const response = preflight({ ...ASKED, "access-control-request-headers": "authorization, x-csrftoken" });
    expect(response?.status).toBe(204);
    expect(Object.fromEntries(response?.headers ?? [])).toEqual({
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "authorization, x-csrftoken",
      "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
      "access-control-allow-origin": PAGE,
      "access-control-max-age": "600",
      vary: "Origin",
    });
  });

  test("allows a listed origin and stays silent about any other", () => {
    const origins = ["https://play.example", "https://other.example"];
    expect(preflight(ASKED, origins)?.headers.get("access-control-allow-origin")).toBe(PAGE);
    for (const origin of [
      "https://evil.example",
      "https://play.example.evil",
      "null",
      "http://play.example",
    ]) {
      const headers = preflight({ ...ASKED, origin }, origins)?.headers;
      expect(headers?.get("access-control-allow-origin")).toBeNull();
      expect(headers?.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("is no answer to anything but a preflight", () => {
    expect(preflight({ origin: PAGE })).toBeNull();
    expect(preflight(ASKED, "*", "POST")).toBeNull();
  });
});

describe("addCorsHeaders", () => {
  function headersFor(requestHeaders: Record<string, string>, given: Record<string, string> = {}) {
    const headers = new Headers(given);
    addCorsHeaders(headers, new Request("http://localhost/", { headers: requestHeaders }), "*");
    return headers;
  }

  test("lets a page read what downloads and retries need", () => {
    const headers = headersFor({ origin: PAGE });
    expect(headers.get("access-control-allow-origin")).toBe(PAGE);
    for (const name of ["content-range", "etag", "content-disposition", "retry-after", "x-request-id"]) {
      expect(headers.get("access-control-expose-headers")?.split(", ")).toContain(name);
    }
  });

  test("says to caches that the origin counts, once, whoever asks", () => {
    expect(headersFor({}).get("vary")).toBe("Origin");
    expect(headersFor({ origin: PAGE }, { vary: "Accept" }).get("vary")).toBe("Accept, Origin");
    expect(headersFor({ origin: PAGE }, { vary: "Origin" }).get("vary")).toBe("Origin");
  });

  test("adds nothing else for a caller that is no page", () => {
    expect([...headersFor({}).keys()]).toEqual(["vary"]);
  });
});
