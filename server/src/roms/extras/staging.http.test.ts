// Uploads that wait on another file system than their place are copied before the rom is locked.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RECEIVED_IN_MEMORY_BYTES } from "../../http/limits.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { createFaultyFiles, type FaultyFiles } from "../../ports/files/faulty.ts";
import type { Files } from "../../ports/files/port.ts";
import { type ExtraScene, openExtraScene } from "./scene.testing.ts";

const OPEN_MS = 30_000;
const BOOK = `%PDF-${"x".repeat(RECEIVED_IN_MEMORY_BYTES)}`;
const sha1Of = (bytes: string | Buffer) => createHash("sha1").update(bytes).digest("hex");

let scene: ExtraScene;
let files: FaultyFiles;
/** What became of looking for the rom's row while a received file was copied. */
let copies: string[] = [];

beforeEach(async () => {
  scene = await openExtraScene(["Solo.gba"]);
  copies = [];
  files = createFaultyFiles(createDiskFiles());
  const writeAtomic: Files["writeAtomic"] = async (path, content, options) => {
    if (!path.includes("/received/") && !(content instanceof Uint8Array)) copies.push(await lockRom());
    await files.writeAtomic(path, content, options);
  };
  Object.assign(scene.library.app.ports.files, { ...files, writeAtomic });
  files.inject({ operation: "rename", path: /\.received$/, error: "EXDEV" });
}, OPEN_MS);
afterEach(() => scene.close());

async function lockRom(): Promise<string> {
  const { sql } = scene.library.app.database.handle;
  try {
    await sql`select id from roms for update nowait`;
    return "free";
  } catch {
    return "locked";
  }
}

const KINDS = [
  ["soundtracks", "a.mp3", (at: string) => join(at, "library/roms/gba/Solo/soundtrack/a.mp3")],
  ["manuals", "a.pdf", (at: string, id: number) => join(at, `resources/roms/1/${id}/manual/${id}.pdf`)],
] as const;

describe.each(KINDS)("POST %s", (route, name, placeOf) => {
  test("copies from another disk while nobody waits for the rom, and leaves nothing", async () => {
    const id = await scene.romId("Solo.gba");
    const answer = await scene.upload(`/api/roms/${id}/${route}`, { name, bytes: BOOK });
    expect(answer.status).toBe(201);
    expect(copies).toEqual(["free"]);
    const { basePath, facts } = scene.library.app;
    const path = placeOf(basePath, id);
    expect(sha1Of(readFileSync(path))).toBe(sha1Of(BOOK));
    expect(await readdir(join(path, ".."))).toEqual([path.slice(path.lastIndexOf("/") + 1)]);
    expect(await scene.names("roms/gba")).toEqual([route === "manuals" ? "Solo.gba" : "Solo"]);
    expect(await readdir(join(facts.tempPath, "received"))).toEqual([]);
  });

  test("leaves nothing when the file does not get its name", async () => {
    const id = await scene.romId("Solo.gba");
    files.inject({ operation: "rename", path: /\.multitap-\w+\.partial$/, error: "ENOSPC" });
    const answer = await scene.upload(`/api/roms/${id}/${route}`, { name, bytes: BOOK });
    expect(answer.status).toBe(507);
    const left = await readdir(scene.library.app.basePath, { recursive: true });
    expect(left.filter((path) => /partial|received\/|a\.mp3|\d\.pdf/.test(path))).toEqual([]);
  });
});

test("a manual that is fetched again needs room where it waits", async () => {
  const id = await scene.romId("Solo.gba");
  await scene.library.app.database.handle.sql`update roms set url_manual = 'http://127.0.0.1:9/book.pdf'`;
  const asked: string[] = [];
  const { space, facts } = { ...scene.library.app.ports, facts: scene.library.app.facts };
  Object.assign(space, {
    assertSpace: async (_bytes: number, { path }: { path: string }) => void asked.push(path),
  });
  await scene.call(`/api/roms/${id}/manuals/redownload`, { method: "POST" });
  expect(asked).toEqual([join(facts.tempPath, "received"), facts.resourcesPath]);
});
