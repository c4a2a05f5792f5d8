// The published client against the real server: both sides of every call about firmware and platforms.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@multitap/client";
import { fileSink } from "@multitap/client/node";
import { codeOf, openAppClient } from "../auth/client.testing.ts";
import { type LibraryScene, openLibraryScene } from "../platforms/scene.testing.ts";

let scene: LibraryScene;
let client: Client;
let folder = "";

beforeAll(async () => {
  scene = await openLibraryScene();
  folder = await mkdtemp(join(tmpdir(), "multitap-firmware-"));
  const scope = "platforms.read platforms.write firmware.read firmware.write";
  client = await openAppClient(scene.app, { scope });
}, 30_000);
afterAll(async () => {
  await client.close();
  await scene.app.close();
  await rm(folder, { recursive: true, force: true });
});

test("a client makes a platform, keeps its firmware, and removes both", async () => {
  const { platforms, firmware } = client;
  await scene.putFile("roms/snes/A.sfc");
  expect((await platforms.listFolders()).map(({ id, fsSlug }) => [id, fsSlug])).toEqual([[-1, "snes"]]);
  const { id } = await platforms.create("gba");
  expect((await platforms.update(id, { customName: "Advance!" })).displayName).toBe("Advance!");
  await firmware.upload(id, [
    { fileName: "gba_bios.bin", bytes: new TextEncoder().encode("the bios") },
    { fileName: "other.bin", bytes: new Blob(["other"]) },
  ]);
  const [file, other] = await firmware.list({ platformId: id });
  expect([file?.fileName, other?.fileName]).toEqual(["gba_bios.bin", "other.bin"]);
  const fileId = file?.id ?? 0;
  expect(await firmware.get(fileId)).toEqual(file as NonNullable<typeof file>);
  const to = join(folder, "gba_bios.bin");
  const moved = await firmware.download(fileId, fileSink(to), { verify: true });
  expect([moved.name, moved.sha1, await readFile(to, "utf8")]).toEqual([
    "gba_bios.bin",
    file?.sha1 ?? "",
    "the bios",
  ]);
  expect(await firmware.remove([fileId, 999_999], { fileIds: [fileId] })).toEqual({
    removedIds: [fileId],
    failures: [{ firmwareId: 999_999, message: "Firmware with ID 999999 not found" }],
  });
  expect((await firmware.list()).map(({ id: left }) => left)).toEqual([other?.id ?? 0]);
  await platforms.remove(id);
  expect(await codeOf(platforms.get(id))).toBe("not_found PLATFORMS_NOT_FOUND");
  expect(await codeOf(firmware.get(other?.id ?? 0))).toBe("not_found FIRMWARE_NOT_FOUND");
});

test("a client is told what was refused", async () => {
  const { id } = await client.platforms.create("psx");
  const bytes = new Blob(["x"]);
  expect(await codeOf(client.platforms.create("assets"))).toBe("invalid PLATFORMS_FOLDER_REFUSED");
  expect(await codeOf(client.platforms.remove(id + 1))).toBe("not_found PLATFORMS_NOT_FOUND");
  expect(await codeOf(client.firmware.get(999_999))).toBe("not_found FIRMWARE_NOT_FOUND");
  expect(await codeOf(client.firmware.upload(id + 1, [{ fileName: "a.bin", bytes }]))).toStartWith(
    "not_found",
  );
  expect(await codeOf(client.firmware.upload(id, [{ fileName: "a.tmp", bytes }]))).toStartWith("invalid");
});
