import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, createTestFolder, runFilesContract } from "./contract.ts";
import { createDiskFiles } from "./disk.ts";
import type { FileErrno } from "./failures.ts";
import { createFaultyFiles } from "./faulty.ts";

runFilesContract("a faulty disk without faults", () => createFaultyFiles(createDiskFiles()));

describe("createFaultyFiles", () => {
  const files = createFaultyFiles(createDiskFiles());
  let root = "";
  beforeAll(async () => {
    root = await createTestFolder();
  });
  beforeEach(() => files.heal());
  afterAll(() => rm(root, { recursive: true }));

  test.each<[FileErrno, string]>([
    ["ENOSPC", "STORAGE_FULL"],
    ["EDQUOT", "STORAGE_FULL"],
    ["EACCES", "FILES_FORBIDDEN"],
    ["EPERM", "FILES_FORBIDDEN"],
    ["EIO", "FILES_UNREADABLE"],
    ["ESTALE", "FILES_UNREADABLE"],
    ["EROFS", "FILES_READ_ONLY"],
    ["EXDEV", "FILES_OTHER_DEVICE"],
    ["EMFILE", "FILES_BUSY"],
    ["EBUSY", "FILES_BUSY"],
    ["ENOENT", "FILES_NOT_FOUND"],
    ["EEXIST", "FILES_EXISTS"],
    ["ENAMETOOLONG", "FILES_NAME_INVALID"],
  ])("names %s as the disk would: %s", async (error, code) => {
    files.inject({ operation: "list", path: root, error });
    expect(await codeOf(files.list(root))).toBe(code);
  });

  test("fails only the operation and paths named, and only so often", async () => {
    files.inject({ operation: "find", path: /\.gb$/, error: "EIO", times: 2 });
    const path = join(root, "game.gb");
    expect(await codeOf(files.find(path))).toBe("FILES_UNREADABLE");
    expect(await files.find(join(root, "game.gba"))).toBeNull();
    expect(await files.canWrite(path)).toBe(false);
    expect(await codeOf(files.find(path))).toBe("FILES_UNREADABLE");
    expect(await files.find(path)).toBeNull();
  });

  test("lets a disk fill up in the middle of a file, which leaves nothing behind", async () => {
    const path = join(root, "save.sav");
    await files.writeAtomic(path, "old save");
    files.inject({ operation: "writeAtomic", path, error: "ENOSPC", afterBytes: 3, times: 1 });
    expect(await codeOf(files.writeAtomic(path, "new save"))).toBe("STORAGE_FULL");
    expect(await files.readText(path, { maxBytes: 100 })).toBe("old save");
    expect(await readdir(root)).toEqual(["save.sav"]);
    await files.writeAtomic(path, "new save");
    expect(await files.readText(path, { maxBytes: 100 })).toBe("new save");
  });

  test("breaks a download after some bytes", async () => {
    const path = join(root, "save.sav");
    await files.writeAtomic(path, "0123456789");
    files.inject({ operation: "openRead", path, error: "EIO", afterBytes: 4 });
    const reader = (await files.openRead(path)).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("0123");
    expect(await codeOf(reader.read())).toBe("FILES_UNREADABLE");
  });
});
