import { describe, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { createClientIn } from "../client.ts";
import { systemEnvironment } from "../environment.ts";
import { fileSink } from "../node/file-sink.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeBytes } from "../testing/fixtures.ts";
import { serveTestServer } from "../testing/serve.ts";
import { createTempFolder } from "../testing/temp-folder.ts";
import type { ByteSink } from "./types.ts";

const BYTES = makeBytes(3_000_000, 42);
const sha1 = new Bun.CryptoHasher("sha1").update(BYTES).digest("hex");
const impatient = { ...systemEnvironment, random: () => 0 };

/** The same sink, which aborts the transfer once it holds so many bytes. */
function abortAfter(sink: ByteSink, bytes: number, controller: AbortController): ByteSink {
  return {
    async open(expected) {
      const writer = await sink.open(expected);
      const write = async (chunk: Uint8Array) => {
        await writer.write(chunk);
        if (writer.offsetBytes >= bytes) controller.abort("later");
      };
      return Object.defineProperty({ ...writer, write }, "offsetBytes", { get: () => writer.offsetBytes });
    },
  };
}

describe("a download over a real connection", () => {
  test("gives the same bytes over cuts at random offsets", async () => {
    await using served = await serveTestServer();
    await using folder = await createTempFolder();
    served.server.contents.set(1, { bytes: BYTES, etag: '"v1"', fileName: "a.bin", sha1 });
    // Printed, so that a failure can be repeated.
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`cut seed ${seed}`);
    const offsets = new Uint32Array(makeBytes(4 * 20, seed).buffer);
    let cuts = 0;
    const limit = () => 1_000 + ((offsets[cuts] ?? 0) % 400_000);
    served.proxy.onCut = () => {
      cuts += 1;
      if (cuts < 15) served.proxy.cutAfterBytes = limit();
    };
    served.proxy.cutAfterBytes = limit();
    const client = createClientIn(impatient, {
      url: served.proxy.url,
      auth: "t",
      retry: { attemptsMax: 20 },
    });
    const result = await client.roms.download(1, fileSink(folder.at("a.bin")), { verify: true });
    expect(cuts).toBeGreaterThan(3);
    expect(result).toEqual({ name: "a.bin", sizeBytes: BYTES.length, resumedBytes: 0, sha1 });
    expect(Buffer.compare(await readFile(folder.at("a.bin")), BYTES)).toBe(0);
    await client.close();
  });

  test("goes on in another client after an abort", async () => {
    await using served = await serveTestServer();
    await using folder = await createTempFolder();
    served.server.contents.set(1, { bytes: BYTES, etag: '"v1"', fileName: "a.bin", sha1 });
    const controller = new AbortController();
    const first = createClientIn(impatient, { url: served.url, auth: "t" });
    const sink = abortAfter(fileSink(folder.at("a.bin")), 1_000_000, controller);
    const failed = first.roms.download(1, sink, { signal: controller.signal });
    expect((await failureOf(failed)).kind).toBe("aborted");
    expect((await readdir(folder.path)).sort()).toEqual(["a.bin.part", "a.bin.part.json"]);
    const second = createClientIn(impatient, { url: served.url, auth: "t" });
    const result = await second.roms.download(1, fileSink(folder.at("a.bin")), { verify: true });
    expect(result.resumedBytes).toBeGreaterThanOrEqual(1_000_000);
    expect(result.sha1).toBe(sha1);
    expect(await readdir(folder.path)).toEqual(["a.bin"]);
    await Promise.all([first.close(), second.close()]);
  });
});
