import { describe, expect, test } from "bun:test";
import { truncate, utimes, writeFile } from "node:fs/promises";
import { failureOf } from "../testing/failure-of.ts";
import { makeBytes } from "../testing/fixtures.ts";
import { createTempFolder } from "../testing/temp-folder.ts";
import { fileSource } from "./file-source.ts";

const BYTES = makeBytes(3_000);

describe("fileSource", () => {
  test("reads any part of a file", async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.at("disc.chd"), BYTES);
    await utimes(folder.at("disc.chd"), 1, 1_700_000_000);
    const source = await fileSource(folder.at("disc.chd"));
    expect([source.name, source.sizeBytes, source.modifiedAt]).toEqual([
      "disc.chd",
      3_000,
      "2023-11-14T22:13:20.000Z",
    ]);
    expect(await source.read(0, 3_000)).toEqual(BYTES);
    expect(await source.read(2_990, 3_000)).toEqual(BYTES.subarray(2_990));
    expect(await source.read(7, 7)).toHaveLength(0);
    await source.close?.();
  });

  test("fails where the file ends early, is missing, or the read is called off", async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.at("a"), BYTES);
    const source = await fileSource(folder.at("a"));
    expect((await failureOf(source.read(0, 10, AbortSignal.abort()))).kind).toBe("aborted");
    await truncate(folder.at("a"), 10);
    expect(await failureOf(source.read(5, 20))).toMatchObject({ kind: "storage", operation: null });
    await source.close?.();
    expect((await failureOf(fileSource(folder.at("missing")))).cause).toMatchObject({ code: "ENOENT" });
  });
});
