import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type ExtraScene, openExtraScene, VIEWER, type WireRom } from "../extras/scene.testing.ts";

const OPEN_MS = 30_000;
const PDF = "%PDF-1.7\nbook";

/** Another server that has manuals, and things that are none. */
let outside: ReturnType<typeof Bun.serve>;
let scene: ExtraScene;
let id = 0;

beforeAll(() => {
  const answers: Record<string, () => Response> = {
    "/book.pdf": () => new Response(PDF, { headers: { "content-type": "application/pdf" } }),
    "/download": () => new Response(`\n${PDF}`, { headers: { "content-type": "application/octet-stream" } }),
    "/large": () =>
      new Response(PDF + "x".repeat(500_000), { headers: { "content-type": "application/pdf" } }),
    "/readme.md": () => new Response("# Manual", { headers: { "content-type": "text/plain" } }),
    "/markdown": () =>
      new Response("# Manual", { headers: { "content-type": "text/markdown; charset=utf-8" } }),
    "/page": () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    "/page.md": () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    "/lie": () => new Response("MZ\0\0", { headers: { "content-type": "application/pdf" } }),
    "/empty.md": () => new Response(null, { status: 204 }),
  };
  outside = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => answers[new URL(request.url).pathname]?.() ?? new Response(PDF, { status: 404 }),
  });
});
afterAll(() => outside.stop(true));
beforeEach(async () => {
  scene = await openExtraScene(["Solo.gba"], { MULTITAP_FETCH_ALLOW: `127.0.0.1:${outside.port}` });
  id = await scene.romId("Solo.gba");
}, OPEN_MS);
afterEach(() => scene.close());

const path = (rest = "") => `/api/roms/${id}/manuals${rest}`;
const readRom = async () => (await scene.call(`/api/roms/${id}`)).json as WireRom & { has_manual: boolean };
const manuals = () => scene.resources(`roms/1/${id}/manual`);
const content = async (name: string) =>
  await Bun.file(join(scene.library.app.facts.resourcesPath, `roms/1/${id}/manual/${name}`)).text();
const setUrl = async (url: string) => {
  await scene.library.app.database.handle.sql`update roms set url_manual = ${url}`;
  scene.library.app.createContext().noteWrite();
};
const redownload = () => scene.call(path("/redownload"), { method: "POST" });

describe("the manual of a rom", () => {
  test("is stored beside its artwork, replaces one of the other sort, and is removed", async () => {
    const answer = await scene.upload(path(), { name: "Book (EN).PDF", bytes: PDF });
    expect([answer.status, answer.text]).toEqual([201, ""]);
    expect(await readRom()).toMatchObject({
      has_manual: true,
      path_manual: `roms/1/${id}/manual/${id}.pdf`,
      has_simple_single_file: true,
    });
    expect(await content(`${id}.pdf`)).toBe(PDF);
    await scene.upload(path(), { name: "notes.md", bytes: "# Notes" });
    expect((await readRom()).path_manual).toBe(`roms/1/${id}/manual/${id}.md`);
    expect(await manuals()).toEqual([`${id}.md`]);
    const removed = await scene.call(path(), { method: "DELETE" });
    expect([removed.status, removed.json]).toEqual([200, null]);
    expect(await readRom()).toMatchObject({ has_manual: false, path_manual: null });
    expect(await manuals()).toEqual([]);
    expect((await scene.call(path(), { method: "DELETE" })).status).toBe(404);
  });

  test.each([
    ["another ending", { name: "book.exe", bytes: PDF }, 400],
    ["a path", { name: "../../book.pdf", bytes: PDF }, 400],
    ["another field", { name: "book.pdf", bytes: PDF, fieldName: "manual" }, 400],
    ["no header", { name: "book.pdf", bytes: PDF, header: null }, 422],
    ["a caller who may not write", { name: "book.pdf", bytes: PDF, authorization: VIEWER }, 403],
  ])("is not taken with %s", async (_what, upload, status) => {
    expect((await scene.upload(path(), upload)).status).toBe(status);
    expect(await manuals()).toEqual([]);
  });

  test("at a place that the row names is removed only if that is a manual's place", async () => {
    const other = join(scene.library.app.facts.resourcesPath, "keep.pdf");
    await Bun.write(other, PDF);
    await scene.library.app.database.handle.sql`update roms set path_manual = '../resources/keep.pdf'`;
    expect((await scene.call(path(), { method: "DELETE" })).status).toBe(200);
    expect(await Bun.file(other).exists()).toBe(true);
  });

  test.each([
    ["/book.pdf", "pdf"],
    ["/download", "pdf"],
    ["/large", "pdf"],
    ["/readme.md", "md"],
    ["/markdown", "md"],
  ])("is fetched again from %s", async (where, extension) => {
    await setUrl(outside.url.origin + where);
    const answer = await redownload();
    expect([answer.status, answer.json]).toEqual([200, null]);
    expect(await manuals()).toEqual([`${id}.${extension}`]);
    expect((await readRom()).path_manual).toEndWith(`.${extension}`);
    const [sent, stored] = [
      await (await fetch(outside.url.origin + where)).text(),
      await content(`${id}.${extension}`),
    ];
    expect(stored).toBe(sent);
    expect(await readdir(join(scene.library.app.facts.tempPath, "received"))).toEqual([]);
  });

  test.each(["/page", "/page.md", "/lie", "/gone.pdf", "/empty.md"])(
    "stays when there is none at %s",
    async (where) => {
      await scene.upload(path(), { name: "mine.pdf", bytes: "%PDF mine" });
      await setUrl(outside.url.origin + where);
      expect((await redownload()).status).toBe(502);
      expect(await content(`${id}.pdf`)).toBe("%PDF mine");
    },
  );

  test("needs an address, and one outside of the server's own network", async () => {
    expect((await redownload()).status).toBe(400);
    await setUrl("http://169.254.169.254/book.pdf");
    expect((await redownload()).status).toBe(422);
    expect((await scene.call(path("/redownload"), { method: "POST", authorization: VIEWER })).status).toBe(
      403,
    );
  });
});
