import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openUploads, type UploadScene } from "../uploads/scene.testing.ts";
import { sweepUploads } from "./service.ts";

let scene: UploadScene;
beforeAll(async () => {
  scene = await openUploads();
}, 30_000);
afterAll(() => scene?.close());

describe("sweepUploads", () => {
  test("removes what is over and what was left behind, and nothing else", async () => {
    const { app } = scene.library;
    const over = await scene.open({ name: "Over.gba", total: 4, chunks: 2 });
    await scene.chunk(over, 0, "ab");
    const folder = join(app.basePath, "library", "roms", "gba");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `.multitap-${over.replaceAll("-", "").slice(0, 16)}.partial`), "half");
    await scene.library.change("update rom_uploads set expires_at = now() - '1 minute'::interval");
    expect(await scene.chunk(over, 1, "cd")).toEqual({
      status: 404,
      json: { detail: "Upload session not found or expired" },
    });
    const open = await scene.open({ name: "Open.gba", total: 4, chunks: 2 });
    await scene.chunk(open, 0, "ab");
    const waiting = join(app.facts.tempPath, "uploads");
    const received = join(app.facts.tempPath, "received");
    const twoDaysAgo = new Date(Date.now() - 48 * 3_600_000);
    for (const name of ["old", "young"]) {
      mkdirSync(join(waiting, name));
      mkdirSync(received, { recursive: true });
      writeFileSync(join(received, `${name}.received`), "x");
    }
    utimesSync(join(waiting, "old"), twoDaysAgo, twoDaysAgo);
    utimesSync(join(waiting, open), twoDaysAgo, twoDaysAgo);
    utimesSync(join(received, "old.received"), twoDaysAgo, twoDaysAgo);
    expect(await sweepUploads(app.createContext())).toEqual({ uploads: 1, leftovers: 2 });
    expect(await sweepUploads(app.createContext())).toEqual({ uploads: 0, leftovers: 0 });
    expect(scene.listWaiting()).toEqual([open, `${open}/00000`, "young"].sort());
    expect(scene.listLibrary()).toEqual([]);
    expect(await Bun.file(join(received, "young.received")).exists()).toBe(true);
  });
});
