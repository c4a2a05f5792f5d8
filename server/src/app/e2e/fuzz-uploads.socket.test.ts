// Damaged and odd uploads over real connections: every answer is one of ours, and nothing stays behind.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createRandom } from "../../../../scripts/library/random.ts";
import { ADMIN } from "../../auth/calls.testing.ts";
import { openUploads, type UploadScene } from "../../roms/uploads/scene.testing.ts";

const SEED = process.env.MULTITAP_FUZZ_SEED ?? String(Math.floor(Math.random() * 1e9));
console.log(`fuzz of uploads: MULTITAP_FUZZ_SEED=${SEED}`);
const random = createRandom(`fuzz-uploads/${SEED}`);
const ROUNDS = 12;
const REQUESTS = 150;
const ANSWER_MAX_MS = 5_000;

let scene: UploadScene;
let url: URL;
beforeAll(async () => {
  scene = await openUploads();
  url = new URL(await scene.library.app.listen());
}, 30_000);
afterAll(() => scene?.close());

function choose<T>(values: readonly T[], fallback: T): T {
  return values[random.below(values.length)] ?? fallback;
}

function makeNoise(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  random.fill(bytes);
  return bytes;
}

/** Sends raw bytes, perhaps only the first of them, and gives the status of the answer; null when there is none. */
async function sendRaw(bytes: Buffer, cutAt: number): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  let text = "";
  const socket = connect(Number(url.port), url.hostname, () => {
    socket.write(bytes.subarray(0, cutAt));
    if (cutAt < bytes.length) setTimeout(() => socket.destroy(), 10);
  });
  socket.on("data", (data) => {
    text += data.toString("latin1");
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? [];
    if (status !== undefined) {
      resolve(Number(status));
      socket.destroy();
    }
  });
  socket.on("error", () => resolve(null));
  socket.on("close", () => resolve(null));
  const timer = setTimeout(() => socket.destroy(), ANSWER_MAX_MS);
  const status = await promise;
  clearTimeout(timer);
  return status;
}

interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

function toBytes({ method, path, headers, body }: RawRequest): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${url.host}`, `Authorization: ${ADMIN}`, ...headers];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

describe("uploads in any order, of any sizes, with repeats", () => {
  test("give the very bytes", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const sizes = Array.from(
        { length: 1 + random.below(12) },
        () => 1 + random.below(choose([10, 5_000, 200_000], 10)),
      );
      const chunks = sizes.map(makeNoise);
      const whole = Buffer.concat(chunks);
      const name = `Fuzz ${round}/${choose(["a.gba", "Ünï.gba", "100%.gba"], "a.gba")}`;
      const id = await scene.open({
        name: encodeURIComponent(name),
        total: whole.length,
        chunks: sizes.length,
      });
      const order = chunks.flatMap((_, index) => (random.below(4) === 0 ? [index, index] : [index]));
      order.sort(() => random.below(3) - 1);
      const path = `/api/roms/upload/${id}`;
      await Promise.all(
        order.map(async (index) => {
          const body = chunks[index] ?? Buffer.alloc(0);
          const isChunked = random.below(2) === 0;
          const headers = [
            `X-Chunk-Index: ${index}`,
            isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`,
          ];
          const framed = Buffer.concat([
            Buffer.from(`${body.length.toString(16)}\r\n`),
            body,
            Buffer.from("\r\n0\r\n\r\n"),
          ]);
          const bytes = toBytes({ method: "PUT", path, headers, body: isChunked ? framed : body });
          // Some senders go away in the middle and come again.
          if (random.below(3) === 0) await sendRaw(bytes, random.below(bytes.length));
          expect(await sendRaw(bytes, bytes.length)).toBe(200);
        }),
      );
      expect((await scene.complete(id)).status).toBe(201);
      const stored = readFileSync(join(scene.library.app.basePath, "library/roms/gba", name));
      expect(stored.equals(whole)).toBe(true);
    }
    expect(scene.listWaiting()).toEqual([]);
    expect(scene.listLibrary().filter((name) => name.includes(".multitap"))).toEqual([]);
  }, 30_000);
});

const ODD_NUMBERS = [
  "0",
  "1",
  "-1",
  "2",
  "1e3",
  "0x10",
  " 1",
  "",
  "9".repeat(20),
  "1.5",
  "NaN",
  "1,2",
  "64",
  "10001",
];
const ODD_NAMES = [
  "a.gba",
  "../a.gba",
  "%2e%2e/a",
  "a/b/c.gba",
  "a%00b",
  "/",
  "",
  "\xff\xfe",
  "%E0%A4%A",
  "CON",
  "a".repeat(300),
  "%F0%9F%8E%AE.gba",
  "..%5Ca",
  ".DS_Store",
  "a\tb",
];
const TYPES = [
  "application/json",
  "multipart/form-data; boundary=x",
  "multipart/form-data",
  "text/plain",
  "",
];
const BODIES = [
  "",
  "x",
  "{}",
  "[]",
  "null",
  '{"platform_id":1}',
  '{"platform_id":',
  '{"file_name":{"a":1},"total_size":[1]}',
  '--x\r\nContent-Disposition: form-data; name="file_ids"\r\n\r\n1\r\n--x--\r\n',
  '--x\r\nContent-Disposition: form-data; name="file_ids"; filename="a"\r\n\r\n1',
  "--x--",
  "--x\r\n\r\n--x\r\n",
];

describe("odd requests", () => {
  test("are refused in order: no failure of ours, nothing outside, nothing left behind", async () => {
    const before = scene.listLibrary();
    const id = await scene.open({ name: "Target.gba", total: 1_000, chunks: 4 });
    const seen = new Set<number | null>();
    for (let request = 0; request < REQUESTS; request += 1) {
      const body = Buffer.from(choose(BODIES, ""), "latin1");
      const ids = [id, "x", "..%2f..%2fetc", "0".repeat(36), id.toUpperCase(), `${id}0`];
      const path = choose(
        [
          "/api/roms/upload/start",
          "/api/roms/upload/init",
          `/api/roms/upload/${choose(ids, id)}`,
          `/api/roms/upload/${choose(ids, id)}/chunk?index=${encodeURIComponent(choose(ODD_NUMBERS, "0"))}`,
          `/api/roms/upload/${choose(ids, id)}/complete`,
          `/api/roms/upload/${choose(ids, id)}/session`,
          "/api/roms/download/1/x",
        ],
        "/api/roms/upload/start",
      );
      const headers = [
        `X-Upload-Platform: ${choose([String(scene.platformId), ...ODD_NUMBERS], "1")}`,
        `X-Upload-Filename: ${choose(ODD_NAMES, "a")}`,
        `X-Upload-Total-Size: ${choose(ODD_NUMBERS, "1")}`,
        `X-Upload-Total-Chunks: ${choose(ODD_NUMBERS, "1")}`,
        `X-Upload-Sha1: ${choose(["x", "0".repeat(40), ""], "x")}`,
        `X-Chunk-Index: ${choose(ODD_NUMBERS, "0")}`,
        `Content-Type: ${choose(TYPES, "")}`,
      ].filter(() => random.below(4) > 0);
      const length = random.below(8) === 0 ? choose(["999999999999", "3", "0"], "3") : String(body.length);
      const raw = toBytes({
        method: choose(["POST", "PUT", "GET"], "POST"),
        path,
        headers: [...headers, `Content-Length: ${length}`],
        body,
      });
      // What announces more than it sends would wait for the rest.
      const isShort = Number(length) > body.length;
      const status = await sendRaw(raw, isShort ? raw.length - 1 : raw.length);
      if (!isShort) seen.add(status);
    }
    console.log(`statuses: ${[...seen].sort().join(" ")}`);
    expect([...seen].filter((status) => status !== null && status >= 500 && status !== 507)).toEqual([]);
    expect((await scene.call("POST", `/api/roms/upload/${id}/cancel`)).status).toBe(204);
    expect(scene.listLibrary()).toEqual(before);
    expect(scene.listWaiting().filter((name) => name.startsWith(id))).toEqual([]);
  }, 30_000);
});
