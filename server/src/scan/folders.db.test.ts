import { afterEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { romUser } from "@multitap/db/schema/roms";
import { users } from "@multitap/db/schema/users";
import { openScannedLibrary, type ScannedLibrary, toScanInput } from "./scan.testing.ts";
import { listScans, queueScan, startScan } from "./service.ts";

const open: ScannedLibrary[] = [];
afterEach(async () => {
  for (const library of open.splice(0)) await library.close();
});

async function openLibrary(options?: Parameters<typeof openScannedLibrary>[0]): Promise<ScannedLibrary> {
  const library = await openScannedLibrary(options);
  open.push(library);
  return library;
}

const md5 = (...parts: readonly string[]) => createHash("md5").update(parts.join("")).digest("hex");
const sha1 = (...parts: readonly string[]) => createHash("sha1").update(parts.join("")).digest("hex");

describe("a folder in a platform folder", () => {
  test("is one rom with every file in it, and its size is theirs", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Quest/disc 1.bin", "one");
    await library.put("roms/nes/Quest/disc 2.bin", "two!");
    await library.put("roms/nes/Quest/dlc/extra/more.bin", "more");
    await library.put("roms/nes/Quest/Manual/manual.txt", "read");
    const { stats, status } = await library.scan();
    expect([status, stats.romsNew, stats.filesHashed]).toEqual(["done", 1, 4]);
    const [rom] = await library.roms();
    expect([rom?.fsName, rom?.isFolder, rom?.fsSizeBytes]).toEqual(["Quest", true, 15]);
    const files = (await library.files()).map((file) => [file.filePath, file.fileName, file.category]);
    expect(files).toEqual([
      ["roms/nes/Quest", "disc 1.bin", null],
      ["roms/nes/Quest", "disc 2.bin", null],
      ["roms/nes/Quest/Manual", "manual.txt", "manual"],
      ["roms/nes/Quest/dlc/extra", "more.bin", "dlc"],
    ]);
  });

  test("has one digest over the files directly in it, in code-point order; deeper ones have their own", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Quest/b.bin", "second");
    await library.put("roms/nes/Quest/B.bin", "first");
    await library.put("roms/nes/Quest/é.bin", "third");
    await library.put("roms/nes/Quest/patch/a.ips", "patch");
    await library.scan();
    const [rom] = await library.roms();
    expect(rom?.md5Hash).toBe(md5("first", "second", "third"));
    expect(rom?.sha1Hash).toBe(sha1("first", "second", "third"));
    const patch = (await library.files()).find((file) => file.fileName === "a.ips");
    expect([patch?.sha1Hash, patch?.category]).toEqual([sha1("patch"), "patch"]);
  });

  test("may be empty", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Empty/.DS_Store");
    expect((await library.scan()).stats.romsNew).toBe(1);
    const [rom] = await library.roms();
    expect([rom?.sha1Hash, rom?.fsSizeBytes, rom?.isHashed]).toEqual(["", 0, true]);
  });

  test("leaves out what the operator leaves out, and links to folders", async () => {
    const library = await openLibrary();
    const file = await library.put("roms/nes/Quest/a.bin", "a");
    await library.put("roms/nes/Quest/.DS_Store");
    await library.put("roms/nes/Quest/save.tmp");
    await library.put("roms/nes/@eaDir/x");
    await symlink(join(file, "../.."), join(file, "../circle"));
    await library.scan();
    expect((await library.files()).map((each) => each.fileName)).toEqual(["a.bin"]);
  });

  test("is looked through by a quick scan: files that came and went, with ids that stay", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Quest/a.bin", "a");
    await library.put("roms/nes/Quest/b.bin", "b");
    await library.scan();
    const before = await library.files();
    await library.put("roms/nes/Quest/c.bin", "c");
    await library.remove("roms/nes/Quest/a.bin");
    await library.scan();
    const after = await library.files();
    expect(after.map((file) => file.fileName)).toEqual(["b.bin", "c.bin"]);
    expect(after[0]?.id).toBe(before[1]?.id ?? 0);
    expect((await library.roms())[0]?.sha1Hash).toBe(sha1("b", "c"));
  });

  test("keeps the id of a file that was renamed in it", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Quest/a.bin", "content of a");
    await library.put("roms/nes/Quest/b.bin", "b");
    await library.scan();
    const id = (await library.files())[0]?.id;
    await library.move("roms/nes/Quest/a.bin", "roms/nes/Quest/extras/renamed.bin");
    await library.scan();
    const renamed = (await library.files()).find((file) => file.fileName === "renamed.bin");
    expect([renamed?.id, renamed?.filePath]).toEqual([id, "roms/nes/Quest/extras"]);
    expect(await library.files()).toHaveLength(2);
  });

  test("does not hash twice what it hashed", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Quest/a.bin", "a");
    await library.scan();
    expect((await library.scan()).stats.filesHashed).toBe(0);
    expect((await library.scan({ type: "complete" })).stats.filesHashed).toBe(0);
    expect((await library.scan({ type: "hashes" })).stats.filesHashed).toBe(1);
  });

  test("may become a file of the same name, and a file a folder", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/One", "file");
    await library.put("roms/nes/Two/a.bin", "a");
    await library.scan();
    const ids = (await library.roms()).map((rom) => rom.id);
    await library.remove("roms/nes/One");
    await library.put("roms/nes/One/a.bin", "in a folder");
    await library.remove("roms/nes/Two");
    await library.put("roms/nes/Two", "now a file");
    await library.scan();
    const roms = await library.roms();
    expect(roms.map((rom) => [rom.id, rom.isFolder, rom.sha1Hash])).toEqual([
      [ids[0] ?? 0, true, sha1("in a folder")],
      [ids[1] ?? 0, false, sha1("now a file")],
    ]);
    expect((await library.files()).map((file) => `${file.filePath}/${file.fileName}`)).toEqual([
      "roms/nes/Two",
      "roms/nes/One/a.bin",
    ]);
  });
});

/** Gives the only rom something of a user that must stay with it. */
async function rate(library: ScannedLibrary): Promise<number> {
  const db = library.app.ports.database;
  const [user] = await db.insert(users).values({ username: "ana" }).returning();
  const [rom] = await library.roms();
  await db.insert(romUser).values({ romId: rom?.id ?? 0, userId: user?.id ?? 0, rating: 9 });
  return rom?.id ?? 0;
}

async function ratedRom(library: ScannedLibrary) {
  const [row] = await library.app.ports.database.select().from(romUser);
  return (await library.roms()).find((rom) => rom.id === row?.romId);
}

describe("a rom that moved", () => {
  test.each([
    ["was renamed", "roms/nes/Old (USA).nes", "roms/nes/New (Europe).nes"],
    ["moved to another platform's folder", "roms/nes/Game.nes", "roms/snes/Game.nes"],
    ["moved to a folder that comes earlier", "roms/snes/Game.nes", "roms/nes/Other.nes"],
  ])("keeps what users made of it: it %s", async (_how, from, to) => {
    const library = await openLibrary();
    await library.put(from, "the game");
    await library.scan();
    const id = await rate(library);
    await library.move(from, to);
    const { stats } = await library.scan();
    expect([stats.romsNew, stats.romsMissing]).toEqual([0, 0]);
    const roms = await library.roms();
    expect(roms).toHaveLength(1);
    const rom = await ratedRom(library);
    expect([rom?.id, `${rom?.fsPath}/${rom?.fsName}`, rom?.missingFromFs]).toEqual([id, to, false]);
    const [file] = await library.files();
    expect(`${file?.filePath}/${file?.fileName}`).toBe(to);
  });

  test("has the tags of its new name", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Game (USA).nes", "the game");
    await library.scan();
    await library.move("roms/nes/Game (USA).nes", "roms/nes/Game (Europe) (Rev 2).nes");
    await library.scan();
    const [rom] = await library.roms();
    expect([rom?.regions, rom?.revision, rom?.fsNameNoTags]).toEqual([["Europe"], "2", "Game"]);
  });

  test("is recognised when only its new folder is scanned", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Game.nes", "the game");
    await library.put("roms/snes/Other.sfc", "other");
    await library.scan();
    const id = (await library.roms()).find((rom) => rom.fsName === "Game.nes")?.id;
    await library.move("roms/nes/Game.nes", "roms/snes/Game.nes");
    await library.scan({ platformFsSlugs: ["snes"] });
    const moved = (await library.roms()).find((rom) => rom.fsName === "Game.nes");
    expect([moved?.id, moved?.fsPath]).toEqual([id, "roms/snes"]);
  });

  test("is recognised after it was missing for a while", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Game.nes", "the game");
    await library.put("roms/nes/Other.nes", "other");
    await library.scan();
    const id = (await library.roms())[0]?.id;
    await library.move("roms/nes/Game.nes", "Game.nes");
    expect((await library.scan()).stats.romsMissing).toBe(1);
    await library.move("Game.nes", "roms/nes/Back.nes");
    await library.scan();
    const [rom] = await library.roms();
    expect([rom?.id, rom?.fsName, rom?.missingFromFs]).toEqual([id, "Back.nes", false]);
  });

  test("may be a folder with everything in it", async () => {
    const library = await openLibrary();
    await library.put("roms/psx/Old/disc.bin", "disc");
    await library.put("roms/psx/Old/manual/m.txt", "manual");
    await library.scan();
    const [rom] = await library.roms();
    const ids = (await library.files()).map((file) => file.id);
    await library.move("roms/psx/Old", "roms/psx/New");
    expect((await library.scan()).stats.romsNew).toBe(0);
    expect((await library.roms()).map((each) => [each.id, each.fsName])).toEqual([[rom?.id ?? 0, "New"]]);
    const files = await library.files();
    expect(files.map((file) => file.id)).toEqual(ids);
    expect(files.map((file) => file.filePath)).toEqual(["roms/psx/New", "roms/psx/New/manual"]);
  });

  test("is not confused with a copy: the one that stayed keeps its row", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Game.nes", "the game");
    await library.scan();
    const id = (await library.roms())[0]?.id;
    await library.put("roms/nes/Copy.nes", "the game");
    expect((await library.scan()).stats.romsNew).toBe(1);
    expect((await library.roms()).find((rom) => rom.fsName === "Game.nes")?.id).toBe(id ?? 0);
  });

  test("is another one when its content is another, whatever its size", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Game.nes", "the game");
    await library.put("roms/nes/Stays.nes", "stays");
    await library.scan();
    await library.remove("roms/nes/Game.nes");
    await library.put("roms/nes/Hack.nes", "the hack");
    const { stats } = await library.scan();
    expect([stats.romsNew, stats.romsMissing]).toEqual([1, 1]);
  });

  test("many at once are followed, where as many that vanish ask for confirmation", async () => {
    const library = await openLibrary();
    const count = 80;
    const name = (prefix: string, index: number) => `roms/nes/${prefix} ${index}.nes`;
    for (let index = 0; index < count; index += 1) await library.put(name("a", index), `game ${index}`);
    await library.scan();
    const ids = new Set((await library.roms()).map((rom) => rom.id));
    for (let index = 0; index < count; index += 1) await library.move(name("a", index), name("b", index));
    const { stats } = await library.scan();
    expect([stats.romsNew, stats.problems]).toEqual([0, 0]);
    const roms = await library.roms();
    expect(roms.every((rom) => ids.has(rom.id) && rom.fsName.startsWith("b"))).toBe(true);
  });

  test("replaced by another content under its name keeps its row and is hashed again", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/Game.nes", "the game");
    await library.scan();
    const id = await rate(library);
    await library.put("roms/nes/Game.nes", "a hack of it");
    await library.scan({ type: "complete" });
    const rom = await ratedRom(library);
    expect([rom?.id, rom?.sha1Hash]).toEqual([id, sha1("a hack of it")]);
  });
});

describe("types of scans", () => {
  test("new_platforms looks at folders without a row only", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/A.nes");
    await library.scan();
    await library.put("roms/nes/B.nes");
    await library.put("roms/snes/C.sfc");
    await library.put("bios/nes/bios.bin");
    await library.scan({ type: "new_platforms" });
    expect((await library.roms()).map((rom) => rom.fsName)).toEqual(["A.nes", "C.sfc"]);
    expect(await library.firmware()).toEqual([]);
  });

  test.each(["update", "unmatched"] as const)("%s adds nothing and marks what is gone", async (type) => {
    const library = await openLibrary();
    await library.put("roms/nes/A.nes");
    await library.put("roms/nes/B.nes");
    await library.scan();
    await library.put("roms/nes/C.nes");
    await library.remove("roms/nes/A.nes");
    await library.scan({ type });
    const roms = await library.roms();
    expect(roms.map((rom) => [rom.fsName, rom.missingFromFs])).toEqual([
      ["A.nes", true],
      ["B.nes", false],
    ]);
  });

  test("hashes hashes everything again and does not read names", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/A (USA).nes", "a");
    await library.put("roms/nes/B.nes", "b");
    await library.scan();
    const { sql } = library.app.database.handle;
    await sql`update roms set regions = '{}', md5_hash = 'wrong', sha1_hash = 'wrong'`;
    expect((await library.scan({ type: "hashes" })).stats.filesHashed).toBe(2);
    const [rom] = await library.roms();
    expect([rom?.sha1Hash, rom?.regions]).toEqual([sha1("a"), []]);
  });

  test("of named roms looks at them alone, and notes one that is gone", async () => {
    const library = await openLibrary();
    for (const name of ["A", "B", "C"]) await library.put(`roms/nes/${name}.nes`, name);
    await library.scan();
    const [a, b, c] = await library.roms();
    await library.put("roms/nes/A.nes", "other");
    await library.put("roms/nes/C.nes", "other too");
    await library.put("roms/nes/New.nes");
    await library.remove("roms/nes/B.nes");
    await library.scan({ romIds: [a?.id ?? 0, b?.id ?? 0] });
    const roms = await library.roms();
    expect(roms.map((rom) => [rom.fsName, rom.sha1Hash, rom.missingFromFs])).toEqual([
      ["A.nes", sha1("other"), false],
      ["B.nes", sha1("B"), true],
      ["C.nes", c?.sha1Hash ?? "", false],
    ]);
  });
});

describe("firmware", () => {
  test("is listed with its hashes, found again, missed, and hashed again when it changed", async () => {
    const library = await openLibrary();
    await library.put("roms/psx/Game.bin");
    await library.put("bios/psx/scph1001.bin", "bios");
    await library.put("bios/psx/note.tmp", "left out");
    const first = await library.scan();
    expect([first.stats.firmwareDone, first.stats.firmwareNew]).toEqual([1, 1]);
    const [row] = await library.firmware();
    expect([row?.fileName, row?.filePath, row?.md5Hash]).toEqual(["scph1001.bin", "bios/psx", md5("bios")]);
    expect((await library.scan()).stats.firmwareNew).toBe(0);
    await library.put("bios/psx/scph1001.bin", "another");
    await library.scan();
    const [changed] = await library.firmware();
    expect([changed?.id, changed?.md5Hash]).toEqual([row?.id ?? 0, md5("another")]);
    await library.remove("bios/psx/scph1001.bin");
    await library.scan();
    expect((await library.firmware())[0]?.missingFromFs).toBe(true);
  });

  test("is compared with the operator's table of known files at every scan", async () => {
    const library = await openLibrary();
    await library.put("bios/psx/scph1001.bin", "bios");
    await library.put("roms/psx/Game.bin");
    const table = join(library.app.basePath, "config", "known-bios.json");
    const isVerified = async () => {
      await library.scan();
      return (await library.firmware())[0]?.isVerified;
    };
    expect(await isVerified()).toBe(false);
    await writeFile(table, JSON.stringify({ "psx:scph1001.bin": { size: 4, md5: md5("bios") } }));
    expect(await isVerified()).toBe(true);
    const [before] = await library.firmware();
    expect(await isVerified()).toBe(true);
    expect((await library.firmware())[0]?.updatedAt).toEqual(before?.updatedAt ?? new Date(0));
    await library.put("bios/psx/scph1001.bin", "wrong");
    expect(await isVerified()).toBe(false);
    await library.put("bios/psx/scph1001.bin", "bios");
    expect(await isVerified()).toBe(true);
    await rm(table);
    expect(await isVerified()).toBe(false);
  });
});

describe("scans that are asked for while one is under way", () => {
  test("wait in order, and an equal one is not added twice", async () => {
    const library = await openLibrary({ withScanWorker: false });
    const ctx = library.app.createContext();
    const first = await startScan.run(ctx, toScanInput());
    const waiting = await queueScan(ctx, { type: "quick", platformFsSlugs: ["nes"], origin: "watcher" });
    const equal = await queueScan(ctx, { type: "quick", platformFsSlugs: ["nes"], origin: "watcher" });
    expect(waiting.isNew).toBe(true);
    expect(equal).toEqual({ scanId: waiting.scanId, isNew: false });
    const open = await listScans.run(ctx, { limit: 10 });
    expect(open.map((scan) => scan.id).sort()).toEqual([first.id, waiting.scanId]);
  });

  test("run one after another until none is left", async () => {
    const library = await openLibrary();
    await library.put("roms/nes/A.nes");
    const ctx = library.app.createContext();
    const ids: number[] = [];
    for (const fsSlug of ["nes", "snes", "gb"]) {
      const request = { type: "quick", platformFsSlugs: [fsSlug], origin: "watcher" } as const;
      ids.push((await queueScan(ctx, request)).scanId);
    }
    for (const id of ids) expect((await library.ended(id)).status).toBe("done");
  });
});

describe("hashing", () => {
  test("can be switched off for a platform by its folder or its slug", async () => {
    const library = await openLibrary();
    const { writeFile } = await import("node:fs/promises");
    await writeFile(
      join(library.app.basePath, "config/config.yml"),
      "filesystem:\n  skip_hash_platforms: [nes]\n",
    );
    await library.put("roms/nes/A.nes");
    await library.put("roms/snes/B.sfc");
    await library.scan();
    const roms = await library.roms();
    expect(roms.map((rom) => [rom.fsName, rom.sha1Hash !== "", rom.isHashed])).toEqual([
      ["A.nes", false, true],
      ["B.sfc", true, true],
    ]);
  });
});
