import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";
import { basic, VIEWER } from "../calls.testing.ts";
import type { ContentLink } from "../contract.ts";

let library: TestLibrary;
let romId = 0;
let otherId = 0;

beforeAll(async () => {
  library = await openLibrary();
  romId = await library.addRom("n64", "Star Pilot.z64", "0123456789");
  otherId = await library.addRom("n64", "Other.z64", "other");
}, 30_000);
afterAll(() => library?.close());

async function linkTo(id: number, input: Readonly<Record<string, unknown>> = {}): Promise<ContentLink> {
  const { status, body } = await library.ask<ContentLink>(
    "auth.createContentLink",
    { romId: id, ...input },
    VIEWER,
  );
  expect(status).toBe(200);
  return body;
}

/** Opens a path with nothing but itself. */
async function open(path: string, init?: RequestInit): Promise<{ status: number; text: string }> {
  const response = await library.app.fetch(path, init);
  return { status: response.status, text: await response.text() };
}

const swapTicket = (path: string, change: (ticket: string) => string) => {
  const [place = "", ticket = ""] = path.split("ticket=");
  return `${place}ticket=${change(ticket)}`;
};

describe("a content link", () => {
  test("opens the bytes by itself, in whole and in part, and their headers", async () => {
    const { path } = await linkTo(romId);
    expect(await open(path)).toEqual({ status: 200, text: "0123456789" });
    expect(await open(path, { headers: { range: "bytes=2-4" } })).toEqual({ status: 206, text: "234" });
    expect((await open(path, { method: "HEAD" })).status).toBe(200);
  });

  test("opens whatever the file's name in it says", async () => {
    const { path } = await linkTo(romId);
    expect((await open(path.replace("Star%20Pilot.z64", "rom"))).text).toBe("0123456789");
  });

  test("names the one file that was asked for", async () => {
    const { sql } = library.app.database.handle;
    const [file] = await sql<{ id: number }[]>`select id from rom_files where rom_id = ${romId}`;
    const { path } = await linkTo(romId, { fileId: file?.id });
    expect((await open(path)).text).toBe("0123456789");
    expect((await open(path.replace(/file_ids=\d+&/, ""))).status).toBe(401);
    expect((await open(path.replace(/file_ids=\d+/, "file_ids=999"))).status).toBe(401);
  });

  test("ends when it said it would", async () => {
    const { path, expiresAt } = await linkTo(romId, { expiresInMs: 1000 });
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(1000);
    expect((await open(path)).status).toBe(200);
    await Bun.sleep(Date.parse(expiresAt) - Date.now() + 5);
    expect((await open(path)).status).toBe(401);
  });

  test.each([[999], [3_600_001], [0], [-1], [1.5]])("cannot live for %p ms", async (expiresInMs) => {
    const { status } = await library.ask("auth.createContentLink", { romId, expiresInMs }, VIEWER);
    expect(status).toBe(400);
  });

  test("opens nothing else", async () => {
    const { path } = await linkTo(romId);
    const query = path.slice(path.indexOf("?"));
    expect((await open(`/api/roms/${otherId}/content/Other.z64${query}`)).status).toBe(401);
    expect((await open(`/api/roms/${romId}${query}`)).status).toBe(401);
    expect((await open(`/api/roms${query}`)).status).toBe(401);
    expect((await open(`/api/users/me${query}`)).status).toBe(401);
    expect((await open(path, { method: "POST" })).status).not.toBe(200);
  });

  test("does not open when any of it was changed", async () => {
    const { path } = await linkTo(romId);
    const forged = (ticket: string) => {
      const [payload = "", signature = ""] = ticket.split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
      const later = Buffer.from(JSON.stringify({ ...claims, e: claims.e + 1 })).toString("base64url");
      return `${later}.${signature}`;
    };
    const changes = [forged, (t: string) => t.slice(0, -2), () => "", () => ".", () => "x".repeat(5_000)];
    for (const change of changes) expect((await open(swapTicket(path, change))).status).toBe(401);
  });

  test("is refused to whoever may not read roms, and for a rom that is not there", async () => {
    const token = await library.tokenWith("me.read");
    expect((await library.ask("auth.createContentLink", { romId }, token)).status).toBe(403);
    expect((await library.ask("auth.createContentLink", { romId }, null)).status).toBe(401);
    expect((await library.ask("auth.createContentLink", { romId: 999_999 }, VIEWER)).status).toBe(404);
  });

  test("ends with the password of its maker, and while the account is disabled", async () => {
    await library.change(`insert into users (username, hashed_password)
      select 'bea', hashed_password from users where username = 'ana'`);
    const bea = basic("bea", "viewerpass");
    const { body } = await library.ask<ContentLink>("auth.createContentLink", { romId }, bea);
    expect((await open(body.path)).status).toBe(200);
    await library.change("update users set enabled = false where username = 'bea'");
    await Bun.sleep(5_100);
    expect((await open(body.path)).status).toBe(401);
    await library.change("update users set enabled = true, hashed_password = 'other' where username = 'bea'");
    await Bun.sleep(5_100);
    expect((await open(body.path)).status).toBe(401);
  }, 20_000);
});

test("where everybody may download, a link needs no ticket", async () => {
  const open = await openLibrary({ environment: { DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true" } });
  try {
    const id = await open.addRom("n64", "A.z64", "a");
    const { body } = await open.ask<ContentLink>("auth.createContentLink", { romId: id }, null);
    expect(body.path).toBe(`/api/roms/${id}/content/A.z64`);
  } finally {
    await open.close();
  }
});
