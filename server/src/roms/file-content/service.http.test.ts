import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ADMIN, VIEWER } from "../../auth/calls.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

let library: TestLibrary;
let romId = 0;
const ids = new Map<string, number>();

beforeAll(async () => {
  library = await openLibrary();
  romId = await library.addRom("n64", "Star Pilot (USA).z64", "0123456789");
  for (const [name, category] of [
    ["Guide.pdf", "manual"],
    ["Song.mp3", "soundtrack"],
  ] as const) {
    await library.addRom("n64", name, name);
    await library.change(`update rom_files set category = '${category}' where file_name = '${name}'`);
  }
  const { sql } = library.app.database.handle;
  for (const { id, file_name } of await sql<{ id: number; file_name: string }[]>`
    select id, file_name from rom_files`)
    ids.set(file_name, id);
}, 30_000);
afterAll(() => library?.close());

const pathOf = (name: string) => `/api/roms/${ids.get(name)}/files`;

async function fetchContent(name: string, init: RequestInit = {}) {
  const headers = { authorization: ADMIN, ...(init.headers as Record<string, string> | undefined) };
  const response = await library.app.fetch(`${pathOf(name)}/content/whatever`, { ...init, headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe("one file of a rom", () => {
  test("is found by its own id", async () => {
    const { status, body } = await library.get<Record<string, unknown>>(pathOf("Star Pilot (USA).z64"));
    expect([status, body.id, body.rom_id, body.full_path, body.category]).toEqual([
      200,
      ids.get("Star Pilot (USA).z64"),
      romId,
      "roms/n64/Star Pilot (USA).z64",
      "game",
    ]);
  });

  test("gives its bytes, in parts too, and its length to HEAD", async () => {
    const whole = await fetchContent("Star Pilot (USA).z64");
    expect([whole.status, whole.text]).toEqual([200, "0123456789"]);
    const encoded = "Star%20Pilot%20%28USA%29.z64";
    expect(whole.headers.get("content-disposition")).toBe(
      `attachment; filename*=UTF-8''${encoded}; filename="${encoded}"`,
    );
    const part = await fetchContent("Star Pilot (USA).z64", { headers: { range: "bytes=3-5" } });
    expect([part.status, part.text]).toEqual([206, "345"]);
    const head = await fetchContent("Star Pilot (USA).z64", { method: "HEAD" });
    expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", "10"]);
  });

  test("is shown by browsers only where we know that it can be", async () => {
    for (const [name, type, kind] of [
      ["Guide.pdf", "application/pdf", "inline"],
      ["Song.mp3", "audio/mpeg", "inline"],
      ["Star Pilot (USA).z64", "application/octet-stream", "attachment"],
    ] as const) {
      const { headers } = await fetchContent(name);
      expect([headers.get("content-type"), headers.get("x-content-type-options")]).toEqual([type, "nosniff"]);
      expect(headers.get("content-disposition")).toStartWith(`${kind};`);
    }
  });

  test("is not found when it is not there, gone from disk, or hidden", async () => {
    const detail = (id: number) => ({ detail: `Rom file with id '${id}' not found` });
    for (const path of ["/api/roms/9999/files", "/api/roms/9999/files/content/x"]) {
      const { status, body } = await library.get(path);
      expect([status, body]).toEqual([404, detail(9999)]);
    }
    expect((await library.get("/api/roms/0/files")).status).toBe(422);
    const goneId = await library.addRom("n64", "Gone.z64", "x");
    const { sql } = library.app.database.handle;
    const [gone] = await sql<{ id: number }[]>`select id from rom_files where rom_id = ${goneId}`;
    await rm(join(library.app.basePath, "library/roms/n64/Gone.z64"));
    expect((await library.get(`/api/roms/${gone?.id}/files/content/x`)).status).toBe(404);
    const viewer = { headers: { authorization: VIEWER } };
    expect((await library.get(pathOf("Guide.pdf"), viewer)).status).toBe(200);
    const [guide] = await sql<
      { rom_id: number }[]
    >`select rom_id from rom_files where file_name = 'Guide.pdf'`;
    const hidden = { entity: "roms", entity_id: guide?.rom_id, user_id: 2 };
    const body = JSON.stringify(hidden);
    const headers = { authorization: ADMIN, "content-type": "application/json" };
    await library.get("/api/permissions/hidden", { method: "POST", headers, body });
    const answer = await library.get(pathOf("Guide.pdf"), viewer);
    expect([answer.status, answer.body]).toEqual([404, detail(ids.get("Guide.pdf") ?? 0)]);
  });
});

describe("POST /api/roms/download/{id}/{file_name}", () => {
  test("is the download, with its parameters in the query or in a form", async () => {
    const path = `/api/roms/download/${romId}/x`;
    const send = async (init: RequestInit, query = "") => {
      const answer = await library.app.fetch(path + query, {
        method: "POST",
        ...init,
        headers: { authorization: ADMIN, ...(init.headers as Record<string, string> | undefined) },
      });
      return [answer.status, await answer.text()];
    };
    expect(await send({})).toEqual([200, "0123456789"]);
    expect(await send({ headers: { range: "bytes=0-1" } })).toEqual([200, "0123456789"]);
    const other = String(ids.get("Guide.pdf"));
    expect((await send({}, `?file_ids=${other}`))[0]).toBe(404);
    expect((await send({ body: new URLSearchParams({ file_ids: other }) }))[0]).toBe(404);
    const form = new FormData();
    form.set("file_ids", String(ids.get("Star Pilot (USA).z64")));
    expect(await send({ body: form })).toEqual([200, "0123456789"]);
  });
});
