import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { type LibraryScene, openLibraryScene } from "../../platforms/scene.testing.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { createFaultyFiles } from "../../ports/files/faulty.ts";
import { uploadFirmware } from "./service.ts";

let scene: LibraryScene;
const files = createFaultyFiles(createDiskFiles());
beforeAll(async () => {
  scene = await openLibraryScene({ files });
}, 60_000);
afterAll(() => scene.app.close());

const sent = (fileName: string): ReceivedFile => ({
  fieldName: "files",
  fileName,
  contentType: "application/octet-stream",
  sizeBytes: 1,
  content: { bytes: Uint8Array.of(1) },
});

test("an upload tells of its first failure, and that something changed, when the rows cannot be stored either", async () => {
  const platformId = await scene.addPlatform("gba");
  files.inject({ operation: "writeAtomic", path: /b\.bin$/, error: "ENOSPC" });
  const ctx = scene.app.createContext();
  const run = async () => {
    throw new AppError("unavailable", "COMPUTE_FULL", { message: "the workers are busy" });
  };
  let writes = 0;
  const failing = {
    ...ctx,
    ports: { ...ctx.ports, compute: { ...ctx.ports.compute, run } },
    noteWrite: () => {
      writes += 1;
    },
  };
  const upload = uploadFirmware.run(failing, { platformId, files: [sent("a.bin"), sent("b.bin")] });
  expect(await upload.catch((error: AppError) => error.code)).toBe("STORAGE_FULL");
  expect(writes).toBe(1);
  expect(await Bun.file(join(scene.app.facts.libraryPath, "bios/gba/a.bin")).exists()).toBe(true);
});
