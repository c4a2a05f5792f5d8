import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestApp } from "../../app/testing.ts";
import { ADMIN } from "../../auth/calls.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

const NAME = "Star Pilot (USA) [!].z64";
const BYTES = "0123456789abcdef";
const ENCODED = "Star%20Pilot%20%28USA%29%20%5B%21%5D.z64";

let library: TestLibrary;
let romId = 0;
let fileId = 0;
let emptyId = 0;
let twoFilesId = 0;
let otherFileId = 0;

beforeAll(async () => {
  library = await openLibrary();
  romId = await library.addRom("n64", NAME, BYTES);
  emptyId = await library.addRom("n64", "Empty.z64", "");
  twoFilesId = await library.addRom("n64", "Two.z64", "first");
  await writeFile(pathOf("Second.z64"), "second!");
  await library.change(`insert into rom_files (rom_id, file_name, file_path, file_size_bytes)
    values (${twoFilesId}, 'Second.z64', 'roms/n64', 7)`);
  fileId = await findFileId(NAME);
  otherFileId = await findFileId("Second.z64");
});
afterAll(() => library.close());

const pathOf = (name: string) => join(library.app.basePath, "library", "roms", "n64", name);

async function findFileId(name: string): Promise<number> {
  const { sql } = library.app.database.handle;
  const [row] = await sql<{ id: number }[]>`select id from rom_files where file_name = ${name}`;
  return row?.id ?? 0;
}

async function download(path: string, headers: Record<string, string> = {}, method = "GET") {
  const response = await library.app.fetch(path, { method, headers: { authorization: ADMIN, ...headers } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Status and body of a refusal. */
async function refusalOf(path: string) {
  const { status, text } = await download(path);
  return [status, JSON.parse(text)];
}

describe("content of a rom", () => {
  test("comes with everything a client needs to store and resume it", async () => {
    const { status, headers, text } = await download(`/api/roms/${romId}/content/${ENCODED}`);
    expect([status, text]).toEqual([200, BYTES]);
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-length")).toBe("16");
    expect(headers.get("accept-ranges")).toBe("bytes");
    expect(headers.get("content-disposition")).toBe(
      `attachment; filename*=UTF-8''${ENCODED}; filename="${ENCODED}"`,
    );
    expect(headers.get("last-modified")).toBe("Fri, 02 Jan 2026 03:04:05 GMT");
    expect(headers.get("etag")).toMatch(/^"[^"]+"$/);
    expect(headers.get("content-encoding")).toBeNull();
  });

  test.each([
    ["", "no name at all"],
    ["/", "a slash instead of a name"],
    [`/${ENCODED}`, "its own name"],
    [`/${ENCODED}/`, "its own name and a slash"],
    [`/${encodeURIComponent(ENCODED)}`, "its name encoded twice"],
    [`/${NAME}`, "its name as it is"],
    ["/anything.zip", "another name"],
    ["/a%2Fb.zip", "a name with an encoded slash"],
    ["/..%2F..%2Fetc%2Fpasswd", "a path out of the library"],
    ["/%2e%2e%2f", "an encoded path up"],
    ["/100%", "a lone percent sign"],
    ["/%zz", "an escape that is none"],
    ["/%E0%A4%A", "an escape cut short"],
    ["/%ff%fe", "bytes that are no text"],
    ["/%00", "a zero character"],
    ["/日本語.gba", "letters as they are"],
    ["/%F0%9F%8E%AE", "an emoji"],
    ["/x?hidden_folder=true&unknown=1", "parameters that do not matter"],
    ["?file_ids=", "an empty list of files"],
  ])("is found behind %s: %s", async (rest) => {
    const path = `/api/roms/${romId}/content${rest}`;
    const { status, text } = await download(path);
    expect([status, text]).toEqual([200, BYTES]);
    const head = await download(path, {}, "HEAD");
    expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", "16"]);
  });

  test("comes in parts", async () => {
    const part = await download(`/api/roms/${romId}/content/x`, { range: "bytes=4-7" });
    expect([part.status, part.text, part.headers.get("content-range")]).toEqual([
      206,
      "4567",
      "bytes 4-7/16",
    ]);
    const behind = await download(`/api/roms/${romId}/content/x`, { range: "bytes=16-" });
    expect([behind.status, behind.text, behind.headers.get("content-range")]).toEqual([
      416,
      "",
      "bytes */16",
    ]);
  });

  test("is not sent again to who has it", async () => {
    const { headers } = await download(`/api/roms/${romId}/content/x`);
    const again = await download(`/api/roms/${romId}/content/x`, {
      "if-none-match": headers.get("etag") ?? "",
    });
    expect([again.status, again.text]).toEqual([304, ""]);
  });

  test("may be empty", async () => {
    const { status, headers, text } = await download(`/api/roms/${emptyId}/content/x`);
    expect([status, headers.get("content-length"), text]).toEqual([200, "0", ""]);
  });

  test("is there before its hashes are", async () => {
    const id = await library.addRom("n64", "Just found.z64", "new");
    expect((await download(`/api/roms/${id}/content/x`)).text).toBe("new");
  });
});

describe("content by file ids", () => {
  test.each([
    ["its own", () => `${fileId}`],
    ["its own and others", () => `${fileId},${otherFileId},999999`],
    ["its own twice, with spaces", () => `%20${fileId}%20,,${fileId}`],
    ["its own, encoded", () => `${fileId}%2C${otherFileId}`],
  ])("takes %s", async (_what, ids) => {
    const { status, text } = await download(`/api/roms/${romId}/content/x?file_ids=${ids()}`);
    expect([status, text]).toEqual([200, BYTES]);
  });

  test("chooses one of several files, and names it", async () => {
    const { headers, text } = await download(`/api/roms/${twoFilesId}/content/x?file_ids=${otherFileId}`);
    expect(text).toBe("second!");
    expect(headers.get("content-disposition")).toContain("Second.z64");
  });

  test.each(["999999", "2147483647"])("finds no file %s", async (ids) => {
    expect(await refusalOf(`/api/roms/${romId}/content/x?file_ids=${ids}`)).toEqual([
      404,
      { detail: "No files found for this rom" },
    ]);
  });

  test("finds no file of another rom", async () => {
    expect((await refusalOf(`/api/roms/${romId}/content/x?file_ids=${otherFileId}`))[0]).toBe(404);
  });

  test.each([
    ["abc", 0],
    ["1,abc", 1],
    ["1;2", 0],
    ["1.5", 0],
    ["0", 0],
    ["-1", 0],
    ["2147483648", 0],
    ["99999999999999999999", 0],
    ["%00", 0],
  ])("refuses %p", async (ids, index) => {
    const [status, body] = await refusalOf(`/api/roms/${romId}/content/x?file_ids=${ids}`);
    expect([status, body.detail[0].loc]).toEqual([422, ["query", "file_ids", index]]);
  });

  test("refuses more ids than its limit", async () => {
    const ids = Array.from({ length: 1001 }, (_, index) => index + 1).join(",");
    expect((await refusalOf(`/api/roms/${romId}/content/x?file_ids=${ids}`))[0]).toBe(422);
  });
});

describe("content that is not there", () => {
  test("names the rom in its 404", async () => {
    for (const rest of ["", "/x", "/x?file_ids=1"]) {
      expect(await refusalOf(`/api/roms/99999/content${rest}`)).toEqual([
        404,
        { detail: "Rom with id '99999' not found" },
      ]);
    }
    expect((await download("/api/roms/99999/content/x", {}, "HEAD")).status).toBe(404);
  });

  test("names the file that vanished from disk", async () => {
    const id = await library.addRom("n64", "Gone.z64", "gone");
    await unlink(pathOf("Gone.z64"));
    expect(await refusalOf(`/api/roms/${id}/content/x`)).toEqual([
      404,
      { detail: "File 'Gone.z64' is missing from the library" },
    ]);
    await rm(pathOf("Gone.z64"), { force: true });
    await Bun.write(join(pathOf("Gone.z64"), "inside"), "a folder now");
    expect((await refusalOf(`/api/roms/${id}/content/x`))[0]).toBe(404);
  });

  test("tells of a rom without files", async () => {
    const id = await library.addRom("n64", "Hollow.z64", "x");
    await library.change(`delete from rom_files where rom_id = ${id}`);
    expect(await refusalOf(`/api/roms/${id}/content/x`)).toEqual([
      404,
      { detail: "No files found for this rom" },
    ]);
  });
});

describe("content that changed on disk", () => {
  test("has another validator, and the length that it has now", async () => {
    const id = await library.addRom("n64", "Changing.z64", "before");
    const path = `/api/roms/${id}/content/x`;
    const before = await download(path);
    const etag = before.headers.get("etag") ?? "";
    expect((await download(path)).headers.get("etag")).toBe(etag);
    await writeFile(pathOf("Changing.z64"), "and after");
    const after = await download(path, { "if-none-match": etag });
    expect([after.status, after.text, after.headers.get("content-length")]).toEqual([200, "and after", "9"]);
    expect(after.headers.get("etag")).not.toBe(etag);
    const resumed = await download(path, { range: "bytes=3-", "if-range": etag });
    expect([resumed.status, resumed.text]).toEqual([200, "and after"]);
  });

  test("has another validator also at the same length", async () => {
    const id = await library.addRom("n64", "Patched.z64", "aaaa");
    const path = `/api/roms/${id}/content/x`;
    const before = (await download(path)).headers.get("etag");
    await writeFile(pathOf("Patched.z64"), "bbbb");
    await utimes(
      pathOf("Patched.z64"),
      new Date("2026-01-02T03:04:05.679Z"),
      new Date("2026-01-02T03:04:05.679Z"),
    );
    expect((await download(path)).headers.get("etag")).not.toBe(before);
  });
});

describe("content and its callers", () => {
  test("is for readers of roms alone", async () => {
    const path = `/api/roms/${romId}/content/x`;
    const guest = await library.app.fetch(path);
    expect([guest.status, guest.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    const authorization = await library.tokenWith("me.read");
    expect((await library.app.fetch(path, { headers: { authorization } })).status).toBe(403);
    const reader = await library.tokenWith("roms.read");
    expect((await library.app.fetch(path, { headers: { authorization: reader } })).status).toBe(200);
  });

  test("is for everyone when the operator opened downloads", async () => {
    const open = await createTestApp({ environment: { DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true" } });
    const guest = await open.fetch("/api/roms/5/content/x");
    expect([guest.status, await guest.json()]).toEqual([404, { detail: "Rom with id '5' not found" }]);
    expect((await open.fetch("/api/roms/5")).status).toBe(404);
    expect((await open.fetch("/api/roms")).status).toBe(401);
    await open.close();
  });

  test("is never kept with other answers: a deleted file is gone at once", async () => {
    const id = await library.addRom("n64", "Brief.z64", "brief");
    expect((await download(`/api/roms/${id}/content/x`)).status).toBe(200);
    await unlink(pathOf("Brief.z64"));
    expect((await download(`/api/roms/${id}/content/x`)).status).toBe(404);
  });
});
