import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { addExif, makeBomb, makePicture } from "../../users/pictures.testing.ts";
import { type CollectionScene, openCollectionScene, VIEWER, type WireCollection } from "../scene.testing.ts";

const OPEN_MS = 30_000;

/** Another server that has pictures, and things that are none. */
let outside: ReturnType<typeof Bun.serve>;
let picture: Uint8Array<ArrayBuffer>;
let scene: CollectionScene;

beforeAll(async () => {
  picture = await makePicture("jpeg", 300, 200);
  const answers: Record<string, () => Response> = {
    "/cover.jpg": () => new Response(picture, { headers: { "content-type": "image/jpeg" } }),
    "/page": () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    "/lie": () => new Response("<html>", { headers: { "content-type": "image/png" } }),
  };
  outside = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => answers[new URL(request.url).pathname]?.() ?? new Response("no", { status: 404 }),
  });
});
afterAll(() => outside.stop(true));
beforeEach(async () => {
  scene = await openCollectionScene({ MULTITAP_FETCH_ALLOW: `127.0.0.1:${outside.port}` });
}, OPEN_MS);
afterEach(() => scene.close());

const resources = () => scene.library.app.facts.resourcesPath;
const listFiles = async (id: number) => (await readdir(`${resources()}/collections/${id}/cover`)).toSorted();
const listFolders = () => readdir(`${resources()}/collections`).catch(() => []);

async function sizeOf(url: string | null) {
  const path = new URL(url ?? "", "http://x").pathname.replace("/assets/romm/resources/", "");
  const bytes = await Bun.file(`${resources()}/${path}`).bytes();
  const { width, height, format } = await new Bun.Image(bytes).metadata();
  return [width, height, format];
}

describe("a collection's cover", () => {
  test("is taken with a new collection and stored in two sizes", async () => {
    const made = await scene.add("", { name: "Covered", artwork: await makePicture("png", 400, 1_200) });
    const ts = Date.parse(made.updated_at);
    expect(made.path_cover_large).toBe(
      `/assets/romm/resources/collections/${made.id}/cover/big.png?ts=${ts}`,
    );
    expect(made.path_cover_small).toBe(
      `/assets/romm/resources/collections/${made.id}/cover/small.png?ts=${ts}`,
    );
    expect(await sizeOf(made.path_cover_large)).toEqual([400, 1_200, "png"]);
    expect(await sizeOf(made.path_cover_small)).toEqual([80, 240, "png"]);
    expect((await scene.ask("get", { collectionId: made.id })).data).toMatchObject({
      coverLarge: `collections/${made.id}/cover/big.png`,
      coverSmall: `collections/${made.id}/cover/small.png`,
    });
  });

  test("replaces the one before, also of another kind, and moves the change date", async () => {
    const before = await scene.add("", { name: "Covered", artwork: await makePicture("png", 30) });
    const changed = await scene.send("PUT", `/${before.id}`, {
      artwork: await makePicture("webp", 3_000, 30),
    });
    const after = changed.json as WireCollection;
    expect(await listFiles(before.id)).toEqual(["big.webp", "small.webp"]);
    expect(await sizeOf(after.path_cover_large)).toEqual([2_048, 20, "webp"]);
    expect(after.updated_at > before.updated_at).toBe(true);
    const kept = await scene.send("PUT", `/${before.id}`, { description: "kept", artwork: "" });
    expect((kept.json as WireCollection).path_cover_small).toContain("small.webp");
  });

  test("is left alone by several changes at once that all succeed", async () => {
    const { id } = await scene.add("", { name: "Covered" });
    const pictures = await Promise.all([makePicture("png"), makePicture("jpeg"), makePicture("webp")]);
    const answers = await Promise.all(pictures.map((artwork) => scene.send("PUT", `/${id}`, { artwork })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await listFiles(id)).toHaveLength(2);
    const { path_cover_large, path_cover_small } = await scene.read(id);
    await sizeOf(path_cover_large);
    await sizeOf(path_cover_small);
  });

  test("goes on request, and with the collection", async () => {
    const artwork = await makePicture("png");
    const { id } = await scene.add("", { name: "Covered", artwork });
    const bare = await scene.send("PUT", `/${id}?remove_cover=true`, {});
    expect(bare.json).toMatchObject({ path_cover_small: null, path_cover_large: null, url_cover: "" });
    expect(await listFiles(id)).toEqual([]);
    await scene.send("PUT", `/${id}`, { artwork });
    await scene.call(`/${id}`, { method: "DELETE" });
    expect(await listFolders()).toEqual([]);
  });

  test("tells nothing of what a camera wrote beside the pixels", async () => {
    const made = await scene.add("", { name: "Photo", artwork: addExif(picture, "GPS 52.5200 N") });
    for (const name of await listFiles(made.id)) {
      const bytes = await Bun.file(`${resources()}/collections/${made.id}/cover/${name}`).bytes();
      expect(Buffer.from(bytes).includes("GPS")).toBe(false);
    }
  });

  const hostile: [string, () => Promise<Uint8Array<ArrayBuffer>>, number, string][] = [
    [
      "a script",
      async () => new Uint8Array(Buffer.from("<svg onload=alert(1)>")),
      400,
      "(detected image/svg+xml)",
    ],
    ["half a PNG", async () => (await makePicture("png", 300)).slice(0, 60), 400, "damaged"],
    ["a huge canvas", () => makeBomb(60_000), 400, "24 million pixels"],
    ["a large file", async () => new Uint8Array(10 * 1024 * 1024 + 1), 413, "at most 10485760 bytes"],
    ["a larger form", async () => new Uint8Array(13 * 1024 * 1024), 413, "larger than 12582912 bytes"],
  ];
  test.each(hostile)(
    "is not made of %s, and nothing else of the call is kept",
    async (_what, make, status, part) => {
      const answer = await scene.send("POST", "", { name: "New", artwork: await make() });
      expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(part)]);
      const { id } = await scene.add("", { name: "Old" });
      expect((await scene.send("PUT", `/${id}`, { name: "Changed", artwork: await make() })).status).toBe(
        status,
      );
      expect(((await scene.call("")).json as WireCollection[]).map(({ name }) => name)).toEqual(["Old"]);
      expect(await listFolders()).toEqual([]);
    },
  );

  test("is not read for those who may not change the collection", async () => {
    const { id } = await scene.add("?is_public=true", { name: "Mine" });
    const answer = await scene.send("PUT", `/${id}`, { artwork: new Uint8Array(Buffer.from("x")) }, VIEWER);
    expect(answer.status).toBe(403);
  });

  test("comes from an address, once", async () => {
    const urlCover = `${outside.url.origin}/cover.jpg`;
    const made = await scene.add("", { name: "Linked", url_cover: urlCover });
    expect(made.url_cover).toBe(urlCover);
    expect(await sizeOf(made.path_cover_large)).toEqual([300, 200, "jpeg"]);
    const id = made.id;
    const typed = await scene.tell("create", { name: "Typed", urlCover });
    expect(typed.data).toMatchObject({ urlCover, coverLarge: expect.stringContaining("big.jpg") });
    // The same address again is no change.
    const again = await scene.send("PUT", `/${id}`, { url_cover: urlCover });
    expect((again.json as WireCollection).updated_at).toBe(made.updated_at);
    const own = await scene.send("PUT", `/${id}`, { artwork: await makePicture("png"), url_cover: "" });
    expect(own.json).toMatchObject({ url_cover: "", path_cover_large: expect.stringContaining("big.png") });
    expect(await listFiles(id)).toEqual(["big.png", "small.png"]);
  });

  test.each([
    ["/page", 502],
    ["/gone", 502],
    ["/lie", 400],
  ])("is not made of what lies at %s", async (path, status) => {
    const answer = await scene.send("POST", "", { name: "Linked", url_cover: outside.url.origin + path });
    expect(answer.status).toBe(status);
    expect((await scene.call("")).json).toEqual([]);
  });

  test("is not fetched from the server's own network", async () => {
    const port = (outside.port ?? 0) + 1;
    for (const url of [`http://127.0.0.1:${port}/`, "http://169.254.169.254/latest", "http://[::1]/"]) {
      const answer = await scene.send("POST", "", { name: "Linked", url_cover: url });
      expect([url, answer.status]).toEqual([url, 422]);
    }
  });
});
