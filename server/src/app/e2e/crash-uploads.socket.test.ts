import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../../../../scripts/library/random.ts";
import { createAdmin, createDice, endScenes, KILLS, makeBase, openClient, runScan } from "./scene.testing.ts";
import { endServers, type RunningServer, SceneError, startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
const CHUNK_BYTES = 256 * 1024;
/** Enough for a kill to come between them. */
const CHUNKS = 48;
/** A finish of this many takes some dozen milliseconds, so that it has a middle. */
const FINISH_CHUNKS = 256;
const SENDERS = 3;
const FINISH_MAX_MS = 20_000;

const dice = createDice();
console.log(`crash tests of uploads: MULTITAP_E2E_SEED=${dice.seed}`);
const random = createRandom(`uploads/${dice.seed}`);

let basePath = "";
let folder = "";
let token = "";
let platformId = 0;
let server: RunningServer;

beforeAll(async () => {
  const base = await makeBase("crash-uploads", { files: 2, platforms: 1 });
  ({ basePath } = base);
  server = await startServer({ basePath });
  token = await createAdmin(server.url);
  const client = openClient(server, token);
  await runScan(client);
  const [platform] = await client.platforms.list();
  platformId = platform?.id ?? 0;
  folder = join(basePath, "library", "roms", platform?.fsSlug ?? "");
  await client.close();
}, TEST_MAX_MS);
afterEach(async () => {
  if (!server.isRunning()) server = await startServer({ basePath });
}, TEST_MAX_MS);
afterAll(async () => {
  await endServers();
  await endScenes();
});

/** Status and body; null when the server went away meanwhile. */
async function call(method: string, path: string, init: RequestInit = {}) {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(init.headers as Record<string, string> | undefined),
  };
  try {
    const signal = AbortSignal.timeout(FINISH_MAX_MS);
    const response = await fetch(server.url + path, { method, keepalive: false, signal, ...init, headers });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

interface Upload {
  readonly id: string;
  readonly name: string;
  readonly bytes: Buffer;
  /** Chunks that the server said it has. */
  readonly acknowledged: Set<number>;
}

let uploadCount = 0;

async function startUpload(chunkCount: number): Promise<Upload> {
  const name = `Crash ${++uploadCount}.bin`;
  const noise = new Uint8Array(CHUNK_BYTES);
  random.fill(noise);
  // The last chunk is shorter, and no two are the same.
  const bytes = Buffer.alloc(chunkCount * CHUNK_BYTES - 1_000);
  for (let index = 0; index < chunkCount; index += 1) {
    bytes.set(noise.subarray(0, bytes.length - index * CHUNK_BYTES), index * CHUNK_BYTES);
    bytes.writeUInt32LE(index, index * CHUNK_BYTES);
  }
  const answer = await call("POST", "/api/roms/upload/start", {
    headers: {
      "x-upload-platform": String(platformId),
      "x-upload-filename": name,
      "x-upload-total-size": String(bytes.length),
      "x-upload-total-chunks": String(chunkCount),
    },
  });
  if (answer?.status !== 201) throw new SceneError(`no upload: ${JSON.stringify(answer)}`);
  const { upload_id: id } = JSON.parse(answer.text) as { upload_id: string };
  return { id, name, bytes, acknowledged: new Set() };
}

/** Sends chunks in this order, several at a time, until all are there or the server is gone. */
async function sendChunks(upload: Upload, order: readonly number[]): Promise<void> {
  const left = [...order];
  const send = async () => {
    for (let index = left.shift(); index !== undefined; index = left.shift()) {
      const body = upload.bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      const headers = { "x-chunk-index": String(index) };
      const answer = await call("PUT", `/api/roms/upload/${upload.id}`, {
        headers,
        body: new Uint8Array(body),
      });
      if (answer === null) return;
      expect(answer.status).toBe(200);
      upload.acknowledged.add(index);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}

/** All indexes in a random order, some of them twice. */
function shuffle(count: number): readonly number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let repeat = 0; repeat < count / 8; repeat += 1) order.push(random.below(count));
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    const value = order[at] ?? 0;
    order[at] = order[other] ?? 0;
    order[other] = value;
  }
  return order;
}

async function killAfter(delayMs: number): Promise<void> {
  await Bun.sleep(delayMs);
  server.signal("SIGKILL");
  await server.ended;
}

/** Finishes an upload; another process may seem to work on it for some seconds. */
async function finish({ id }: Upload): Promise<number | null> {
  const deadlineMs = performance.now() + FINISH_MAX_MS;
  for (;;) {
    const answer = await call("POST", `/api/roms/upload/${id}/complete`);
    if (answer?.status !== 503 || performance.now() > deadlineMs) return answer?.status ?? null;
    await Bun.sleep(250);
  }
}

/** Nothing under the final name, or all of it. */
function isWhole({ name, bytes }: Upload): boolean | null {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path).equals(bytes) : null;
}

const waitingOf = ({ id }: Upload) => join(basePath, "resources", "tmp", "uploads", id);

describe("kill -9 of the server", () => {
  test(
    "during chunks loses none that was acknowledged, and the upload goes on",
    async () => {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const upload = await startUpload(CHUNKS);
        const order = shuffle(CHUNKS);
        const delayMs = 5 + dice.next() * 60;
        await Promise.all([sendChunks(upload, order), killAfter(delayMs)]);
        const acknowledged = [...upload.acknowledged].sort((a, b) => a - b);
        console.log(`killed after ${Math.round(delayMs)} ms with ${acknowledged.length} of ${CHUNKS} chunks`);
        expect(isWhole(upload)).toBeNull();

        server = await startServer({ basePath });
        const session = await call("GET", `/api/roms/upload/${upload.id}/session`);
        const { received_chunks: received } = JSON.parse(session?.text ?? "{}") as {
          received_chunks: number[];
        };
        expect(received).toEqual(expect.arrayContaining(acknowledged));
        const there = new Set(received);
        await sendChunks(
          upload,
          order.filter((index) => !there.has(index)),
        );
        expect(await finish(upload)).toBe(201);
        expect(isWhole(upload)).toBe(true);
        expect(existsSync(waitingOf(upload))).toBe(false);
      }
    },
    TEST_MAX_MS,
  );

  test(
    "during a finish leaves no half file, keeps one that was acknowledged, and the finish can be asked for again",
    async () => {
      // How long one takes by itself, to hit the middle of others.
      const first = await startUpload(FINISH_CHUNKS);
      await sendChunks(first, shuffle(FINISH_CHUNKS));
      const startedAtMs = performance.now();
      expect(await finish(first)).toBe(201);
      const finishMs = performance.now() - startedAtMs;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const upload = await startUpload(FINISH_CHUNKS);
        await sendChunks(upload, shuffle(FINISH_CHUNKS));
        const delayMs = dice.next() * finishMs * 1.2;
        const [answer] = await Promise.all([
          call("POST", `/api/roms/upload/${upload.id}/complete`),
          killAfter(delayMs),
        ]);
        const before = isWhole(upload);
        const ended = answer?.status ?? "no answer";
        console.log(
          `killed ${Math.round(delayMs)} of ${Math.round(finishMs)} ms into a finish: ${ended}, ${before}`,
        );
        expect(before).not.toBe(false);
        if (answer?.status === 201) expect(before).toBe(true);

        server = await startServer({ basePath });
        expect(await finish(upload)).toBe(201);
        expect(isWhole(upload)).toBe(true);
        expect(existsSync(waitingOf(upload))).toBe(false);
        expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
      }
    },
    TEST_MAX_MS,
  );
});
