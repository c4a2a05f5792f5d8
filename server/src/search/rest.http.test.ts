import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openLibrary, type TestLibrary } from "../roms/library.testing.ts";

let library: TestLibrary;
let romId = 0;
beforeAll(async () => {
  library = await openLibrary();
  romId = await library.addRom("n64", "A.z64", "rom");
}, 30_000);
afterAll(() => library?.close());

describe("a search by hand", () => {
  test.each([
    [
      "roms",
      () => `/api/search/roms?rom_id=${romId}`,
      "No metadata provider that can search roms is enabled",
    ],
    [
      "covers",
      () => "/api/search/cover?search_term=x",
      "No metadata provider that can search covers is enabled",
    ],
  ])("of %s says that nobody can be asked", async (_what, path, detail) => {
    const { status, body } = await library.get<{ detail: string }>(path());
    expect([status, body.detail]).toEqual([400, detail]);
  });

  test("finds nothing for a rom that is not there", async () => {
    const { status, body } = await library.get("/api/search/roms?rom_id=99999");
    expect([status, body]).toEqual([200, []]);
  });

  test.each(["rom_id=x", "", "rom_id=1&search_by=colour"])("refuses %p", async (query) => {
    expect((await library.get(`/api/search/roms?${query}`)).status).toBe(422);
  });
});

test("nothing can be streamed from here", async () => {
  const { status, body } = await library.get("/api/streaming/config");
  expect([status, body]).toEqual([200, { enabled: false, containers: [] }]);
});
