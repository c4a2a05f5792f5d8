// The published client against the real server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ByteSink, type ByteSource, type Client, isMultitapError } from "@multitap/client";
import { openAppClient } from "../../auth/client.testing.ts";
import { ascii } from "../../ports/compute/patches/testing/apply.ts";
import { writeIps, writeUps } from "../../ports/compute/patches/testing/writers.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

const [SOURCE, TARGET] = [ascii("ABCDEFGH"), ascii("AbCDEFgHIJ")];

let library: TestLibrary;
let client: Client;
let romFileId = 0;
let patchFileId = 0;

beforeAll(async () => {
  library = await openLibrary();
  await library.addRom("gba", "Star Pilot.gba", "ABCDEFGH");
  await library.addRom("gba", "French.ups", "");
  await writeFile(join(library.app.basePath, "library/roms/gba/French.ups"), writeUps(SOURCE, TARGET));
  const { sql } = library.app.database.handle;
  const rows = await sql<{ id: number; file_name: string }[]>`select id, file_name from rom_files`;
  const idOf = (name: string) => rows.find((row) => row.file_name === name)?.id ?? 0;
  [romFileId, patchFileId] = [idOf("Star Pilot.gba"), idOf("French.ups")];
  client = await openAppClient(library.app, { scope: "roms.read" });
}, 30_000);
afterAll(async () => {
  await client.close();
  await library.close();
});

/** A sink in memory. */
function createSink() {
  const pieces: Uint8Array[] = [];
  const sink: ByteSink = {
    async open() {
      let offsetBytes = 0;
      return {
        get offsetBytes() {
          return offsetBytes;
        },
        async restart() {
          pieces.length = 0;
          offsetBytes = 0;
        },
        write: async (chunk) => {
          pieces.push(chunk.slice());
          offsetBytes += chunk.length;
        },
        commit: async () => undefined,
        suspend: async () => undefined,
      };
    },
  };
  return { sink, text: () => Buffer.concat(pieces).toString() };
}

describe("client.roms.patch", () => {
  test("applies a file of the library", async () => {
    const { sink, text } = createSink();
    const result = await client.roms.patch(romFileId, { patchFileId }, sink);
    expect(result).toEqual({
      name: "Star Pilot (patched-French).gba",
      sizeBytes: 10,
      resumedBytes: 0,
      sha1: null,
      check: "matched",
    });
    expect(text()).toBe("AbCDEFgHIJ");
  });

  const ips = writeIps(SOURCE, TARGET);
  const source: ByteSource = {
    name: "/patches/fix.ips",
    sizeBytes: ips.length,
    modifiedAt: null,
    read: async (start, end) => ips.slice(start, end),
  };
  test.each([
    ["bytes", () => ips, "Star Pilot (patched-patch).gba"],
    ["a file", () => new File([Uint8Array.from(ips)], "fix.ips"), "Star Pilot (patched-fix).gba"],
    ["a source", () => source, "Star Pilot (patched-fix).gba"],
  ])("sends %s", async (_what, make, name) => {
    const { sink, text } = createSink();
    const result = await client.roms.patch(romFileId, { patch: make() }, sink);
    expect([result.name, result.check, text()]).toEqual([name, "unknown", "AbCDEFgHIJ"]);
  });

  test("names the file as the app wishes", async () => {
    const { name } = await client.roms.patch(
      romFileId,
      { patch: ips, name: "v1.2 final" },
      createSink().sink,
    );
    expect(name).toBe("v1.2 final.gba");
  });

  test("tells what is wrong", async () => {
    const fail = async (patch: Uint8Array, id = romFileId) => {
      const error = await client.roms
        .patch(id, { patch }, createSink().sink)
        .catch((thrown: unknown) => thrown);
      return isMultitapError(error) ? [error.kind, error.message, error.operation] : error;
    };
    const unknown = "The patch is of no format that is known here";
    expect(await fail(ascii("nonsense"))).toEqual(["invalid", unknown, "roms.patch"]);
    expect(await fail(ips.subarray(0, 6))).toEqual(["internal", "Patching failed", "roms.patch"]);
    expect(await fail(ips, 999_999)).toEqual([
      "not_found",
      "Rom file with id '999999' not found",
      "roms.patch",
    ]);
  });
});
