import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { saveStoreContract } from "../sync/save-store-contract.ts";
import type { LocalSave, RemoteSave, SaveStore } from "../sync/types.ts";
import { makeRemote } from "../testing/sync-fixtures.ts";
import { createTempFolder, type TempFolder } from "../testing/temp-folder.ts";
import { parseRetroArchName, suffixOfState } from "./retroarch-names.ts";
import { type RetroArchFolders, retroArchSaveStore } from "./retroarch-save-store.ts";

let folder: TempFolder;
let count = 0;
beforeAll(async () => {
  folder = await createTempFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A device with these files; paths begin with `saves`, `states` or `roms`. */
async function addDevice(files: readonly string[], more: Partial<RetroArchFolders> = {}) {
  const root = folder.at(`device-${count++}`);
  for (const [index, file] of files.entries()) {
    const path = join(root, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `bytes of ${file}`);
    await utimes(path, new Date(2026, 0, 1, 0, 0, index), new Date(2026, 0, 1, 0, 0, index));
  }
  const at = (...names: readonly string[]) => join(root, ...names);
  const folders = { saves: at("saves"), states: at("states"), roms: at("roms"), ...more };
  return { at, store: retroArchSaveStore(folders), reopen: async () => retroArchSaveStore(folders) };
}

async function listAll(store: SaveStore): Promise<readonly LocalSave[]> {
  const saves: LocalSave[] = [];
  for await (const save of store.list(new AbortController().signal)) saves.push(save);
  return saves.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const show = async (store: SaveStore) =>
  (await listAll(store)).map(({ key, slot, entries }) => [key, slot, entries.map(({ path }) => path)]);

const ROM = "roms/snes/Star Pilot (USA).sfc";
const remoteOf = (changes: Partial<RemoteSave>) => makeRemote(changes);

async function put(store: SaveStore, remote: RemoteSave, names: readonly string[]): Promise<LocalSave> {
  const key = (await store.locate(remote)) ?? "";
  const entries = names.map((path) => {
    const bytes = new TextEncoder().encode(`new ${path}`);
    const read = async (start: number, end: number) => bytes.slice(start, end);
    return {
      path,
      modifiedAt: remote.updatedAt,
      bytes: { name: path, sizeBytes: bytes.length, modifiedAt: null, read },
    };
  });
  return await store.write(key, entries, null);
}

describe("parseRetroArchName", () => {
  test.each([
    ["Star Pilot (USA).srm", ["save", "Star Pilot (USA)", ".srm", null]],
    ["Dr. Who v1.2.rtc", ["save", "Dr. Who v1.2", ".rtc", null]],
    ["Disc.0.mcr", ["save", "Disc", ".0.mcr", null]],
    ["a.SRM", ["save", "a", ".SRM", null]],
    ["a.state", ["state", "a", ".state", "0"]],
    ["a.state1", ["state", "a", ".state1", "1"]],
    ["a.b.state12", ["state", "a.b", ".state12", "12"]],
    ["a.state.auto", ["state", "a", ".state.auto", "auto"]],
  ] as const)("reads %s", (name, expected) => {
    const parsed = parseRetroArchName(name);
    expect([parsed?.kind, parsed?.stem, parsed?.suffix, parsed?.slot]).toEqual([...expected]);
    if (parsed?.kind === "state") expect(suffixOfState(parsed.slot ?? "")).toBe(parsed.suffix);
  });

  test.each(["a.state1.png", "a.png", ".srm", "a", "a.state.auto.png", "a.statement", "a.srm.bak"])(
    "leaves %s alone",
    (name) => expect(parseRetroArchName(name)).toBeNull(),
  );

  test.each(["", "-1", "1000", "01", "x", "1/2"])("has no state %s", (slot) => {
    expect(suffixOfState(slot)).toBeNull();
  });
});

describe("retroArchSaveStore", () => {
  for (const [layout, seed] of [
    ["flat", []],
    ["per core", ["saves/Snes9x/Other (USA).srm", "roms/snes/Other (USA).sfc"]],
  ] as const) {
    const demands = saveStoreContract(async () => {
      const device = await addDevice([ROM]);
      for (const path of seed.filter((each) => each.startsWith("roms"))) await writeFile(device.at(path), "");
      return {
        store: device.store,
        remote: remoteOf({}),
        paths: ["Star Pilot (USA).srm", "Star Pilot (USA).rtc"],
        reopen: device.reopen,
        edit: (key, path, bytes) =>
          writeFile(device.at("saves", dirname(key.slice("save:".length)), path), bytes),
      };
    });
    for (const { name, run } of demands) test(`${layout}: ${name}`, run);
  }

  test("puts the files of one game together, and its states beside each other", async () => {
    const { store } = await addDevice([
      ROM,
      "saves/Star Pilot (USA).srm",
      "saves/Star Pilot (USA).rtc",
      "saves/Nobody knows.srm",
      "saves/readme.txt",
      "states/Star Pilot (USA).state",
      "states/Star Pilot (USA).state1",
      "states/Star Pilot (USA).state1.png",
      "states/Star Pilot (USA).state.auto",
    ]);
    expect(await show(store)).toEqual([
      ["save:Star Pilot (USA)", "main", ["Star Pilot (USA).rtc", "Star Pilot (USA).srm"]],
      ["state:Star Pilot (USA).state", "0", ["Star Pilot (USA).state"]],
      ["state:Star Pilot (USA).state.auto", "auto", ["Star Pilot (USA).state.auto"]],
      ["state:Star Pilot (USA).state1", "1", ["Star Pilot (USA).state1"]],
    ]);
    const [save] = await listAll(store);
    expect(save?.rom).toEqual({ platformSlug: "snes", fsName: "Star Pilot (USA).sfc" });
  });

  test("takes the save that was written last where several cores have one, and states of each", async () => {
    const { store } = await addDevice([
      ROM,
      "saves/bsnes/Star Pilot (USA).srm",
      "saves/Snes9x/Star Pilot (USA).srm",
      "states/bsnes/Star Pilot (USA).state",
      "states/Snes9x/Star Pilot (USA).state",
    ]);
    expect(await show(store)).toEqual([
      ["save:Snes9x/Star Pilot (USA)", "main", ["Star Pilot (USA).srm"]],
      ["state:Snes9x/Star Pilot (USA).state", "Snes9x 0", ["Star Pilot (USA).state"]],
      ["state:bsnes/Star Pilot (USA).state", "bsnes 0", ["Star Pilot (USA).state"]],
    ]);
  });

  test("tells roms of one name apart by the folder of the content", async () => {
    const { store } = await addDevice([
      "roms/gb/Twins.zip",
      "roms/gbc/Twins.zip",
      "saves/gbc/Twins.srm",
      "saves/Twins.sav",
    ]);
    const saves = await listAll(store);
    expect(saves.map(({ key, rom }) => [key, rom])).toEqual([
      ["save:gbc/Twins", { platformSlug: "gbc", fsName: "Twins.zip" }],
    ]);
  });

  test("knows games that are folders by what is in them", async () => {
    const { store } = await addDevice([
      "roms/psx/Long Game/Long Game (Disc 1).chd",
      "roms/psx/Long Game/Long Game.m3u",
      "saves/Long Game.srm",
      "saves/Long Game (Disc 1).mcr",
    ]);
    const roms = (await listAll(store)).map(({ rom }) => rom);
    expect(roms).toEqual([
      { platformSlug: "psx", fsName: "Long Game" },
      { platformSlug: "psx", fsName: "Long Game" },
    ]);
  });

  test("puts what arrives where the core finds it, under the name of the rom here", async () => {
    const { store, at } = await addDevice([
      "roms/snes/Star Pilot.sfc",
      "roms/snes/Other.sfc",
      "roms/gb/Third.gb",
      "saves/Snes9x/Other.srm",
      "saves/Gambatte/Third.srm",
    ]);
    const rom = { platformSlug: "snes", platformFsSlug: "snes", fsName: "Star Pilot.zip", sha1: "" };
    await put(store, remoteOf({ rom }), ["Star Pilot (USA).srm", "Star Pilot (USA).rtc"]);
    expect(await readFile(at("saves", "Snes9x", "Star Pilot.rtc"), "utf8")).toBe("new Star Pilot (USA).rtc");
    await put(store, remoteOf({ rom, kind: "state", slot: "Snes9x auto" }), ["x.state"]);
    await put(store, remoteOf({ rom, kind: "state", slot: "3" }), ["x.state"]);
    expect(await readdir(at("states", "Snes9x"))).toEqual(["Star Pilot.state.auto"]);
    expect((await readdir(at("states"))).includes("Star Pilot.state3")).toBe(true);
  });

  test.each([
    [
      "a rom that is not here",
      { rom: { platformSlug: "nes", platformFsSlug: "nes", fsName: "x.nes", sha1: "" } },
    ],
    ["another slot", { slot: "second" }],
    ["no slot", { slot: null }],
    ["a state that RetroArch cannot have", { kind: "state", slot: "quick" }],
    ["a state of a folder elsewhere", { kind: "state", slot: "../../etc 1" }],
  ] as const)("does not want %s", async (_what, changes) => {
    const { store } = await addDevice([ROM]);
    expect(await store.locate(remoteOf(changes))).toBeNull();
  });

  test("finds roms by their bytes where names differ, and by other folder names", async () => {
    const { store, at } = await addDevice(["roms/super nintendo/SP.sfc", "saves/SP.srm"], {
      romsBy: "sha1",
      platforms: { "super nintendo": "snes" },
    });
    const sha1 = createHash("sha1").update("bytes of roms/super nintendo/SP.sfc").digest("hex");
    expect((await listAll(store)).map(({ rom }) => rom)).toEqual([{ sha1 }]);
    const rom = { platformSlug: "snes", platformFsSlug: "snes", fsName: "Star Pilot (USA).sfc", sha1 };
    expect(await store.locate(remoteOf({ rom }))).toBe("save:SP");
    expect(await readdir(at("saves"))).toEqual(["SP.srm"]);
  });
});
