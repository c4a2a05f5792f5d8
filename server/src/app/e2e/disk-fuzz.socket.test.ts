import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "../../../../scripts/library/packed-roms.ts";
import { makeLibrary } from "../../../../scripts/make-library.ts";
import {
  damageAll,
  type HostileFile,
  listDamaged,
  listHostileNames,
  listOddMembers,
} from "./disk-hostile.testing.ts";
import { type KnownRom, readRoms } from "./disk-scene.testing.ts";
import { createAdmin, createDice, endScenes, makeFolder, openClient, runScan } from "./scene.testing.ts";
import { startServer } from "./server-process.testing.ts";

afterAll(endScenes);

const TEST_MAX_MS = 600_000;
const DAMAGED_FILES = Number(process.env.MULTITAP_E2E_FUZZ ?? "120");
/** Damaged copies of each container that emulators read. */
const DAMAGED_DISCS = 6;
/** What one answer may take; a hang is worse than a refusal. */
const ANSWER_MAX_MS = 20_000;

const dice = createDice();
console.log(`disk fuzz: MULTITAP_E2E_SEED=${dice.seed}, MULTITAP_E2E_FUZZ=${DAMAGED_FILES}`);

describe("a library of hostile files", () => {
  test(
    "is scanned to the end, answers no request with a fault, and puts nothing anywhere",
    async () => {
      const parent = makeFolder("fuzz");
      const basePath = join(parent, "base");
      const libraryPath = join(basePath, "library");
      const mark = `escaped-${dice.seed}`;
      const names = fillLibrary(libraryPath, { mark, discs: await makeDiscs() });
      const before = listTree(libraryPath);
      const server = await startServer({ basePath });
      const token = await createAdmin(server.url);
      const client = openClient(server, token);
      const scan = await runScan(client);
      expect([scan.status, scan.errorMessage]).toEqual(["done", null]);

      const roms = await readRoms(client);
      expect(new Set(roms.map((rom) => rom.fsName as string))).toEqual(new Set(names));
      expect(await listFaults(server.url, token, roms)).toEqual([]);
      const again = await runScan(client, { type: "complete" });
      expect([again.status, again.filesHashed]).toEqual(["done", 0]);
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });

      expect(listTree(libraryPath)).toEqual(before);
      expect(readdirSync(parent)).toEqual(["base"]);
      const inBase = [...listTree(basePath).keys()];
      expect(inBase.filter((path) => path.includes(mark))).toEqual([]);
      for (const folder of ["/", "/tmp", tmpdir(), process.cwd(), join(parent, "..")]) {
        expect(existsSync(join(folder, mark))).toBe(false);
      }
      expect(server.errors()).not.toContain("assert");
    },
    TEST_MAX_MS,
  );
});

interface Filling {
  readonly mark: string;
  readonly discs: readonly HostileFile[];
}

/** Puts every file into platforms that hash in different ways, as roms and into folders; gives the roms' names. */
function fillLibrary(libraryPath: string, { mark, discs }: Filling): ReadonlySet<string> {
  const archives = [...listHostileNames(mark), ...listOddMembers(), ...listDamaged(dice, DAMAGED_FILES)];
  const names = new Set<string>();
  const put = (path: string, { fileName, bytes }: HostileFile) => {
    mkdirSync(join(libraryPath, "roms", path), { recursive: true });
    writeFileSync(join(libraryPath, "roms", path, fileName), bytes);
  };
  for (const [index, file] of archives.entries()) {
    const platform = ["nes", "psx", "arcade"][index % 3] ?? "nes";
    put(platform, file);
    names.add(file.fileName);
    const folder = `Folder ${Math.floor(index / 10)}`;
    put(`snes/${folder}`, file);
    names.add(folder);
  }
  for (const file of damageAll(discs, dice, DAMAGED_DISCS)) {
    const platform = /\.(?:rvz|iso)$/.test(file.fileName)
      ? "ngc"
      : /\.cso$/.test(file.fileName)
        ? "psp"
        : "psx";
    put(platform, file);
    names.add(file.fileName);
  }
  return names;
}

/** Sound discs in the containers that can be made here. */
async function makeDiscs(): Promise<readonly HostileFile[]> {
  const outPath = join(makeFolder("fuzz-discs"), "library");
  const made = await makeLibrary({ outPath, fileCount: 0, platformCount: 1, hasEverything: true });
  const entries = made.everything?.entries ?? [];
  const discs = entries.filter(({ path }) => /\.(?:chd|cso|rvz|iso)$/.test(path) && statSync(path).isFile());
  return [
    ...discs.map(({ fsName, path }) => ({ fileName: fsName, bytes: readFileSync(path) })),
    { fileName: "disc in 7z.7z", bytes: pack({ "disc.bin": readFileSync(discs[0]?.path ?? "") }, ["7z"]) },
  ];
}

/** Path, size and time of everything in a folder. */
function listTree(folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries.flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const facts = statSync(path, { throwIfNoEntry: false });
      return facts === undefined
        ? []
        : [[path, entry.isDirectory() ? "folder" : `${facts.size} ${facts.mtimeMs}`]];
    }),
  );
}

/** Asks for everything there is of every rom; gives what was answered with 5xx, or not in time. */
async function listFaults(url: string, token: string, roms: readonly KnownRom[]): Promise<readonly string[]> {
  const faults: string[] = [];
  const ask = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
    const init = { method, headers: { authorization: `Bearer ${token}`, ...headers } };
    try {
      const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(ANSWER_MAX_MS) });
      await response.arrayBuffer();
      if (response.status >= 500) faults.push(`${method} ${path}: ${response.status}`);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      faults.push(`${method} ${path}: ${error.message}`);
    }
  };
  await ask("/api/platforms");
  await ask("/api/roms?limit=10000");
  for (const { id, fsName, files } of roms) {
    await ask(`/api/roms/${id}`);
    await ask(`/api/roms/${id}/simple`);
    const content = `/api/roms/${id}/content/${encodeURIComponent(fsName)}`;
    await ask(content);
    await ask(content, {}, "HEAD");
    await ask(content, { range: "bytes=10-20" });
    await ask(content, { range: "bytes=-1" });
    const [file] = files;
    if (file !== undefined)
      await ask(`/api/roms/${file.id}/files/content/${encodeURIComponent(file.fileName)}`);
    if (files.length > 1)
      await ask(`${content}?hidden_folder=1&file_ids=${files.map((each) => each.id).join(",")}`);
  }
  return faults;
}
