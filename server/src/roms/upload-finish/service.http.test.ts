import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { createFaultyFiles, type FaultyFiles } from "../../ports/files/faulty.ts";
import { openUploads, type UploadScene } from "../uploads/scene.testing.ts";

let scene: UploadScene;
let files: FaultyFiles;
let folder = "";
/** Runs when an upload has been put together, and before it is looked at. */
let behindConcatenate: (partial: string) => Promise<void> = async () => undefined;
beforeAll(async () => {
  files = createFaultyFiles(createDiskFiles());
  const concatenate = async (parts: readonly string[], path: string) => {
    await files.concatenate(parts, path);
    await behindConcatenate(path);
  };
  scene = await openUploads({ files: { ...files, concatenate } });
  folder = join(scene.library.app.basePath, "library", "roms", "gba");
}, 30_000);
afterAll(() => scene?.close());
afterEach(async () => {
  files.heal();
  behindConcatenate = async () => undefined;
  rmSync(folder, { recursive: true, force: true });
  await scene.library.change("delete from rom_uploads");
});

const sha1Of = (text: string) => createHash("sha1").update(text).digest("hex");
const says = (text: string) => ({ "x-upload-sha1": sha1Of(text) });
const isWrong = (actual: string, expected: string) => ({
  status: 400,
  json: { detail: `The bytes received have the SHA-1 ${sha1Of(actual)}, not ${sha1Of(expected)}` },
});
const FINISHED = { status: 201, json: null };

async function send(name: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const id = await scene.open({ name, total: 4, chunks: 2, headers });
  await scene.chunk(id, 0, "ab");
  await scene.chunk(id, 1, "cd");
  return id;
}

/** As if the process had ended behind the naming, before it could note the end anywhere but on disk. */
async function finishAndForget(name: string, startSha1: string | null = null): Promise<string> {
  const id = await send(name);
  files.inject({ operation: "remove", path: new RegExp(`uploads/${id}$`), error: "EIO", times: 1 });
  expect(await scene.complete(id)).toEqual(FINISHED);
  await scene.library.app.ports.kv.remove([`rom-upload-finished:${id}`]);
  const sha1 = startSha1 === null ? "null" : `'${startSha1}'`;
  await scene.library.change(`insert into rom_uploads
    (id, user_id, platform_id, file_name, total_size_bytes, total_chunks, sha1, expires_at)
    values ('${id}', (select id from users where role = 'admin'), ${scene.platformId}, '${name}', 4, 2, ${sha1},
      now() + '1 day')`);
  return id;
}

describe("a finish that lost its lock", () => {
  /** Another process found the lock free, and began anew under the same name. */
  async function takeOver(id: string, partial: string): Promise<void> {
    const { kv } = scene.library.app.ports;
    await kv.set(`rom-upload:${id}`, "another process", { ttlMs: 60_000 });
    rmSync(partial);
    writeFileSync(partial, "half");
  }

  test.each([{}, says("abcd")])("publishes nothing and leaves the other's file, with %j", async (headers) => {
    const id = await send("Lost.gba", headers);
    let partial = "";
    behindConcatenate = async (path) => {
      partial = path.slice(folder.length + 1);
      await takeOver(id, path);
    };
    expect(await scene.complete(id)).toEqual({
      status: 503,
      json: { detail: "The upload is being finished" },
    });
    expect(scene.listLibrary()).toEqual([partial]);
    expect(scene.read(partial)).toBe("half");
    behindConcatenate = async () => undefined;
    await scene.library.app.ports.kv.remove([`rom-upload:${id}`]);
    expect(await scene.complete(id)).toEqual(FINISHED);
    expect(scene.listLibrary()).toEqual(["Lost.gba"]);
    expect(scene.read("Lost.gba")).toBe("abcd");
  });

  test("leaves the other's file when it fails for another reason, too", async () => {
    const id = await send("Both.gba");
    behindConcatenate = async (path) => {
      await takeOver(id, path);
      files.inject({ operation: "find", path, error: "ENOSPC" });
    };
    expect((await scene.complete(id)).status).toBe(507);
    expect(scene.listLibrary()).toHaveLength(1);
    await scene.library.app.ports.kv.remove([`rom-upload:${id}`]);
  });
});

test("a finish tells of its first failure when what it leaves cannot be removed", async () => {
  const id = await send("Twice.gba");
  behindConcatenate = async (path) => {
    files.inject({ operation: "publish", path: /Twice/, error: "ENOSPC", times: 1 });
    files.inject({ operation: "remove", path, error: "EIO", times: 1 });
  };
  expect((await scene.complete(id)).status).toBe(507);
  behindConcatenate = async () => undefined;
  expect(await scene.complete(id)).toEqual(FINISHED);
});

describe("the SHA-1 that a finish names", () => {
  test("is compared with what was finished before", async () => {
    const id = await send("Before.gba");
    expect(await scene.complete(id)).toEqual(FINISHED);
    expect(await scene.complete(id, says("abce"))).toEqual(isWrong("abcd", "abce"));
    expect(await scene.complete(id, says("abcd"))).toEqual(FINISHED);
    expect(scene.read("Before.gba")).toBe("abcd");
    // Nobody can compare what is not there any more, and it was stored.
    rmSync(join(folder, "Before.gba"));
    expect(await scene.complete(id, says("abce"))).toEqual(FINISHED);
  });

  test("is compared with the one of the finish before, wherever the file is by now", async () => {
    const id = await send("Moved.gba");
    expect(await scene.complete(id, says("abcd"))).toEqual(FINISHED);
    rmSync(join(folder, "Moved.gba"));
    expect(await scene.complete(id, says("abce"))).toEqual(isWrong("abcd", "abce"));
    expect(await scene.complete(id, says("abcd"))).toEqual(FINISHED);
  });

  test("is compared with what a call that runs already finishes", async () => {
    const id = await send("Running.gba");
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      behindConcatenate = async () => {
        resolve();
        await held;
      };
    });
    const first = scene.complete(id);
    await reached;
    const others = [scene.complete(id, says("abce")), scene.complete(id, says("abcd"))];
    goOn();
    expect(await Promise.all([first, ...others])).toEqual([FINISHED, isWrong("abcd", "abce"), FINISHED]);
  });

  test("is compared with what was published before a crash", async () => {
    const id = await finishAndForget("Crash.gba");
    expect(await scene.complete(id, says("abce"))).toEqual(isWrong("abcd", "abce"));
    expect(await scene.complete(id, says("abcd"))).toEqual(FINISHED);
    expect(scene.listLibrary()).toEqual(["Crash.gba"]);
  });

  test("may come from the start, and is compared after a crash all the same", async () => {
    const id = await finishAndForget("Start.gba", sha1Of("abce"));
    expect(await scene.complete(id)).toEqual(isWrong("abcd", "abce"));
  });
});

test("a repeated finish clears away what a kill at the very end of the first one left", async () => {
  const id = await send("Last.gba");
  files.inject({ operation: "remove", path: new RegExp(`uploads/${id}$`), error: "EIO", times: 1 });
  expect(await scene.complete(id)).toEqual(FINISHED);
  const received = join(scene.library.app.basePath, "resources", "tmp", "uploads", id);
  expect(existsSync(received)).toBe(true);
  expect(await scene.complete(id)).toEqual(FINISHED);
  expect(existsSync(received)).toBe(false);
});
