import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Client } from "@multitap/client";
import type { DatabaseHandle } from "@multitap/db";
import { pack } from "../../../../scripts/library/packed-roms.ts";
import { makeNoise } from "../../../../scripts/library/rich-place.ts";
import { type KnownRom, openServerDatabase, readRoms, romPathOf } from "./disk-scene.testing.ts";
import { createAdmin, endScenes, makeFolder, openClient, runScan } from "./scene.testing.ts";
import { type RunningServer, startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
/** Larger than what one batch of a scan decides, so that moves meet across batches. */
const MANY_ROMS = 150;

/** Of this test alone: all share a server, and no game of one may be taken for one of another. */
let mark = 0;
const noise = (key: string, sizeBytes = 3_000) => makeNoise({ seed: mark }, key, sizeBytes);
const packed = (key: string) =>
  pack({ "Game.sfc": noise(key), "readme.txt": noise(`${key} text`, 90) }, ["7z"]);

let libraryPath: string;
let server: RunningServer;
let client: Client;
let database: DatabaseHandle;

/** Writes below `roms`. */
function put(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), bytes);
}
const at = (path: string) => join(libraryPath, "roms", toOwn(path));
/** Names in platform folders begin with the test's mark. */
const toOwn = (path: string) => path.replace("/", `/${mark} `);

function move(from: string, to: string): void {
  mkdirSync(dirname(at(to)), { recursive: true });
  renameSync(at(from), at(to));
}

beforeAll(async () => {
  const basePath = join(makeFolder("moves"), "base");
  libraryPath = join(basePath, "library");
  mkdirSync(join(libraryPath, "roms"), { recursive: true });
  server = await startServer({ basePath });
  client = openClient(server, await createAdmin(server.url));
  database = openServerDatabase(basePath);
}, TEST_MAX_MS);
beforeEach(async () => {
  mark += 1;
  put("nes/Stays (USA).nes", noise("stays"));
  put("nes/Plain (USA).nes", noise("plain"));
  put("snes/Packed (USA).7z", packed("packed"));
  put("psx/Folder (USA)/Folder (USA) (Disc 1).bin", noise("disc 1", 9_000));
  put("psx/Folder (USA)/Folder (USA) (Disc 2).bin", noise("disc 2", 9_000));
  put("psx/Folder (USA)/manual/Folder.pdf", noise("manual", 500));
  await scan();
}, TEST_MAX_MS);
afterEach(async () => {
  // What one test left missing is none of the next one's.
  rmSync(join(libraryPath, "roms"), { recursive: true });
  mkdirSync(join(libraryPath, "roms", "nes"), { recursive: true });
  await runScan(client, { acceptMissing: true });
}, TEST_MAX_MS);
afterAll(async () => {
  await database?.close();
  await client?.close();
  await endScenes();
}, TEST_MAX_MS);

async function scan(): Promise<Awaited<ReturnType<typeof runScan>>> {
  const end = await runScan(client);
  expect([end.status, end.errorMessage]).toEqual(["done", null]);
  return end;
}

async function getRom(path: string): Promise<KnownRom> {
  const found = (await readRoms(client)).find((rom) => romPathOf(rom) === `roms/${toOwn(path)}`);
  expect(found).toBeDefined();
  return found as KnownRom;
}

/** Gives a rom what a user made of it: a rating and a note. */
async function rate(path: string, rating = 9): Promise<number> {
  const { id } = await getRom(path);
  await database.sql`insert into rom_user (rom_id, user_id, rating, status)
    select ${id}, id, ${rating}, 'finished' from users limit 1`;
  await database.sql`insert into rom_notes (rom_id, user_id, title, content, is_public, tags)
    select ${id}, id, 'note', ${path}, false, '{}' from users limit 1`;
  return id;
}

/** The rating and the note that a rom has now. */
async function readUserData(path: string): Promise<readonly [rating: number | null, note: string | null]> {
  const { id } = await getRom(path);
  const [rated] = await database.sql<{ rating: number }[]>`select rating from rom_user where rom_id = ${id}`;
  const [note] = await database.sql<
    { content: string }[]
  >`select content from rom_notes where rom_id = ${id}`;
  return [rated?.rating ?? null, note?.content ?? null];
}

const forms = [
  ["a file", "nes/Plain (USA).nes"],
  ["an archive", "snes/Packed (USA).7z"],
  ["a folder", "psx/Folder (USA)"],
] as const;

describe.each(forms)("%s that was moved while no server looked", (_form, from) => {
  const name = from.slice(from.indexOf("/") + 1);
  const moves = [
    ["renamed", `${dirname(from)}/Renamed ${name}`],
    ["moved to another platform's folder", `genesis/${name}`],
    ["moved to a platform's folder that comes first", `amiga/Renamed ${name}`],
  ] as const;

  test.each(moves)(
    "keeps its id and what users made of it: %s",
    async (_how, to) => {
      const before = await getRom(from);
      const id = await rate(from);
      move(from, to);
      const { romsNew, romsMissing } = await scan();
      expect([romsNew, romsMissing]).toEqual([0, 0]);
      const after = await getRom(to);
      expect([after.id, after.sha1, after.isMissing]).toEqual([id, before.sha1, false]);
      expect(after.files.map((file) => file.id)).toEqual(before.files.map((file) => file.id));
      expect(await readUserData(to)).toEqual([9, from]);
      const missing = (await readRoms(client)).filter(
        (rom) => rom.isMissing && rom.fsName.startsWith(`${mark} `),
      );
      expect(missing).toEqual([]);
    },
    TEST_MAX_MS,
  );

  test(
    "is missing when it is deleted, and has everything again when it is restored",
    async () => {
      const id = await rate(from);
      const kept = join(libraryPath, "..", `kept ${mark}`);
      cpSync(at(from), kept, { recursive: true, preserveTimestamps: true });
      rmSync(at(from), { recursive: true });
      expect((await scan()).romsMissing).toBe(1);
      expect((await getRom(from)).isMissing).toBe(true);
      cpSync(kept, at(from), { recursive: true, preserveTimestamps: true });
      expect((await scan()).romsNew).toBe(0);
      const back = await getRom(from);
      expect([back.id, back.isMissing]).toEqual([id, false]);
      expect(await readUserData(from)).toEqual([9, from]);
    },
    TEST_MAX_MS,
  );

  test(
    "is found again under another name after it was missing for a while",
    async () => {
      const id = await rate(from);
      const kept = join(libraryPath, "..", `kept ${mark}`);
      renameSync(at(from), kept);
      await scan();
      mkdirSync(at("amiga"), { recursive: true });
      renameSync(kept, at(`amiga/Back ${name}`));
      expect((await scan()).romsNew).toBe(0);
      expect((await getRom(`amiga/Back ${name}`)).id).toBe(id);
      expect(await readUserData(`amiga/Back ${name}`)).toEqual([9, from]);
    },
    TEST_MAX_MS,
  );
});

describe("a rom that is replaced by another content", () => {
  test(
    "under its own name keeps what users made of it, with the hashes of the new one",
    async () => {
      const id = await rate("nes/Plain (USA).nes");
      const before = await getRom("nes/Plain (USA).nes");
      put("nes/Plain (USA).nes", noise("a hack of it", 3_100));
      await scan();
      await runScan(client, { type: "complete" });
      const after = await getRom("nes/Plain (USA).nes");
      expect(after.id).toBe(id);
      expect(after.sha1).not.toBe(before.sha1);
      expect(await readUserData("nes/Plain (USA).nes")).toEqual([9, "nes/Plain (USA).nes"]);
    },
    TEST_MAX_MS,
  );

  test(
    "of the same size under another name is another rom, and the first one keeps its data while it is missing",
    async () => {
      await rate("nes/Plain (USA).nes");
      rmSync(at("nes/Plain (USA).nes"));
      put("nes/Hack (USA).nes", noise("a hack of the same size"));
      const { romsNew, romsMissing } = await scan();
      expect([romsNew, romsMissing]).toEqual([1, 1]);
      expect(await readUserData("nes/Hack (USA).nes")).toEqual([null, null]);
      expect(await readUserData("nes/Plain (USA).nes")).toEqual([9, "nes/Plain (USA).nes"]);
    },
    TEST_MAX_MS,
  );

  test(
    "by a swap of two names keeps each user's data with the game, not with the name",
    async () => {
      // Sizes differ, so that a quick scan sees both change; their times say nothing.
      put("nes/One (USA).nes", noise("one", 4_000));
      put("nes/Two (USA).nes", noise("two", 4_400));
      await scan();
      await rate("nes/One (USA).nes", 3);
      await rate("nes/Two (USA).nes", 8);
      move("nes/One (USA).nes", "nes/Three (USA).nes");
      move("nes/Two (USA).nes", "nes/Four (USA).nes");
      await scan();
      expect(await readUserData("nes/Three (USA).nes")).toEqual([3, "nes/One (USA).nes"]);
      expect(await readUserData("nes/Four (USA).nes")).toEqual([8, "nes/Two (USA).nes"]);
    },
    TEST_MAX_MS,
  );
});

describe("many roms at once", () => {
  test(
    "that move to another folder keep their ids and data",
    async () => {
      for (let index = 0; index < MANY_ROMS; index += 1)
        put(`gb/Game ${index}.gb`, noise(`many ${index}`, 700));
      await scan();
      await database.sql`insert into rom_user (rom_id, user_id, rating)
        select r.id, u.id, r.id % 10 from roms r, users u where r.fs_path = 'roms/gb' and not r.missing_from_fs`;
      const before = (await readRoms(client)).filter((rom) => rom.fsPath === "roms/gb" && !rom.isMissing);
      mkdirSync(at("gbc"), { recursive: true });
      for (let index = 0; index < MANY_ROMS; index += 1)
        move(`gb/Game ${index}.gb`, `gbc/Moved ${index}.gbc`);
      const { romsNew, romsMissing } = await scan();
      expect([romsNew, romsMissing]).toEqual([0, 0]);
      const after = (await readRoms(client)).filter((rom) => rom.fsPath === "roms/gbc" && !rom.isMissing);
      const idsBySha1 = (list: readonly KnownRom[]) => new Map(list.map((rom) => [rom.sha1, rom.id]));
      expect([...idsBySha1(after)].sort()).toEqual([...idsBySha1(before)].sort());
      const [wrong] = await database.sql<{ count: number }[]>`
        select count(*)::int as count from rom_user u join roms r on r.id = u.rom_id
        where r.fs_path in ('roms/gb', 'roms/gbc') and u.rating <> u.rom_id % 10`;
      expect(wrong?.count).toBe(0);
    },
    TEST_MAX_MS,
  );
});
