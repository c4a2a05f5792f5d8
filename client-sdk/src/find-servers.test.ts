import { describe, expect, test } from "bun:test";
import { findServers, listCandidates } from "./find-servers.ts";
import { failureOf } from "./testing/failure-of.ts";

const HEARTBEAT = {
  SYSTEM: {},
  MULTITAP: { version: "0.1.0", apiRevision: 1, apiRevisionOldest: 1, features: ["scan"] },
};

/** A network on which only the given addresses answer. */
function network(answers: Readonly<Record<string, () => Response | Promise<Response>>>) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    const answer = answers[url.replace(/\/api\/heartbeat$/, "")];
    if (answer !== undefined) return await answer();
    if (url.includes(":3000")) {
      return await new Promise((_resolve, reject) => {
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    }
    throw new TypeError("refused");
  };
}

describe("listCandidates", () => {
  test.each([
    [
      "nas.local",
      [
        "https://nas.local",
        "https://nas.local:8443",
        "http://nas.local:8080",
        "http://nas.local",
        "http://nas.local:3000",
      ],
    ],
    ["nas.local:9000", ["https://nas.local:9000", "http://nas.local:9000"]],
    ["http://nas", ["http://nas:8080", "http://nas", "http://nas:3000"]],
    ["https://nas:1/games/", ["https://nas:1/games"]],
    ["  [fe80::1]:80 ", ["https://[fe80::1]:80", "http://[fe80::1]:80"]],
  ])("of %p", (typed, expected) => {
    expect(listCandidates(typed)).toEqual(expected);
  });

  test.each(["", "a b", "ftp://nas", "ana:secret@nas", "nas:99999", "nas?x=1", "::1"])(
    "refuses %p",
    (typed) => {
      expect(() => listCandidates(typed)).toThrow("not the address");
    },
  );
});

describe("findServers", () => {
  test("gives those that answer in our words, best first", async () => {
    const fetch = network({
      "http://nas": () => Response.json(HEARTBEAT),
      "https://nas": async () => {
        await Bun.sleep(5);
        return Response.json(HEARTBEAT);
      },
      "http://nas:8080": () => new Response("<html>"),
      "https://nas:8443": () => Response.json({ SYSTEM: {} }),
    });
    const found = await findServers("nas", { fetch, timeoutMs: 50 });
    expect(found.map(({ url, isSecure }) => [url, isSecure])).toEqual([
      ["https://nas", true],
      ["http://nas", false],
    ]);
    expect(found[0]?.server.features).toEqual(["scan"]);
  });

  test("follows a proxy to where it leads, and names each server once", async () => {
    const led = () => {
      const response = Response.json(HEARTBEAT);
      Object.defineProperty(response, "redirected", { value: true });
      Object.defineProperty(response, "url", { value: "https://nas/api/heartbeat" });
      return response;
    };
    const fetch = network({ "http://nas": led, "https://nas": () => Response.json(HEARTBEAT) });
    expect((await findServers("nas", { fetch, timeoutMs: 20 })).map(({ url }) => url)).toEqual([
      "https://nas",
    ]);
  });

  test("gives nothing when nobody answers, and ends when it is called off", async () => {
    expect(await findServers("nas", { fetch: network({}), timeoutMs: 20 })).toEqual([]);
    const controller = new AbortController();
    const failed = failureOf(findServers("nas:3000", { fetch: network({}), signal: controller.signal }));
    controller.abort("no");
    expect(await failed).toMatchObject({ kind: "aborted", cause: "no" });
  });
});
