import { beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { ensureBuilt } from "../build.ts";
import { loadNative, runOnDisc, runOnHash } from "./load.ts";

const distFile = (name: string) => new URL(`../dist/${name}`, import.meta.url);
const bytesOf = async (name: string) => new Uint8Array(await readFile(distFile(name))).buffer;

/** The smallest WebAssembly there is: sound, and none of ours. */
const EMPTY_WASM = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]).buffer;

const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => "no failure",
    (error: { code?: string }) => error.code,
  );

beforeAll(async () => {
  await ensureBuilt();
});

describe("loadNative", () => {
  test("loads both built-in chunks", async () => {
    await loadNative();
    expect(await runOnHash((hash) => hash.bufferBytes())).toBe(65_536);
    expect(await runOnDisc((disc) => disc.mapPieceEntries())).toBeGreaterThan(0);
  });

  test("takes a chunk as bytes, as a file's URL, as an answer and as the promise of one", async () => {
    await loadNative({ wasm: await bytesOf("hash.wasm") });
    await loadNative({ wasm: distFile("disc.wasm") });
    await loadNative({ wasm: distFile("disc.wasm").href });
    await loadNative({ wasm: new Response(await bytesOf("hash.wasm")) });
    await loadNative({ wasm: Promise.resolve(new Response(await bytesOf("disc.wasm"))) });
    expect(await runOnHash((hash) => hash.crc32(0, 0))).toBe(0);
  });

  test("refuses other WebAssembly, other bytes, and a failed fetch", async () => {
    expect(await codeOf(loadNative({ wasm: EMPTY_WASM }))).toBe("NATIVE_WRONG_WASM");
    expect(await codeOf(loadNative({ wasm: new ArrayBuffer(8) }))).toBe("NATIVE_UNAVAILABLE");
    const missing = new Response("no", { status: 404 });
    expect(await codeOf(loadNative({ wasm: missing }))).toBe("NATIVE_UNAVAILABLE");
    expect(await runOnDisc((disc) => disc.crc16(disc.heapStart(), 0))).toBe(0xffff);
  });
});

describe("runOnDisc", () => {
  test("reports a trap as a bug and goes on with a fresh instance", async () => {
    const beyond = 2 ** 32 - 64;
    const trap = runOnDisc((disc) => disc.crc16(beyond, 32));
    expect(await trap.catch((error: unknown) => error)).toMatchObject({
      code: "NATIVE_INTERNAL",
      cause: expect.any(WebAssembly.RuntimeError),
    });
    expect(await runOnDisc((disc) => disc.crc16(disc.heapStart(), 0))).toBe(0xffff);
  });

  test("does not keep an instance whose memory has grown far", async () => {
    const grown = await runOnDisc((disc) => {
      disc.growTo(20 << 20);
      return disc.memory;
    });
    expect(grown.buffer.byteLength).toBeGreaterThanOrEqual(20 << 20);
    expect(await runOnDisc((disc) => disc.memory.buffer.byteLength)).toBeLessThan(4 << 20);
  });
});
