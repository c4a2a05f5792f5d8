import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, EDITOR, VIEWER } from "../roms/access/scene.testing.ts";
import { type AssetBody, type AssetScene, openAssetScene } from "../states/scene.testing.ts";

let scene: AssetScene;
beforeAll(async () => {
  scene = await openAssetScene();
}, 30_000);
afterAll(() => scene?.close());

const send = (name: string, bytes = name, romId = scene.a, authorization = ADMIN) =>
  scene.send(`/api/screenshots?rom_id=${romId}`, [{ field: "screenshotFile", name, bytes }], {
    authorization,
  });
const read = (id: number, authorization = ADMIN) =>
  scene.call(`/api/screenshots/${id}/content`, { authorization });
const NOT_FOUND = { detail: "Screenshot not found" };

describe("POST /api/screenshots", () => {
  test("stores a picture in the gallery, and shows it", async () => {
    const { status, body } = await send("shot.png", "0123456789");
    expect([status, body.file_name, body.is_gallery, body.is_public]).toEqual([200, "shot.png", true, false]);
    expect(body.full_path).toMatch(/^users\/[0-9a-f]+\/screenshots\/gba\/\d+\/shot\.png$/);
    const { headers, text } = await scene.call(`/api/screenshots/${body.id}/content`, {
      headers: { range: "bytes=0-3" },
    });
    expect([text, headers.get("content-type"), headers.get("x-content-type-options")]).toEqual([
      "0123",
      "image/png",
      "nosniff",
    ]);
    expect(headers.get("content-disposition")).toStartWith("inline;");
  });

  test("gives a picture of the same name other bytes, and leaves it as public as it was", async () => {
    const first = await send("again.png", "1");
    await scene.call(`/api/screenshots/${first.body.id}`, { method: "PUT", json: { is_public: true } });
    const second = await send("again.png", "2");
    expect([second.body.id, second.body.is_public]).toEqual([first.body.id, true]);
    expect((await read(first.body.id)).text).toBe("2");
  });

  test("keeps one of many of a name that come at once", async () => {
    const sent = await Promise.all(Array.from({ length: 10 }, (_, index) => send("race.png", `${index}`)));
    expect(new Set(sent.map(({ body }) => body.id)).size).toBe(1);
    expect((await read(sent[0]?.body.id ?? 0)).text).toMatch(/^\d$/);
  });

  test.each(["a.PNG", "a.jpg", "a.jpeg", "a.webp", "a.gif", "a.tiff", "a.tif", "a.bmp", "a.avif"])(
    "takes %s",
    async (name) => {
      expect((await send(name)).status).toBe(200);
    },
  );

  test.each(["a.svg", "a.html", "a.png.exe", "a", "png", ".", "a.png/"])("refuses %j", async (name) => {
    const { status, body } = await send(name);
    expect([status, body.detail]).toEqual([
      400,
      "Unsupported image file type. Allowed: .png, .jpg, .jpeg, .webp, .gif, .tiff, .tif, .bmp, .avif",
    ]);
  });

  test.each([
    ["../../x.png", "x.png"],
    ["..\\x.png", "..-x.png"],
    ["a:b.png", "a-b.png"],
  ])("makes %j safe", async (sent, stored) => {
    const { body } = await send(sent);
    expect([body.file_name, body.full_path.includes("..\\")]).toEqual([stored, false]);
  });

  test("refuses a rom that the caller may not see, and a form without file", async () => {
    expect((await send("x.png", "x", scene.secret, VIEWER)).status).toBe(404);
    const none = await scene.send(`/api/screenshots?rom_id=${scene.a}`, [], {});
    expect([none.status, none.body.detail]).toMatchObject([422, [{ loc: ["body", "screenshotFile"] }]]);
  });
});

describe("pictures of others", () => {
  test.each([
    ["its owner", ADMIN, "a", false, true],
    ["another user", VIEWER, "a", false, false],
    ["another user, public", VIEWER, "a", true, true],
    ["another user, public, of a rom hidden from them", VIEWER, "secret", true, false],
    ["another user, public, of a rom hidden from others", EDITOR, "secret", true, true],
  ] as const)("are handed out to %s", async (_what, authorization, rom, isPublic, isSeen) => {
    const { body } = await send(`seen-${rom}-${isPublic}.png`, "seen", scene[rom]);
    const told = await scene.tell("screenshots.setVisibility", { screenshotId: body.id, isPublic });
    expect(told.data).toMatchObject({ isPublic });
    const { status, json, text } = await read(body.id, authorization);
    expect(status).toBe(isSeen ? 200 : 404);
    if (isSeen) expect(text).toBe("seen");
    else expect(json).toEqual(NOT_FOUND);
  });

  test("are nobody else's to read of, change or remove", async () => {
    const { body } = await send("mine.png");
    await scene.tell("screenshots.setVisibility", { screenshotId: body.id, isPublic: true });
    const call = (path: string, rest = {}) =>
      scene.call(`/api/screenshots/${path}`, { authorization: EDITOR, ...rest });
    const events = await scene.listEvents(async () => {
      for (const { status, json } of [
        await call(`${body.id}`),
        await call(`${body.id}`, { method: "PUT", json: { is_public: false } }),
        await call(`${body.id}`, { method: "DELETE" }),
        await call("delete", { json: { screenshots: [body.id] } }),
      ]) {
        expect([status, json]).toEqual([404, NOT_FOUND]);
      }
      for (const [kind, name, input] of [
        ["ask", "get", { screenshotId: body.id }],
        ["tell", "setVisibility", { screenshotId: body.id, isPublic: false }],
        ["tell", "remove", { screenshotIds: [body.id] }],
      ] as const) {
        const answer = await scene[kind](`screenshots.${name}`, input, EDITOR);
        expect([answer.status, answer.code]).toEqual([404, "SCREENSHOTS_NOT_FOUND"]);
      }
    });
    expect(events).toEqual([]);
    expect((await read(body.id)).status).toBe(200);
  });
});

describe("the other routes of pictures", () => {
  test("list, name and remove them", async () => {
    const { body: one } = await send("1.png", "1", scene.c);
    const { body: two } = await send("2.png", "2", scene.c);
    const { json: listed } = await scene.call(`/api/screenshots?rom_id=${scene.c}`);
    expect((listed as AssetBody[]).map(({ id }) => id)).toEqual([one.id, two.id]);
    expect((await scene.call(`/api/screenshots/identifiers?rom_id=${scene.c}`)).json).toEqual([
      one.id,
      two.id,
    ]);
    expect((await scene.call("/api/screenshots?platform_id=99999")).json).toEqual([]);
    expect((await scene.call(`/api/screenshots/${one.id}`)).json).toEqual(one);
    expect((await scene.ask("screenshots.list", { romId: scene.c })).data).toMatchObject([
      { id: one.id },
      {},
    ]);
    const gone = await scene.call(`/api/screenshots/${one.id}`, { method: "DELETE" });
    expect([gone.status, gone.text]).toEqual([200, ""]);
    const none = await scene.call("/api/screenshots/delete", { json: { screenshots: [] } });
    expect([none.status, none.json]).toEqual([400, { detail: "No screenshots were provided" }]);
    const partly = await scene.call("/api/screenshots/delete", { json: { screenshots: [two.id, one.id] } });
    expect([partly.status, partly.json]).toEqual([404, NOT_FOUND]);
    const all = await scene.call("/api/screenshots/delete", { json: { screenshots: [two.id] } });
    expect([all.status, all.json]).toEqual([200, [two.id]]);
    expect((await scene.call(`/api/screenshots?rom_id=${scene.c}`)).json).toEqual([]);
  });

  test("say that the file is gone from disk", async () => {
    const { body } = await send("gone.png");
    await scene.library.change(`update screenshots set stored_path = 'nowhere' where id = ${body.id}`);
    const { status, json } = await read(body.id);
    expect([status, json]).toEqual([404, { detail: "Screenshot file not found on disk" }]);
  });

  test("tell the account's other apps of the gallery", async () => {
    const events = await scene.listEvents(() => send("told.png"));
    expect(events).toMatchObject([
      { topic: "library", userId: scene.userIds.admin, data: { entity: "rom", ids: [scene.a] } },
    ]);
  });
});
