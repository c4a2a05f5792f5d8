import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AppError } from "../../base/errors.ts";
import { codeOf, createTestFolder } from "./contract.ts";
import { createDiskFiles } from "./disk.ts";

const ownId = `${process.getuid?.()}:${process.getgid?.()}`;

if (process.getuid?.() === 0) {
  // Root may read everything, so root has another user run this very file.
  test("files without permission, as another user", () => {
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const options = { env: { HOME: "/", PATH: process.env.PATH }, stderr: "pipe" } as const;
    const canRead =
      Bun.which("setpriv") !== null && Bun.spawnSync([...asNobody, "test", "-r", import.meta.path]).success;
    if (!canRead) {
      console.warn("not checked: as root this needs setpriv and a checkout others can read");
      return;
    }
    const { success, stderr } = Bun.spawnSync(
      [...asNobody, process.execPath, "test", import.meta.path],
      options,
    );
    expect({ success, output: success ? "" : stderr.toString() }).toEqual({ success: true, output: "" });
  }, 20_000);
} else {
  describe("files without permission", () => {
    const files = createDiskFiles();
    let folder = "";
    beforeAll(async () => {
      folder = await createTestFolder();
      await files.writeAtomic(join(folder, "closed"), "x", { mode: 0o000 });
      await files.writeAtomic(join(folder, "read-only"), "x", { mode: 0o444 });
      await files.createFolder(join(folder, "fixed", "shut"));
      await files.writeAtomic(join(folder, "fixed", "file"), "x");
      await chmod(join(folder, "fixed", "shut"), 0o000);
      await chmod(join(folder, "fixed"), 0o555);
    });
    afterAll(async () => {
      await chmod(join(folder, "fixed"), 0o755);
      await chmod(join(folder, "fixed", "shut"), 0o755);
      await rm(folder, { recursive: true });
    });

    test("a closed file names us, its owner and its mode", async () => {
      const path = join(folder, "closed");
      const message = `cannot read ${path} as ${ownId}: permission denied (owner ${ownId} mode 0000)`;
      for (const attempt of [
        files.readText(path, { maxBytes: 9 }),
        files.openRead(path),
        files.openBlob(path),
      ]) {
        const failure = await attempt.catch((error: unknown) => error as AppError);
        expect(failure).toMatchObject({ code: "FILES_FORBIDDEN", message });
      }
    });

    test("a folder that may not be changed names itself", async () => {
      const path = join(folder, "fixed", "file");
      const explanation = `(folder ${join(folder, "fixed")} owner ${ownId} mode 0555)`;
      for (const attempt of [
        () => files.writeAtomic(path, "y"),
        () => files.remove(path),
        () => files.rename(path, join(folder, "moved")),
        () => files.createFolder(join(folder, "fixed", "new")),
      ]) {
        const failure = await attempt().catch((error: unknown) => error as AppError);
        expect(failure).toMatchObject({
          code: "FILES_FORBIDDEN",
          message: expect.stringContaining(explanation),
        });
      }
    });

    test("a folder that may not be entered hides what is in it", async () => {
      const shut = join(folder, "fixed", "shut");
      expect(await codeOf(files.list(shut))).toBe("FILES_FORBIDDEN");
      expect(await codeOf(files.find(join(shut, "anything")))).toBe("FILES_FORBIDDEN");
    });

    test("canWrite tells what is read-only", async () => {
      expect(await files.canWrite(folder)).toBe(true);
      expect(await files.canWrite(join(folder, "read-only"))).toBe(false);
      expect(await files.canWrite(join(folder, "fixed"))).toBe(false);
      expect(await files.canWrite(join(folder, "fixed", "shut", "below"))).toBe(false);
    });
  });
}
