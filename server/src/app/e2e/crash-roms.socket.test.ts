import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Client, createClient } from "@multitap/client";
import { isPartialName } from "../../ports/files/port.ts";
import {
  type Base,
  copyBase,
  createAdmin,
  createDice,
  endScenes,
  KILLS,
  makeBase,
  openClient,
  readLibrary,
  runScan,
} from "./scene.testing.ts";
import { endServers, type RunningServer, startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 300_000;
/** No further kill is begun after so long. */
const BUDGET_MS = 40_000;
const ROMS = 240;
/** Roms that one call removes, and calls of either sort; the other roms are left alone. */
const REMOVED_AT_ONCE = 8;
const REMOVALS = 15;
const RENAMES = 70;

const dice = createDice();
console.log(`crash tests of roms: MULTITAP_E2E_SEED=${dice.seed}`);

interface KnownRom {
  readonly id: number;
  /** Below the library. */
  readonly path: string;
  readonly crc32: string;
}

let base: Base;
let token: string;
let roms: readonly KnownRom[];
/** How long everything takes when nothing comes in between. */
let workMs: number;

beforeAll(async () => {
  base = await makeBase("crash-roms", { files: ROMS, platforms: 4, sizeBytes: { least: 64, most: 4_096 } });
  const server = await startServer({ basePath: base.basePath });
  token = await createAdmin(server.url);
  const client = openClient(server, token);
  await runScan(client);
  roms = await readRoms(client);
  await client.close();
  await server.stop();
  expect(roms.length).toBe(base.library.files.length);
}, TEST_MAX_MS);
afterEach(endServers);
afterAll(endScenes);

async function readRoms(client: Client): Promise<readonly KnownRom[]> {
  const { files, romIds } = await readLibrary(client);
  return files.map(({ path, crc32 }) => ({ id: romIds.get(path) ?? 0, path, crc32 }));
}

/** What was asked of the server, and what it said had happened. */
interface Account {
  readonly removed: Set<number>;
  readonly renamed: Map<number, string>;
  readonly acknowledged: Set<number>;
}

const renameOf = (path: string) => path.replace(/[^/]+$/, (name) => `Moved ${name}`);

/** Removes some roms in bulk while it renames others, until all is done or the server is gone. */
async function work(server: RunningServer, account: Account): Promise<void> {
  const client = createClient({ url: server.url, auth: token, retry: false });
  const doomed = roms.slice(0, REMOVALS * REMOVED_AT_ONCE);
  const moving = roms.slice(doomed.length, doomed.length + RENAMES);
  const remove = async () => {
    for (let start = 0; start < doomed.length; start += REMOVED_AT_ONCE) {
      const ids = doomed.slice(start, start + REMOVED_AT_ONCE).map(({ id }) => id);
      for (const id of ids) account.removed.add(id);
      await client.roms.remove(ids, { deleteFiles: true });
      for (const id of ids) account.acknowledged.add(id);
    }
  };
  const rename = async () => {
    for (const { id, path } of moving) {
      const fsName = renameOf(path).split("/").at(-1) ?? "";
      account.renamed.set(id, renameOf(path));
      await client.roms.update(id, { fsName, summary: `was ${path}` });
      account.acknowledged.add(id);
    }
  };
  await Promise.allSettled([remove(), rename()]);
  await client.close();
}

const openAccount = (): Account => ({ removed: new Set(), renamed: new Map(), acknowledged: new Set() });

/** Every file below the library, hidden ones too. */
function listDisk(basePath: string): readonly string[] {
  const entries = readdirSync(join(basePath, "library"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(basePath, "library").length + 1))
    .toSorted();
}

/** Holds disk and database against each other, and both against what was asked and said. */
async function expectAgreement(client: Client, basePath: string, account: Account): Promise<void> {
  const now = await readRoms(client);
  expect(listDisk(basePath)).toEqual(now.map(({ path }) => path).toSorted());
  const notes = join(basePath, "pending");
  // One that was being written goes with a scan a minute later.
  const left = existsSync(notes) ? readdirSync(notes).filter((name) => !isPartialName(name)) : [];
  expect(left).toEqual([]);
  expect((await client.roms.list({ isMissing: true })).items).toEqual([]);
  const byId = new Map(now.map((rom) => [rom.id, rom]));
  const known = new Set(roms.map(({ id }) => id));
  expect(now.filter(({ id }) => !known.has(id))).toEqual([]);
  for (const { id, path, crc32 } of roms) {
    const rom = byId.get(id);
    const isAcknowledged = account.acknowledged.has(id);
    if (account.removed.has(id)) {
      if (isAcknowledged) expect(rom).toBeUndefined();
      else expect([undefined, path]).toContain(rom?.path);
      continue;
    }
    const target = account.renamed.get(id) ?? path;
    expect(isAcknowledged ? [target] : [path, target]).toContain(rom?.path ?? "");
    expect(rom?.crc32).toBe(crc32);
  }
}

describe("kill -9 while roms are removed and renamed", () => {
  test(
    "leaves disk and database in agreement after a start and a scan, and nothing said undone",
    async () => {
      const startedMs = performance.now();
      const undisturbed = copyBase(base, "roms-undisturbed");
      const server = await startServer({ basePath: undisturbed });
      const whole = openAccount();
      const fromMs = performance.now();
      await work(server, whole);
      workMs = performance.now() - fromMs;
      expect(whole.acknowledged.size).toBe(REMOVALS * REMOVED_AT_ONCE + RENAMES);
      const client = openClient(server, token);
      await expectAgreement(client, undisturbed, whole);
      await client.close();
      await server.stop();

      let hits = 0;
      for (let kill = 0; hits < KILLS * 2 && performance.now() - startedMs < BUDGET_MS; kill += 1) {
        if (await killOnce(kill)) hits += 1;
      }
      expect(hits).toBeGreaterThan(0);
    },
    TEST_MAX_MS,
  );
});

/** Kills a server on a copy of its own and holds the next one to account; false when all was done by then. */
async function killOnce(kill: number): Promise<boolean> {
  const basePath = copyBase(base, `roms-killed-${kill}`);
  const server = await startServer({ basePath });
  const account = openAccount();
  const working = work(server, account);
  // Removals are done long before renames, so early moments are worth more.
  const delayMs = dice.next() ** 2 * workMs;
  await Bun.sleep(delayMs);
  server.signal("SIGKILL");
  await server.ended;
  await working;
  const left = listDisk(basePath).filter((path) => path.includes(".multitap-")).length;

  const next = await startServer({ basePath });
  const client = openClient(next, token);
  await runScan(client, { type: "quick" });
  await expectAgreement(client, basePath, account);
  await client.close();
  await next.stop();
  const asked = account.removed.size + account.renamed.size;
  const said = account.acknowledged.size;
  console.log(
    `killed after ${Math.round(delayMs)} of ${Math.round(workMs)} ms: ${asked} asked, ${said} said, ${left} on their way`,
  );
  return said < REMOVALS * REMOVED_AT_ONCE + RENAMES;
}
