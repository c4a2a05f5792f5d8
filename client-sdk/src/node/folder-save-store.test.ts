import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { saveStoreContract } from "../sync/save-store-contract.ts";
import type { LocalSave, SaveStore } from "../sync/types.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeRemote } from "../testing/sync-fixtures.ts";
import { createTempFolder, type TempFolder } from "../testing/temp-folder.ts";
import { folderSaveStore } from "./folder-save-store.ts";

let folder: TempFolder;
let count = 0;
beforeAll(async () => {
  folder = await createTempFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());
const newPath = () => folder.at(`store-${count++}`);

async function listAll(store: SaveStore): Promise<readonly LocalSave[]> {
  const saves: LocalSave[] = [];
  for await (const save of store.list(new AbortController().signal)) saves.push(save);
  return saves;
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const entry = (path: string, text: string) => {
  const bytes = utf8(text);
  const source = { name: path, sizeBytes: bytes.length, modifiedAt: null };
  return {
    path,
    modifiedAt: "2026-01-02T03:04:06.000Z",
    bytes: { ...source, read: async (start: number, end: number) => bytes.slice(start, end) },
  };
};

describe("folderSaveStore", () => {
  const demands = saveStoreContract(async () => {
    const path = newPath();
    return {
      store: folderSaveStore(path),
      remote: makeRemote({ slot: "a/b:1" }),
      paths: ["game.srm", "inner/game.rtc"],
      reopen: async () => folderSaveStore(path),
      edit: (key, entryPath, bytes) => writeFile(join(path, key, entryPath), bytes),
    };
  });
  for (const { name, run } of demands) test(name, run);

  test("lists what somebody put there by hand, with the rom that its folders name", async () => {
    const path = newPath();
    await mkdir(join(path, "states", "snes", "Star Pilot (USA).sfc", "_"), { recursive: true });
    await writeFile(join(path, "states", "snes", "Star Pilot (USA).sfc", "_", "a.state"), "x");
    await writeFile(join(path, "states", "notes.txt"), "mine");
    const [save, ...more] = await listAll(folderSaveStore(path));
    expect(more).toEqual([]);
    expect(save).toMatchObject({
      rom: { platformSlug: "snes", fsName: "Star Pilot (USA).sfc" },
      kind: "state",
      slot: null,
      entries: [{ path: "a.state", sizeBytes: 1 }],
    });
  });

  test.each(["../../evil", "/etc/evil", "a/../../evil", "C:evil", ".hidden"])(
    "writes nothing under the name %s",
    async (name) => {
      const path = newPath();
      const store = folderSaveStore(path);
      const key = (await store.locate(makeRemote({}))) ?? "";
      expect((await failureOf(store.write(key, [entry(name, "x")], null))).code).toBe("SYNC_BUNDLE_INVALID");
      expect(await listAll(store)).toEqual([]);
    },
  );

  test.each(["saves/../../x/y", "saves/a/b", "other/a/b/c", "saves/a/b/c/d", "saves/./b/c"])(
    "knows no key %s",
    async (key) => {
      const failure = await failureOf(folderSaveStore(newPath()).write(key, [entry("a", "x")], null));
      expect(failure.code).toBe("SYNC_LOCAL_CHANGED");
    },
  );

  test("leaves links alone", async () => {
    const path = newPath();
    const slot = join(path, "saves", "snes", "a.sfc", "main");
    await mkdir(slot, { recursive: true });
    await writeFile(`${path}.secret`, "secret");
    await symlink(`${path}.secret`, join(slot, "a.srm"));
    expect(await listAll(folderSaveStore(path))).toEqual([]);
  });

  test("moves what is trashed to where the user finds it", async () => {
    const path = newPath();
    const store = folderSaveStore(path);
    const key = (await store.locate(makeRemote({}))) ?? "";
    await store.write(key, [entry("a.srm", "x"), entry("b/c.rtc", "y")], null);
    await store.trash(key);
    const trash = join(path, ".multitap-sync", "trash");
    const [stamp = ""] = await readdir(trash);
    expect(await readFile(join(trash, stamp, key, "b", "c.rtc"), "utf8")).toBe("y");
    expect(await readdir(path)).toEqual([".multitap-sync"]);
  });

  test("tells changes, those of an emulator among them", async () => {
    const path = newPath();
    const slot = join(path, "saves", "snes", "a.sfc", "main");
    await mkdir(slot, { recursive: true });
    const ending = new AbortController();
    const hinted = (async () => {
      for await (const paths of folderSaveStore(path).watch?.(ending.signal) ?? []) return paths;
      return [];
    })();
    const writing = setInterval(() => void writeFile(join(slot, "a.srm"), String(Math.random())), 20);
    expect((await hinted).length).toBeGreaterThan(0);
    clearInterval(writing);
    ending.abort();
  });
});

describe("a crash in the middle of a change of several files", () => {
  /** A folder as a crash left it: the journal is written, and the first `done` of three changes happened. */
  async function crash(done: number, strange: string | null) {
    const path = newPath();
    const slot = join(path, "saves", "snes", "a.sfc", "main");
    const own = join(path, ".multitap-sync");
    await mkdir(slot, { recursive: true });
    await mkdir(join(own, "staging", "s"), { recursive: true });
    await mkdir(join(own, "journal"), { recursive: true });
    const at = (name: string) => `saves/snes/a.sfc/main/${name}`;
    const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");
    const names = ["a.srm", "b.rtc", "c.old"];
    for (const name of names) await writeFile(join(slot, name), `old ${name}`);
    const moves = [0, 1].map((index) => ({
      staged: `.multitap-sync/staging/s/${index}`,
      target: at(names[index] ?? ""),
    }));
    for (const [index, { target, staged }] of moves.entries()) {
      await writeFile(join(path, index < done ? target : staged), `new ${names[index]}`);
    }
    if (strange !== null) await writeFile(join(slot, strange), "strange");
    const known = Object.fromEntries(names.map((name) => [at(name), sha1(`old ${name}`)]));
    const journal = { moves, removes: [at("c.old")], known };
    await writeFile(join(own, "journal", "s.json"), JSON.stringify(journal));
    return { path, slot, own };
  }

  test.each([0, 1, 2])("is ended by the next start when %d files had changed", async (done) => {
    const { path, slot, own } = await crash(done, null);
    const [save] = await listAll(folderSaveStore(path));
    expect(save?.entries.map((each) => each.path)).toEqual(["a.srm", "b.rtc"]);
    expect(await readFile(join(slot, "a.srm"), "utf8")).toBe("new a.srm");
    expect(await readFile(join(slot, "b.rtc"), "utf8")).toBe("new b.rtc");
    expect(await readdir(join(own, "journal"))).toEqual([]);
    expect((await readdir(own)).includes("trash")).toBe(false);
  });

  test("keeps in the trash what somebody wrote after it", async () => {
    const { path, own } = await crash(0, "b.rtc");
    await listAll(folderSaveStore(path));
    const [stamp = ""] = await readdir(join(own, "trash"));
    const kept = join(own, "trash", stamp, "saves", "snes", "a.sfc", "main", "b.rtc");
    expect(await readFile(kept, "utf8")).toBe("strange");
  });

  test("is undone when the journal was not whole", async () => {
    const { path, slot, own } = await crash(0, null);
    await writeFile(join(own, "journal", "s.json"), '{"moves": [');
    await listAll(folderSaveStore(path));
    expect(await readFile(join(slot, "a.srm"), "utf8")).toBe("old a.srm");
    expect(await readFile(join(slot, "c.old"), "utf8")).toBe("old c.old");
  });
});
