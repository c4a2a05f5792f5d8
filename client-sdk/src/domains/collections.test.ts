import { describe, expect, test } from "bun:test";
import { createClientIn } from "../client.ts";
import { systemEnvironment } from "../environment.ts";
import type { HttpParts } from "../http/rest.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { failureOf } from "../testing/failure-of.ts";
import { type Collections, createCollections } from "./collections.ts";

/** Records what goes out, and answers everything with the same. */
function setUp(answer: unknown = null) {
  const sent: [string, unknown][] = [];
  const record = async <T>(operation: string, input: unknown): Promise<T> => {
    sent.push([operation, input]);
    return answer as T;
  };
  const rpc: Rpc = { query: record, mutate: record };
  // Only an upload goes past the typed door, and has its own test.
  return { sent, collections: createCollections(rpc, {} as HttpParts) };
}

describe("the calls about collections", () => {
  const calls: [string, (collections: Collections) => Promise<unknown>, unknown][] = [
    ["collections.list", (all) => all.list(), {}],
    ["collections.list", (all) => all.list({ with: ["romIds"] }), { with: ["romIds"] }],
    ["collections.get", (all) => all.get(7, { with: ["romIds"] }), { collectionId: 7, with: ["romIds"] }],
    ["collections.create", (all) => all.create({ name: "Best" }), { name: "Best" }],
    [
      "collections.update",
      (all) => all.update(7, { romIds: [1], removeCover: true }),
      { collectionId: 7, romIds: [1], removeCover: true },
    ],
    ["collections.remove", (all) => all.remove(7), { collectionId: 7 }],
    ["collections.addRoms", (all) => all.addRoms(7, [1, 2]), { collectionId: 7, romIds: [1, 2] }],
    ["collections.removeRoms", (all) => all.removeRoms(7, [1]), { collectionId: 7, romIds: [1] }],
    [
      "collections.listVirtual",
      (all) => all.listVirtual({ type: "genre", limit: 3 }),
      { type: "genre", limit: 3 },
    ],
    ["collections.getVirtual", (all) => all.getVirtual("abc"), { id: "abc" }],
    ["collections.listSmart", (all) => all.listSmart(), {}],
    ["collections.getSmart", (all) => all.getSmart(3), { collectionId: 3 }],
    [
      "collections.createSmart",
      (all) => all.createSmart({ name: "Puzzles", criteria: { genres: ["Puzzle"] } }),
      { name: "Puzzles", criteria: { genres: ["Puzzle"] } },
    ],
    [
      "collections.updateSmart",
      (all) => all.updateSmart(3, { isPublic: true }),
      { collectionId: 3, isPublic: true },
    ],
    ["collections.removeSmart", (all) => all.removeSmart(3), { collectionId: 3 }],
  ];
  test.each(calls)("ask for %s", async (operation, call, input) => {
    const { sent, collections } = setUp();
    await call(collections);
    expect(sent).toEqual([[operation, input]]);
  });

  test("hand the answer out, and nothing for a removal", async () => {
    const { collections } = setUp({ id: 7 });
    expect((await collections.get(7)) as unknown).toEqual({ id: 7 });
    expect(await collections.remove(7)).toBeUndefined();
    expect(await collections.removeSmart(7)).toBeUndefined();
  });
});

describe("updateCover", () => {
  function setUpUpload(answer: Response) {
    const requests: { url: string; init: RequestInit }[] = [];
    const fetch = async (url: string, init: RequestInit) => {
      requests.push({ url, init });
      return answer;
    };
    return { requests, client: createClientIn(systemEnvironment, { url: "http://nas", fetch, auth: "t" }) };
  }

  test("sends a form with one file", async () => {
    const { client, requests } = setUpUpload(Response.json({ id: 7 }));
    await client.collections.updateCover(7, new Uint8Array([1, 2, 3]));
    const [sent] = requests;
    expect([sent?.url, sent?.init.method]).toEqual(["http://nas/api/collections/7", "PUT"]);
    const form = sent?.init.body as FormData;
    expect([...form.keys()]).toEqual(["artwork"]);
    expect(await (form.get("artwork") as Blob).bytes()).toEqual(new Uint8Array([1, 2, 3]));
    await client.close();
  });

  test("throws what the server refuses", async () => {
    const { client } = setUpUpload(Response.json({ detail: "Cover must be a picture" }, { status: 400 }));
    const failure = await failureOf(client.collections.updateCover(7, new Blob()));
    expect([failure.kind, failure.message]).toEqual(["invalid", "Cover must be a picture"]);
    await client.close();
  });
});
