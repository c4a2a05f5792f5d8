import { afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { chmod, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { roms } from "@multitap/db/schema/roms";
import { asc } from "drizzle-orm";
import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { createFaultyFiles } from "../ports/files/faulty.ts";
import type { Scan } from "./contract.ts";
import { cancelScan, getScan, listScanProblems, startScan } from "./service.ts";

let app: TestApp | null = null;

async function open(options: TestAppOptions = {}): Promise<TestApp> {
  app = await createTestApp({ withScanWorker: true, ...options });
  return app;
}

afterEach(async () => {
  await app?.close();
  app = null;
});

async function put(at: TestApp, path: string, content = path): Promise<string> {
  const full = join(at.basePath, "library", path);
  await mkdir(join(full, ".."), { recursive: true });
  await writeFile(full, content);
  return full;
}

type ScanRequest = Parameters<typeof startScan.run>[1];

/** Runs one scan to its end. */
async function scan(at: TestApp, request: Partial<ScanRequest> = {}): Promise<Scan> {
  const ctx = at.createContext();
  const input: ScanRequest = {
    type: "quick",
    platformIds: [],
    platformFsSlugs: [],
    romIds: [],
    sources: [],
    whenBusy: "refuse",
    acceptMissing: false,
    ...request,
  };
  const { id } = await startScan.run(ctx, input);
  for (let tries = 0; tries < 500; tries += 1) {
    const now = await getScan.run(ctx, { scanId: id });
    if (now.finishedAt !== null) return now;
    await Bun.sleep(20);
  }
  return await getScan.run(ctx, { scanId: id });
}

async function rows(at: TestApp) {
  return await at.ports.database.select().from(roms).orderBy(asc(roms.fsName));
}

async function problems(at: TestApp, scanId: number) {
  const list = await listScanProblems.run(at.createContext(), { scanId });
  return list.map((problem) => [problem.code, problem.path]);
}

describe("startScan", () => {
  test("lists and hashes every file of structure A", async () => {
    const at = await open();
    await put(at, "roms/nes/Game (USA).nes", "abc");
    await put(at, "roms/gb/ポケモン (日本).gb", "xyz");
    const done = await scan(at);
    expect(done).toMatchObject({
      status: "done",
      stats: { romsNew: 2, filesHashed: 2, platformsNew: 2, problems: 0 },
    });
    const [first] = await rows(at);
    expect(first).toMatchObject({
      fsName: "Game (USA).nes",
      fsPath: "roms/nes",
      regions: ["USA"],
      crcHash: "352441c2",
      md5Hash: "900150983cd24fb0d6963f7d28e17f72",
      sha1Hash: "a9993e364706816aba3e25717850c26c9cd0d89d",
    });
  });

  test("finds structure B when there is no shared rom folder", async () => {
    const at = await open();
    await put(at, "nes/roms/Game.nes");
    await put(at, "notes/readme.txt");
    await scan(at);
    expect((await rows(at)).map((rom) => rom.fsPath)).toEqual(["nes/roms"]);
  });

  test("hashes nothing the second time and moves no timestamp", async () => {
    const at = await open();
    await put(at, "roms/nes/Game.nes");
    await scan(at);
    const before = await rows(at);
    const second = await scan(at);
    expect(second.stats).toMatchObject({ romsNew: 0, filesHashed: 0, romsDone: 1 });
    expect(await scan(at, { type: "complete" })).toMatchObject({ stats: { filesHashed: 0 } });
    expect(await rows(at)).toEqual(before);
  });

  test("hashes a changed file again in a complete scan, keeping its ids", async () => {
    const at = await open();
    const path = await put(at, "roms/nes/Game.nes", "old");
    await scan(at);
    const [before] = await rows(at);
    await writeFile(path, "newer");
    await utimes(path, new Date(), new Date(Date.now() + 5_000));
    expect(await scan(at, { type: "complete" })).toMatchObject({ stats: { filesHashed: 1 } });
    const [after] = await rows(at);
    expect(after?.id).toBe(before?.id ?? 0);
    expect(after?.sha1Hash).toBe(new Bun.CryptoHasher("sha1").update("newer").digest("hex"));
  });

  test("marks a vanished file missing, and the same row present when it is back", async () => {
    const at = await open();
    const path = await put(at, "roms/nes/Game.nes");
    await put(at, "roms/nes/Other.nes");
    await scan(at);
    const ids = (await rows(at)).map((rom) => rom.id);
    await rename(path, `${path}.away`);
    await rm(`${path}.away`);
    expect(await scan(at)).toMatchObject({ stats: { romsMissing: 1 } });
    expect((await rows(at)).map((rom) => rom.missingFromFs)).toEqual([true, false]);
    await put(at, "roms/nes/Game.nes");
    await scan(at);
    const back = await rows(at);
    expect(back.map((rom) => rom.missingFromFs)).toEqual([false, false]);
    expect(back.map((rom) => rom.id)).toEqual(ids);
  });

  test("leaves what config.yml excludes alone", async () => {
    const at = await open();
    await writeFile(
      join(at.basePath, "config", "config.yml"),
      "exclude:\n  roms:\n    single_file:\n      extensions: [txt]\n",
    );
    await put(at, "roms/nes/Game.nes");
    await put(at, "roms/nes/readme.TXT");
    await put(at, "roms/nes/.DS_Store");
    await put(at, "roms/nes/._Game.nes");
    await scan(at);
    expect((await rows(at)).map((rom) => rom.fsName)).toEqual(["Game.nes"]);
  });

  test("does not hash platforms that are never hashed", async () => {
    const at = await open();
    await put(at, "roms/switch/Game.nsp");
    expect(await scan(at)).toMatchObject({ stats: { romsNew: 1, filesHashed: 0 } });
    expect(await rows(at)).toMatchObject([{ sha1Hash: "", isHashed: true }]);
  });

  test("refuses a second scan while one is open, naming it", async () => {
    const at = await open({ withScanWorker: false });
    const ctx = at.createContext();
    const input: ScanRequest = {
      type: "quick",
      platformIds: [],
      platformFsSlugs: [],
      romIds: [],
      sources: [],
      whenBusy: "refuse",
      acceptMissing: false,
    };
    const started = await Promise.allSettled([startScan.run(ctx, input), startScan.run(ctx, input)]);
    const refused = started.filter((each) => each.status === "rejected");
    expect(refused).toMatchObject([{ reason: { code: "SCAN_RUNNING" } }]);
  });

  test("ends at once when it is cancelled before it began", async () => {
    const at = await open({ withScanWorker: false });
    const ctx = at.createContext();
    const input: ScanRequest = {
      type: "quick",
      platformIds: [],
      platformFsSlugs: [],
      romIds: [],
      sources: [],
      whenBusy: "refuse",
      acceptMissing: false,
    };
    const { id } = await startScan.run(ctx, input);
    expect(await cancelScan.run(ctx, { scanId: id })).toMatchObject({ status: "cancelled", phase: "ended" });
    await expect(startScan.run(ctx, input)).resolves.toMatchObject({ status: "queued" });
  });
});

describe("a scan of bad input", () => {
  test("reports each bad entry and stores every good one", async () => {
    const at = await open();
    const folder = join(at.basePath, "library", "roms", "nes");
    await put(at, "roms/nes/Good.nes");
    await put(at, "roms/nes/Two\nLines.nes");
    await put(at, "roms/nes/Empty.nes", "");
    const badName = Buffer.concat([
      Buffer.from(`${folder}/bad-`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(".nes"),
    ]);
    await writeFile(badName, "bytes");
    await symlink("nowhere.nes", join(folder, "Dangling.nes"));
    await symlink("Loop.nes", join(folder, "Loop.nes"));
    await put(at, "elsewhere/Linked.nes", "linked");
    await symlink(join(at.basePath, "library", "elsewhere"), join(at.basePath, "library", "roms", "gb"));
    const done = await scan(at);
    expect(done.status).toBe("done");
    expect((await rows(at)).map((rom) => rom.fsName)).toEqual([
      "Empty.nes",
      "Good.nes",
      "Linked.nes",
      "Two\nLines.nes",
    ]);
    expect((await problems(at, done.id)).sort()).toEqual([
      ["link_broken", "roms/nes/Dangling.nes"],
      ["link_broken", "roms/nes/Loop.nes"],
      ["name_control_character", "roms/nes/Two\\x0aLines.nes"],
      ["name_not_utf8", "roms/nes/bad-\\xff\\xfe.nes"],
    ]);
    expect(done.stats.problems).toBe(4);
    const empty = (await rows(at))[0];
    expect(empty).toMatchObject({ sha1Hash: "", crcHash: "", isHashed: true });
  });

  test("goes on behind an unreadable folder and marks nothing in it missing", async () => {
    const files = createFaultyFiles(createDiskFiles());
    const at = await open({ files });
    await put(at, "roms/gb/Kept.gb");
    await put(at, "roms/nes/Game.nes");
    await scan(at);
    files.inject({ operation: "list", path: /roms\/gb$/, error: "EACCES" });
    await put(at, "roms/nes/New.nes");
    const done = await scan(at);
    expect(done).toMatchObject({ status: "done", stats: { romsNew: 1, romsMissing: 0, problems: 1 } });
    expect(await problems(at, done.id)).toEqual([["folder_unreadable", "roms/gb"]]);
  });

  test("counts an unreadable file, keeps its row and hashes it once it can be read", async () => {
    const at = await open();
    const path = await put(at, "roms/nes/Locked.nes", "abc");
    await put(at, "roms/nes/Open.nes");
    if (process.getuid?.() === 0) {
      // Root reads everything, so a file that shrinks under the scan stands in for it.
      const files = createFaultyFiles(createDiskFiles());
      await at.close();
      const again = await open({ files });
      await put(again, "roms/nes/Locked.nes", "abc");
      await put(again, "roms/nes/Open.nes");
      files.inject({ operation: "find", path: /Locked/, error: "EACCES", times: 1 });
      const refused = await scan(again);
      expect(await problems(again, refused.id)).toEqual([["file_unreadable", "roms/nes/Locked.nes"]]);
      expect(await scan(again)).toMatchObject({ stats: { romsNew: 1, filesHashed: 1 } });
      return;
    }
    await chmod(path, 0o000);
    const refused = await scan(at);
    expect(await problems(at, refused.id)).toEqual([["hash_unreadable", "roms/nes/Locked.nes"]]);
    await chmod(path, 0o600);
    expect(await scan(at)).toMatchObject({ stats: { filesHashed: 1 } });
  });

  test("never stores hashes of a file that changed after it was listed", async () => {
    const at = await open();
    const path = await put(at, "roms/nes/Shrinking.nes", "long enough");
    const ctx = at.createContext();
    at.ports.events.on("scan", (event) => {
      // Between the listing and the hashing.
      if (event.data.phase === "hashing") writeFileSync(path, "short");
    });
    const input: ScanRequest = {
      type: "quick",
      platformIds: [],
      platformFsSlugs: [],
      romIds: [],
      sources: [],
      whenBusy: "refuse",
      acceptMissing: false,
    };
    const { id } = await startScan.run(ctx, input);
    while ((await getScan.run(ctx, { scanId: id })).finishedAt === null) await Bun.sleep(20);
    expect(await problems(at, id)).toEqual([["hash_changed", "roms/nes/Shrinking.nes"]]);
    expect(await rows(at)).toMatchObject([{ sha1Hash: "", isHashed: false }]);
    expect(await scan(at, { type: "complete" })).toMatchObject({ stats: { filesHashed: 1 } });
    expect(await rows(at)).toMatchObject([
      { sha1Hash: new Bun.CryptoHasher("sha1").update("short").digest("hex") },
    ]);
  });
});

describe("a library that vanished", () => {
  test("fails the scan and marks nothing when the mount is empty", async () => {
    const at = await open();
    await put(at, "roms/nes/Game.nes");
    await scan(at);
    await rm(join(at.basePath, "library", "roms"), { recursive: true });
    const refused = await scan(at);
    expect(refused.status).toBe("failed");
    expect(refused.errorMessage).toContain("E_LIBRARY_MISSING");
    expect(await rows(at)).toMatchObject([{ missingFromFs: false }]);
  });

  test("asks for confirmation when most of a platform vanished at once", async () => {
    const at = await open();
    const paths: string[] = [];
    for (let index = 0; index < 60; index += 1) paths.push(await put(at, `roms/nes/Game ${index}.nes`));
    await scan(at);
    for (const path of paths.slice(1)) await rm(path);
    const unsure = await scan(at);
    expect(unsure).toMatchObject({ status: "done", stats: { romsMissing: 0, problems: 1 } });
    expect(await problems(at, unsure.id)).toEqual([["missing_unconfirmed", "roms/nes"]]);
    expect(await scan(at, { acceptMissing: true })).toMatchObject({ stats: { romsMissing: 59 } });
  });
});
