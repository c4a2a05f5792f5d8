import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { canMount, mountFolder, mountMemory, unmount } from "./mounts.testing.ts";
import {
  beginRequest,
  FORM_TYPE,
  findFaults,
  NO_FAULTS,
  openSaveServer,
  type SaveServer,
  type SentAnswer,
  sweep,
  toForm,
} from "./saves-scene.testing.ts";
import { createDice, endScenes, KILLS, makeFolder } from "./scene.testing.ts";
import { killPostmaster, listDatabaseProcesses, waitFor } from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
const MIB = 2 ** 20;
/** The assets have a small disk of their own, so that nothing but them meets its end. */
const DISK_BYTES = 24 * MIB;
/** Until the database answers again after it was killed. */
const BACK_MAX_MS = 30_000;

const hasMounts = canMount();
const dice = createDice();
console.log(`failing saves: MULTITAP_E2E_SEED=${dice.seed}`);
const below = (limit: number) => Math.floor(dice.next() * limit);

afterEach(endScenes);
afterAll(endScenes);

function makeBasePath(): string {
  const basePath = join(makeFolder("saves-failing"), "base");
  mkdirSync(join(basePath, "assets"), { recursive: true });
  return basePath;
}

/** Uses up every last byte; gives it back when called. */
function fillDisk(folder: string): () => void {
  const path = join(folder, "ballast");
  const file = openSync(path, "a");
  try {
    for (;;) writeSync(file, Buffer.alloc(64 * 1024, 1));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}

/** A version that nobody knows the size of before it has ended. */
function uploadChunked(server: SaveServer, sizeBytes: number): Promise<SentAnswer> {
  let leftBytes = sizeBytes;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (leftBytes <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(MIB, leftBytes)));
      leftBytes -= MIB;
    },
  });
  const path = `/api/sync/versions?rom_id=${server.romId}&name=long.srm`;
  return server.call("POST", path, { headers: { "content-type": "application/octet-stream" }, body });
}

describe("a disk of saves that is full", () => {
  test.skipIf(!hasMounts)(
    "refuses by the size, in the middle of a body, and at the last byte; keeps what it has, and goes on after (needs root and mounts)",
    async () => {
      const basePath = makeBasePath();
      const assets = join(basePath, "assets");
      mountMemory(assets, DISK_BYTES);
      const server = await openSaveServer(basePath, { MULTITAP_MIN_FREE: String(MIB) });
      const kept = await server.upload({ name: "kept.srm", bytes: "kept" });
      expect(kept.status).toBe(200);

      const large = await server.upload({ name: "large.srm", bytes: new Uint8Array(30 * MIB) });
      expect([large.status, large.detail]).toEqual([
        507,
        expect.stringMatching(/^insufficient storage on \S+assets: [\d.]+ MiB left$/),
      ]);
      const chunked = await uploadChunked(server, 30 * MIB);
      expect([chunked.status, chunked.detail]).toEqual([507, expect.stringContaining("no space left")]);
      expect(await findFaults(server)).toEqual(NO_FAULTS);

      const makeRoom = fillDisk(assets);
      for (const bytes of ["small", new Uint8Array(300_000)]) {
        const refused = await server.upload({ name: "small.srm", bytes });
        expect([refused.status, refused.detail]).toEqual([
          507,
          expect.stringMatching(/^insufficient storage on \S+assets: /),
        ]);
      }
      // What only reads or removes goes on.
      expect((await server.download(kept.body.id)).bytes.toString()).toBe("kept");
      expect(await findFaults(server)).toEqual(NO_FAULTS);
      makeRoom();
      const again = await server.upload({ name: "small.srm", bytes: "small" });
      expect(again.status).toBe(200);
      expect(await findFaults(server)).toEqual(NO_FAULTS);
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});

describe("a folder of saves that is read-only", () => {
  test.skipIf(!hasMounts)(
    "refuses what would be written and gives out what it has (needs root and mounts)",
    async () => {
      const basePath = makeBasePath();
      const assets = join(basePath, "assets");
      const server = await openSaveServer(basePath);
      const kept = await server.upload({ name: "kept.srm", bytes: "kept" });
      mountFolder(assets, assets, { isReadOnly: true });
      for (const bytes of ["small", new Uint8Array(300_000)]) {
        const refused = await server.upload({ name: "new.srm", bytes }, { emulator: "another" });
        expect([refused.status, refused.detail]).toEqual([
          409,
          expect.stringContaining("the file system is mounted read-only"),
        ]);
      }
      const replaced = await server.call("PUT", `/api/saves/${kept.body.id}`, {
        headers: { "content-type": FORM_TYPE },
        body: new Uint8Array(toForm("kept.srm", "other")),
      });
      expect([replaced.status, replaced.detail]).toEqual([
        409,
        expect.stringContaining("the file system is mounted read-only"),
      ]);
      expect((await server.download(kept.body.id)).bytes.toString()).toBe("kept");
      unmount(assets);
      expect((await server.upload({ name: "new.srm", bytes: "new" })).status).toBe(200);
      expect(await findFaults(server)).toEqual(NO_FAULTS);
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});

/** Waits until the database answers again. */
async function waitUntilBack(server: SaveServer): Promise<void> {
  const isBack = async () => (await server.call("GET", "/api/saves/identifiers?rom_id=1")).status === 200;
  expect(await waitFor(isBack, BACK_MAX_MS, 100)).toBe(true);
}

describe("kill -9 of PostgreSQL", () => {
  test(
    "in the middle of a body refuses it or stores it after all, and the next one is stored",
    async () => {
      const server = await openSaveServer(makeBasePath());
      const form = toForm("half.srm", Buffer.alloc(400_000, "half"));
      const half = form.length >> 1;
      const request = beginRequest(server, [
        `POST /api/saves?rom_id=${server.romId} HTTP/1.1`,
        `Content-Type: ${FORM_TYPE}`,
        `Content-Length: ${form.length}`,
      ]);
      request.write(form.subarray(0, half));
      await Bun.sleep(50);
      killPostmaster(server.basePath);
      await waitFor(() => listDatabaseProcesses(server.basePath).length === 0, 2_000, 1);
      request.write(form.subarray(half));
      const answer = await request.answer;
      // On a busy machine it may be back before it was missed.
      expect([200, 503]).toContain(answer?.status ?? 0);
      if (answer?.status === 503) expect(answer.text).toMatch(/\r\n\r\n\{"detail":"[^"]+"\}$/);
      await waitUntilBack(server);
      expect((await server.upload({ name: "next.srm", bytes: "next" })).status).toBe(200);
      await sweep(server);
      expect(await findFaults(server)).toEqual(NO_FAULTS);
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );

  test(
    "under uploads loses none that was acknowledged",
    async () => {
      const server = await openSaveServer(makeBasePath());
      const acknowledged = new Map<number, string>();
      const statuses = new Map<number, number>();
      let isOver = false;
      const send = async (sender: number) => {
        for (let turn = 0; !isOver; turn += 1) {
          const text = `${sender}/${turn} ${"x".repeat(below(3000))}`;
          const { status, body } = await server.upload(
            { name: "crash.srm", bytes: text },
            { slot: `crash ${turn % 3}` },
          );
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (status === 200) acknowledged.set(body.id, text);
          else await Bun.sleep(50);
        }
      };
      const senders = Promise.all(Array.from({ length: 8 }, (_, sender) => send(sender)));
      for (let kill = 0; kill < KILLS; kill += 1) {
        await Bun.sleep(200 + below(400));
        killPostmaster(server.basePath);
        await waitFor(() => listDatabaseProcesses(server.basePath).length === 0, 2_000, 1);
        await waitUntilBack(server);
      }
      await Bun.sleep(200);
      isOver = true;
      await senders;
      console.log(`uploads while PostgreSQL was killed: ${JSON.stringify(Object.fromEntries(statuses))}`);
      for (const status of statuses.keys()) expect([200, 503]).toContain(status);
      for (const [id, text] of acknowledged) expect((await server.download(id)).bytes.toString()).toBe(text);
      await sweep(server);
      expect(await findFaults(server)).toEqual(NO_FAULTS);
      expect(readdirSync(join(server.basePath, "assets")).filter((name) => name.startsWith("."))).toEqual([]);
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});
