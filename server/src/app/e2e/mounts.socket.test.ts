import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isMultitapError } from "@multitap/client";
import { makeLibrary } from "../../../../scripts/make-library.ts";
import { canMount, mountFolder, unmount } from "./mounts.testing.ts";
import {
  type Base,
  createAdmin,
  createDice,
  downloadAll,
  endScenes,
  expectLibrary,
  makeBase,
  makeFolder,
  openClient,
  readLibrary,
  runScan,
  waitForScan,
} from "./scene.testing.ts";
import { startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 180_000;
const FILES = 300;

const hasMounts = canMount();
const dice = createDice();
console.log(`mount tests: MULTITAP_E2E_SEED=${dice.seed}`);

afterEach(endScenes);
afterAll(endScenes);

interface Place extends Base {
  /** Takes the library away; its path then holds an empty folder, as a mount point does. */
  hide(): void;
  show(): void;
}

/** A base folder whose library lies elsewhere and is mounted into it. */
async function makeMounted({ isReadOnly = false } = {}): Promise<Place> {
  const folder = makeFolder("mounted");
  const source = join(folder, "source");
  const library = await makeLibrary({ outPath: source, fileCount: FILES, platformCount: 5 });
  const basePath = join(folder, "base");
  const path = join(basePath, "library");
  const show = () => mountFolder(source, path, { isReadOnly });
  show();
  return { basePath, library, show, hide: () => unmount(path) };
}

/** The same where no mount can be made: the folder gets another name. */
async function makeRenamed(): Promise<Place> {
  const base = await makeBase("renamed", { files: FILES, platforms: 5 });
  const path = join(base.basePath, "library");
  return {
    ...base,
    hide() {
      renameSync(path, `${path}.away`);
      mkdirSync(path);
    },
    show() {
      rmdirSync(path);
      renameSync(`${path}.away`, path);
    },
  };
}

/** Every path below a folder with its size, owner, mode and times. */
function listEntries(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => {
      const { size, uid, mode, mtimeMs, ctimeMs } = statSync(join(folder, name));
      return [name, size, uid, mode, mtimeMs, ctimeMs].join(" ");
    })
    .sort();
}

const makePlace = hasMounts ? makeMounted : makeRenamed;

describe("a library whose mount or folder vanished", () => {
  test(
    "is refused by a scan and by downloads, stops no start, and is whole once it is back",
    async () => {
      const place = await makePlace();
      const server = await startServer(place);
      const token = await createAdmin(server.url);
      const client = openClient(server, token);
      expect(await runScan(client)).toMatchObject({ status: "done", romsNew: FILES });
      const before = await readLibrary(client);
      expect(before.files).toEqual(await expectLibrary(place.library));

      place.hide();
      const refused = await runScan(client, { type: "complete" });
      expect(refused).toMatchObject({ status: "failed", romsMissing: 0 });
      expect(refused.errorMessage).toContain("(E_LIBRARY_MISSING)");
      const [romId = 0] = before.romIds.values();
      const failure = await client.roms.source(romId).then(
        (source) => source.read(0, 16),
        (error: unknown) => error,
      );
      expect(isMultitapError(failure, "not_found")).toBe(true);
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });

      // A mount that is late must not keep everybody from their saves.
      const next = await startServer(place);
      const nextClient = openClient(next, token);
      expect(await readLibrary(nextClient)).toEqual(before);
      place.show();
      const again = await runScan(nextClient);
      expect(again).toMatchObject({ status: "done", romsNew: 0, romsMissing: 0, filesHashed: 0 });
      expect(await readLibrary(nextClient)).toEqual(before);
      await nextClient.close();
      expect(await next.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );

  test(
    "in the middle of a scan lost nothing",
    async () => {
      const place = await makePlace();
      const server = await startServer(place);
      const client = openClient(server, await createAdmin(server.url));
      const { id } = await client.scan.start();
      await Bun.sleep(dice.next() * 250);
      place.hide();
      const scan = await waitForScan(client, id);
      const before = await readLibrary(client);
      console.log(
        `gone with ${before.files.length} of ${FILES} files known: ${scan.status}, ${scan.stats.problems} problems`,
      );
      expect(before.files.filter((file) => file.isMissing)).toEqual([]);
      place.show();
      expect(await runScan(client)).toMatchObject({ status: "done", problems: 0 });
      const after = await readLibrary(client);
      expect(after.files).toEqual(await expectLibrary(place.library));
      for (const [path, romId] of before.romIds) expect(after.romIds.get(path)).toBe(romId);
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});

describe("a library that is mounted read-only", () => {
  test.skipIf(!hasMounts)(
    "is scanned and downloaded, and nothing in it is touched (needs root and mounts)",
    async () => {
      const place = await makeMounted({ isReadOnly: true });
      const entries = listEntries(place.library.libraryPath);
      const server = await startServer(place);
      const client = openClient(server, await createAdmin(server.url));
      expect(await runScan(client)).toMatchObject({ status: "done", romsNew: FILES, problems: 0 });
      expect(await runScan(client, { type: "complete" })).toMatchObject({ status: "done", filesHashed: 0 });
      const known = await readLibrary(client);
      expect(known.files).toEqual(await expectLibrary(place.library));
      expect(await downloadAll(client, place.library, known)).toEqual([]);
      expect(listEntries(place.library.libraryPath)).toEqual(entries);
      expect(server.output()).toContain("read-only");
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});
