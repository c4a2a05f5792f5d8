import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import { ADMIN, addAccounts, callApp, VIEWER } from "../../auth/calls.testing.ts";
import { addExif, GIF, makeBomb, makePicture, sendForm } from "../pictures.testing.ts";

let app: TestApp;
beforeEach(async () => {
  app = await createTestApp();
  await addAccounts(app);
}, 15_000);
afterEach(() => app.close());

/** Of the account `ana`, whose id is 2. */
const PATH = "users/557365723a32/profile/avatar";
const NOT_FOUND = '{"detail":"Avatar not found"}';

const send = (bytes: Uint8Array<ArrayBuffer>, name = "me.png", authorization = VIEWER) =>
  sendForm(app, "/api/users/2", { authorization, fields: { avatar: { name, bytes } } });
const listFiles = () => readdir(`${app.facts.assetsPath}/users/557365723a32/profile`);

async function getAvatar(headers: Record<string, string> = {}) {
  const init = { headers: { authorization: VIEWER, ...headers } };
  const response = await app.fetch("/api/users/2/avatar", init);
  return { status: response.status, headers: response.headers, bytes: await response.bytes() };
}

describe("an avatar", () => {
  const kinds: [string, () => Promise<Uint8Array<ArrayBuffer>>, string, string][] = [
    ["PNG", () => makePicture("png"), "png", "image/png"],
    ["JPEG", () => makePicture("jpeg"), "jpg", "image/jpeg"],
    ["WebP", () => makePicture("webp"), "webp", "image/webp"],
    ["GIF", async () => GIF, "png", "image/png"],
  ];
  test.each(kinds)(
    "is taken as %s, whatever its name says, and handed out",
    async (_kind, make, ext, type) => {
      const stored = await send(await make(), "me.exe");
      expect([stored.status, stored.json]).toMatchObject([200, { avatar_path: `${PATH}.${ext}` }]);
      const { status, headers, bytes } = await getAvatar();
      expect(status).toBe(200);
      expect(headers.get("content-type")).toBe(type);
      expect(headers.get("content-disposition")).toStartWith("inline;");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect((await new Bun.Image(bytes).metadata()).format).toBe(type.slice(6) as "png");
      expect((await getAvatar({ "if-none-match": headers.get("etag") ?? "" })).status).toBe(304);
    },
  );

  test("replaces the one before, also under another name, and moves the change date", async () => {
    await send(await makePicture("png"));
    const first = await callApp(app, "/api/users/me", { authorization: VIEWER });
    await send(await makePicture("webp"));
    const second = await callApp(app, "/api/users/me", { authorization: VIEWER });
    expect(await listFiles()).toEqual(["avatar.webp"]);
    const at = (json: unknown) => String((json as { updated_at: string }).updated_at);
    expect(at(second.json) > at(first.json)).toBe(true);
  });

  test("is left alone by several changes at once that all succeed", async () => {
    const pictures = await Promise.all([makePicture("png"), makePicture("jpeg"), makePicture("webp")]);
    const answers = await Promise.all([...pictures, ...pictures].map((bytes) => send(bytes)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await listFiles()).toHaveLength(1);
    expect((await getAvatar()).status).toBe(200);
  });

  test("fits its frame, the small ones as they are", async () => {
    await send(await makePicture("png", 1600, 800));
    const large = await new Bun.Image((await getAvatar()).bytes).metadata();
    expect([large.width, large.height]).toEqual([512, 256]);
    await send(await makePicture("png", 9, 7));
    const small = await new Bun.Image((await getAvatar()).bytes).metadata();
    expect([small.width, small.height]).toEqual([9, 7]);
  });

  test("tells nothing of what a camera wrote beside the pixels", async () => {
    const photo = addExif(await makePicture("jpeg"), "GPS 52.5200 N 13.4050 E");
    expect(Buffer.from(photo).includes("GPS")).toBe(true);
    await send(photo, "photo.jpg");
    const { bytes } = await getAvatar();
    expect(Buffer.from(bytes).includes("GPS")).toBe(false);
    expect(Buffer.from(bytes).includes("Exif")).toBe(false);
  });

  const DAMAGED = "Avatar image is damaged or of a kind that cannot be read";
  const wrongType = (type: string) => `Avatar must be a PNG, JPEG, WebP, or GIF image (detected ${type})`;
  const text = (content: string) => async () => new Uint8Array(Buffer.from(content));
  const hostile: [string, () => Promise<Uint8Array<ArrayBuffer>>, number, string][] = [
    ["a script", text("<svg onload=alert(1)>"), 400, wrongType("image/svg+xml")],
    ["a page", text("<html><script>"), 400, wrongType("text/html")],
    ["text", text("hello"), 400, wrongType("application/octet-stream")],
    ["nothing", text(""), 400, wrongType("application/octet-stream")],
    ["half a PNG", async () => (await makePicture("png", 300)).slice(0, 60), 400, DAMAGED],
    ["half a WebP", async () => (await makePicture("webp", 300)).slice(0, 40), 400, DAMAGED],
    ["the name of a GIF alone", text("GIF89a"), 400, DAMAGED],
    ["a huge canvas", () => makeBomb(60_000), 400, "Avatar may have at most 24 million pixels"],
    ["a canvas over the bound", () => makeBomb(4_900), 400, "Avatar may have at most 24 million pixels"],
    [
      "a large file",
      async () => new Uint8Array(5 * 1024 * 1024 + 1),
      413,
      "Avatar may have at most 5242880 bytes",
    ],
    [
      "a larger form",
      async () => new Uint8Array(7 * 1024 * 1024),
      413,
      "Request body is larger than 6291456 bytes",
    ],
  ];
  test.each(hostile)("is not made of %s", async (_what, make, status, detail) => {
    const answer = await send(await make());
    expect([answer.status, answer.json]).toEqual([status, { detail }]);
    expect((await getAvatar()).status).toBe(404);
    const [row] = await app.ports.database.select().from(users).where(eq(users.id, 2));
    expect(row?.avatarPath).toBe("");
  });

  test("stays with a refused change, as do the other fields", async () => {
    await send(await makePicture("png"));
    const before = (await getAvatar()).bytes;
    const bytes = await makePicture("png", 30);
    const fields = { username: "admin", avatar: { name: "a.png", bytes } };
    const answer = await sendForm(app, "/api/users/2", { authorization: VIEWER, fields });
    expect(answer.status).toBe(400);
    expect((await getAvatar()).bytes).toEqual(before);
    const after = await callApp(app, "/api/users/me", { authorization: VIEWER });
    expect(after.json).toMatchObject({ username: "ana", avatar_path: `${PATH}.png` });
  });

  test("is not changed for others, nor by a field that should be a file", async () => {
    const fields = { avatar: { name: "a.png", bytes: await makePicture("png") } };
    const foreign = await sendForm(app, "/api/users/1", { authorization: VIEWER, fields });
    expect([foreign.status, foreign.text]).toEqual([403, '{"detail":"Forbidden"}']);
    expect((await send(await makePicture("png"), "a.png", ADMIN)).status).toBe(200);
    const typed = await sendForm(app, "/api/users/2", {
      authorization: VIEWER,
      fields: { avatar: "../../../etc/passwd" },
    });
    expect([typed.status, typed.json]).toMatchObject([
      422,
      { detail: [{ type: "value_error", loc: ["body", "avatar"] }] },
    ]);
  });

  test("lies where its account's id says, whatever its file name or an imported row says", async () => {
    await app.ports.files.writeAtomic(`${app.facts.assetsPath}/secret.png`, "secret");
    await send(await makePicture("png"), "../../../../secret.png");
    expect(await app.ports.files.readText(`${app.facts.assetsPath}/secret.png`, { maxBytes: 9 })).toBe(
      "secret",
    );
    for (const avatarPath of ["secret.png", "../assets/secret.png", "users/../secret.png", "/etc/passwd"]) {
      await app.ports.database.update(users).set({ avatarPath }).where(eq(users.id, 2));
      const answer = await callApp(app, "/api/users/2/avatar", { authorization: VIEWER });
      expect([answer.status, answer.text]).toEqual([404, NOT_FOUND]);
    }
  });

  test("is for everybody who may read assets, and missing for the others in the same words", async () => {
    await send(await makePicture("png"));
    expect((await callApp(app, "/api/users/2/avatar", { authorization: ADMIN })).status).toBe(200);
    expect((await callApp(app, "/api/users/1/avatar", { authorization: ADMIN })).text).toBe(NOT_FOUND);
    expect((await callApp(app, "/api/users/9999/avatar", { authorization: ADMIN })).text).toBe(NOT_FOUND);
    await app.ports.files.remove(`${app.facts.assetsPath}/${PATH}.png`);
    expect((await callApp(app, "/api/users/2/avatar", { authorization: ADMIN })).text).toBe(NOT_FOUND);
  });
});
