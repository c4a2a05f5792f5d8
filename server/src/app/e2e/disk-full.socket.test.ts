import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Client, isMultitapError } from "@multitap/client";
import { makeLibrary } from "../../../../scripts/make-library.ts";
import { canMount, mountMemory } from "./mounts.testing.ts";
import {
  type Base,
  createAdmin,
  createDice,
  endScenes,
  expectLibrary,
  IS_HEAVY,
  KILLS,
  makeFolder,
  openClient,
  readLibrary,
  waitForScan,
} from "./scene.testing.ts";
import {
  findStatus,
  listDatabaseProcesses,
  type RunningServer,
  SceneError,
  spawnServer,
  startServer,
  waitFor,
} from "./server-process.testing.ts";

const TEST_MAX_MS = 300_000;
/** Holds a new cluster, a small library, and some fifty megabytes more. */
const DISK_BYTES = 120 * 2 ** 20;
const FILES = 1000;
/** What a scan of so many files usually takes. */
const SCAN_USUAL_MS = 400;
/** A job that met a full disk rests for a minute. */
const RESUMED_MAX_MS = 90_000;

const ROUNDS = IS_HEAVY ? KILLS : 1;

const hasMounts = canMount();
const dice = createDice();
console.log(`disk tests: MULTITAP_E2E_SEED=${dice.seed}`);

afterEach(endScenes);
afterAll(endScenes);

async function makeSmallDisk(): Promise<Base> {
  const basePath = join(makeFolder("full"), "base");
  mountMemory(basePath, DISK_BYTES);
  const outPath = join(basePath, "library");
  const library = await makeLibrary({ outPath, fileCount: FILES, platformCount: 10 });
  return { basePath, library };
}

/** Uses up every last byte; returns how to give them back. */
function fillDisk(basePath: string): () => void {
  const path = join(basePath, "ballast");
  const file = openSync(path, "a");
  for (const pieceBytes of [2 ** 20, 4096]) writeUntilFull(file, Buffer.alloc(pieceBytes, 1));
  closeSync(file);
  expect(statfsSync(basePath).bavail).toBe(0);
  return () => rmSync(path);
}

function writeUntilFull(file: number, piece: Buffer): void {
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  }
}

function keepError(error: unknown): unknown {
  return error;
}

interface FilledScan {
  readonly server: RunningServer;
  readonly client: Client;
  readonly token: string;
  readonly scanId: number;
  makeRoom(): void;
}

/** Starts a scan and fills the disk under it; null when the scan was over before. */
async function fillDuringScan({ basePath }: Base, delayMs: number): Promise<FilledScan | null> {
  const server = await startServer({ basePath });
  const token = await createAdmin(server.url);
  const client = openClient(server, token);
  const { id } = await client.scan.start();
  await Bun.sleep(delayMs);
  const makeRoom = fillDisk(basePath);
  const hasStopped = async () => ["paused", "done"].includes((await client.scan.get(id)).status);
  expect(await waitFor(hasStopped, 20_000)).toBe(true);
  const { status, errorMessage } = await client.scan.get(id);
  if (status === "done") return null;
  expect(errorMessage).toContain("insufficient storage");
  return { server, client, token, scanId: id, makeRoom };
}

/** Repeats that on new disks until the scan met the full one. */
async function makeFilled(): Promise<FilledScan & { readonly base: Base }> {
  for (let latestMs = SCAN_USUAL_MS; latestMs > 1; latestMs /= 2) {
    const base = await makeSmallDisk();
    const filled = await fillDuringScan(base, dice.next() * latestMs);
    if (filled !== null) return { ...filled, base };
    await endScenes();
  }
  throw new SceneError("every scan was over before its disk was full");
}

describe("a disk that is full in the middle of a scan", () => {
  test.skipIf(!hasMounts)(
    "pauses the scan, keeps what is stored, refuses the next start, and goes on once there is room (needs root and mounts)",
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { base, server, client, token, scanId, makeRoom } = await makeFilled();
        const made = await client.clientTokens
          .create({ name: "full", scopes: ["roms.read"] })
          .catch(keepError);
        // A row may still fit where others were; anything but that is said to be for want of room.
        if (isMultitapError(made)) expect(made.kind).toBe("storage_full");
        // What only reads goes on.
        for (const path of ["/api/platforms", "/api/roms?limit=10", "/api/heartbeat", "/health/ready"]) {
          const headers = { authorization: `Bearer ${token}` };
          expect([path, await findStatus(`${server.url}${path}`, headers)]).toEqual([path, 200]);
        }
        const before = await readLibrary(client);
        await client.close();
        expect(await server.stop()).toMatchObject({ exitCode: 0 });
        expect(listDatabaseProcesses(base.basePath)).toEqual([]);

        const refused = spawnServer(base);
        expect(await refused.ended).toMatchObject({ exitCode: 1 });
        expect(refused.errors()).toMatch(/^multitap: .* MB free; .*\(E_DISK_FULL\)\n$/);

        makeRoom();
        const next = await startServer(base);
        const nextClient = openClient(next, token);
        const kept = await readLibrary(nextClient);
        for (const [path, romId] of before.romIds) expect(kept.romIds.get(path)).toBe(romId);
        const scan = await waitForScan(nextClient, scanId);
        expect(scan).toMatchObject({ status: "done", errorMessage: null, stats: { romsNew: FILES } });
        const after = await readLibrary(nextClient);
        expect(after.files).toEqual(await expectLibrary(base.library));
        for (const [path, romId] of before.romIds) expect(after.romIds.get(path)).toBe(romId);
        console.log(`disk full with ${before.files.length} of ${FILES} files known`);
        await nextClient.close();
        expect(await next.stop()).toMatchObject({ exitCode: 0 });
        await endScenes();
      }
    },
    TEST_MAX_MS,
  );

  test.skipIf(!hasMounts || !IS_HEAVY)(
    "lets the scan go on by itself within two minutes of there being room (needs root, mounts and MULTITAP_E2E_FILES=5000)",
    async () => {
      const { base, server, client, scanId, makeRoom } = await makeFilled();
      makeRoom();
      const freedAtMs = performance.now();
      const isDone = async () => (await client.scan.get(scanId)).finishedAt !== null;
      expect(await waitFor(isDone, RESUMED_MAX_MS, 500)).toBe(true);
      console.log(`room again: the scan ended after ${Math.round(performance.now() - freedAtMs)} ms`);
      expect((await readLibrary(client)).files).toEqual(await expectLibrary(base.library));
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});
