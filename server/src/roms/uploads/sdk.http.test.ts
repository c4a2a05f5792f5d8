import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  type ByteSource,
  type Client,
  createClient,
  hasErrorCode,
  isMultitapError,
  streamSource,
  type TransferProgress,
} from "@multitap/client";
import { openUploads, type UploadScene } from "./scene.testing.ts";

let scene: UploadScene;
let client: Client;
let token = "";
/** Asked before each request; what it throws is a lost connection. */
let beforeSend: (request: Request) => void | Promise<void> = () => undefined;
const sent: string[] = [];

beforeAll(async () => {
  scene = await openUploads();
  const form = new URLSearchParams({
    username: "admin",
    password: "adminpass",
    scope: "roms.read roms.write",
  });
  const granted = await scene.library.app.fetch("/api/token", { method: "POST", body: form });
  token = ((await granted.json()) as { access_token: string }).access_token;
  client = openClient();
}, 30_000);
afterAll(async () => {
  await client?.close();
  await scene?.close();
});
afterEach(async () => {
  beforeSend = () => undefined;
  sent.length = 0;
  rmSync(join(scene.library.app.basePath, "library", "roms", "gba"), { recursive: true, force: true });
  rmSync(join(scene.library.app.facts.tempPath, "uploads"), { recursive: true, force: true });
  await scene.library.change("delete from rom_uploads");
});

function openClient(concurrency = 3): Client {
  return createClient({
    url: "http://localhost",
    auth: token,
    retry: { baseMs: 1 },
    transfers: { chunkBytes: 10, concurrency },
    fetch: async (url, init) => {
      const request = new Request(url, init);
      const { pathname } = new URL(url);
      sent.push(
        `${request.method} ${pathname.split("/").at(-1)} ${request.headers.get("x-chunk-index") ?? ""}`.trim(),
      );
      await beforeSend(request);
      return await scene.library.app.fetch(pathname + new URL(url).search, {
        method: request.method,
        headers: request.headers,
        ...(request.body === null ? {} : { body: await request.arrayBuffer() }),
        signal: init.signal ?? null,
      });
    },
  });
}

const TEXT = "0123456789abcdefghijABCDEFGHIJ-end";
const bytesOf = (text: string) => new TextEncoder().encode(text);
const sha1Of = (text: string) => createHash("sha1").update(text).digest("hex");
const about = () => ({ platformId: scene.platformId, name: "Game.gba" });
const chunksSent = () => sent.filter((line) => line.startsWith("PUT")).map((line) => line.split(" ").at(-1));

/** A source that remembers what was read of it. */
function watchedSource(text = TEXT): { readonly source: ByteSource; readonly reads: [number, number][] } {
  const reads: [number, number][] = [];
  const source: ByteSource = {
    name: "Game.gba",
    sizeBytes: text.length,
    modifiedAt: "2026-01-02T03:04:05.000Z",
    async read(start, end) {
      reads.push([start, end]);
      return bytesOf(text.slice(start, end));
    },
  };
  return { source, reads };
}

const streamOf = (text: string, pieceChars = 7) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < text.length; at += pieceChars)
        controller.enqueue(bytesOf(text.slice(at, at + pieceChars)));
      controller.close();
    },
  });

const failureOf = (run: Promise<unknown>) =>
  run.then(
    () => null,
    (error: unknown) => error,
  );

describe("client.roms.upload", () => {
  test("stores a file in chunks and tells how far it is", async () => {
    const steps: TransferProgress[] = [];
    const result = await client.roms.upload(bytesOf(TEXT), about(), {
      onProgress: (step) => steps.push(step),
    });
    expect(result).toEqual({ fsName: "Game.gba", resumed: false, wasThere: false });
    expect(scene.read("Game.gba")).toBe(TEXT);
    expect(chunksSent().sort()).toEqual(["0", "1", "2", "3"]);
    expect(steps[0]).toMatchObject({ phase: "queued", loadedBytes: 0, totalBytes: TEXT.length });
    expect(steps.at(-1)).toMatchObject({ phase: "finishing", loadedBytes: TEXT.length });
  });

  test("takes a file of a browser, a blob and a stream, under their own names", async () => {
    const { platformId } = scene;
    await client.roms.upload(new File([TEXT], "Of a browser.gba", { lastModified: 1 }), { platformId });
    await client.roms.upload(new Blob([TEXT]), { platformId, name: "Set/Blob.gba" });
    const source = streamSource(streamOf(TEXT), { name: "Stream.gba", sizeBytes: TEXT.length });
    await client.roms.upload(source, { platformId }, { verify: true });
    expect(scene.listLibrary()).toEqual(["Of a browser.gba", "Set", "Set/Blob.gba", "Stream.gba"]);
    for (const name of ["Of a browser.gba", "Set/Blob.gba", "Stream.gba"])
      expect(scene.read(name)).toBe(TEXT);
  });

  test("reads each chunk once, in order, and has no more than three on their way", async () => {
    const { source, reads } = watchedSource(TEXT.repeat(3));
    const chunkCount = Math.ceil(source.sizeBytes / 10);
    let underway = 0;
    let most = 0;
    beforeSend = async ({ method }) => {
      if (method !== "PUT") return;
      underway += 1;
      most = Math.max(most, underway);
      await Bun.sleep(2);
      underway -= 1;
    };
    const busy = openClient(8);
    await busy.roms.upload(source, about());
    await busy.close();
    expect(most).toBe(3);
    expect(reads).toEqual(
      Array.from({ length: chunkCount }, (_, index) => [
        index * 10,
        Math.min(index * 10 + 10, source.sizeBytes),
      ]),
    );
    expect(scene.read("Game.gba")).toBe(TEXT.repeat(3));
  });

  test("sends a chunk again whose connection was lost, and asks again for a finish whose answer was", async () => {
    const lost = new Set(["PUT 1", "PUT 3", "POST finishUpload"]);
    beforeSend = ({ method, url, headers }) => {
      const what = `${method} ${headers.get("x-chunk-index") ?? new URL(url).pathname.split(".").at(-1)}`;
      if (lost.delete(what)) throw new TypeError("connection reset");
    };
    await client.roms.upload(bytesOf(TEXT), about());
    expect(scene.read("Game.gba")).toBe(TEXT);
    expect(lost.size).toBe(0);
  });

  test("goes on in another call where it was aborted, by itself", async () => {
    const stopping = new AbortController();
    let putCount = 0;
    beforeSend = ({ method }) => {
      if (method === "PUT" && ++putCount > 2) stopping.abort("enough");
    };
    const single = openClient(1);
    const options = { signal: stopping.signal };
    const failure = await failureOf(single.roms.upload(watchedSource().source, about(), options));
    expect(isMultitapError(failure, "aborted")).toBe(true);
    beforeSend = () => undefined;
    sent.length = 0;
    const { source, reads } = watchedSource();
    const steps: TransferProgress[] = [];
    const result = await single.roms.upload(source, about(), { onProgress: (step) => steps.push(step) });
    await single.close();
    expect(result).toEqual({ fsName: "Game.gba", resumed: true, wasThere: false });
    expect(chunksSent()).not.toContain("0");
    expect(reads[0]).not.toEqual([0, 10]);
    expect(steps.at(-1)?.resumedBytes).toBeGreaterThanOrEqual(20);
    expect(scene.read("Game.gba")).toBe(TEXT);
  });

  test("does not go on with another file, and with the same one under a name of the caller's", async () => {
    const first = { ...about(), resumeId: "mine" };
    beforeSend = ({ method, headers }) => {
      if (method === "PUT" && headers.get("x-chunk-index") === "2") throw new TypeError("connection reset");
    };
    await failureOf(client.roms.upload(bytesOf(TEXT), first, { retry: false }));
    beforeSend = () => undefined;
    const other = await client.roms.upload(bytesOf(`${TEXT}!`), { ...first, name: "Other.gba" });
    expect(other.resumed).toBe(false);
    expect(scene.read("Other.gba")).toBe(`${TEXT}!`);
  });

  test("with verify sends nothing that is there, and compares what it sends", async () => {
    const romId = await scene.library.addRom("gba", "Known.gba", TEXT);
    await scene.library.setHashes(romId, { crc32: "0".repeat(8), md5: "0".repeat(32), sha1: sha1Of(TEXT) });
    const known = await client.roms.upload(bytesOf(TEXT), about(), { verify: true });
    expect(known).toEqual({ fsName: "Known.gba", resumed: false, wasThere: true });
    expect(chunksSent()).toEqual([]);
    const other = `${TEXT}!`;
    await client.roms.upload(bytesOf(other), about(), { verify: true });
    expect(scene.read("Game.gba")).toBe(other);
    const { source, reads } = watchedSource();
    const changing: ByteSource = {
      ...source,
      name: "Changing.gba",
      async read(start, end) {
        const bytes = await source.read(start, end);
        // Behind the first reading it is another file.
        return reads.length > 4 ? bytesOf("x".repeat(bytes.length)) : bytes;
      },
    };
    rmSync(join(scene.library.app.basePath, "library/roms/gba/Known.gba"));
    await scene.library.change(`update rom_files set missing_from_fs = true`);
    const failure = await failureOf(
      client.roms.upload(changing, { platformId: scene.platformId }, { verify: true }),
    );
    expect(hasErrorCode(failure, "ROMS_UPLOAD_DIGEST_WRONG") && failure.details.expectedSha1).toBe(
      sha1Of(TEXT),
    );
    expect(scene.read("Changing.gba")).toBeNull();
  });

  test("sends again what the server lost", async () => {
    let isLost = false;
    beforeSend = ({ url }) => {
      if (isLost || !url.endsWith("finishUpload")) return;
      isLost = true;
      const [folder] = scene.listWaiting();
      rmSync(join(scene.library.app.facts.tempPath, "uploads", folder ?? "", "00001"));
    };
    await client.roms.upload(bytesOf(TEXT), about());
    expect(scene.read("Game.gba")).toBe(TEXT);
    expect(chunksSent().filter((index) => index === "1")).toHaveLength(2);
  });

  test("fails in the server's words, and stops the other chunks", async () => {
    await client.roms.upload(bytesOf(TEXT), about());
    sent.length = 0;
    const taken = await failureOf(client.roms.upload(bytesOf(TEXT), about()));
    expect(hasErrorCode(taken, "ROMS_UPLOAD_EXISTS")).toBe(true);
    expect(chunksSent()).toEqual([]);
    const { source, reads } = watchedSource(TEXT.repeat(20));
    const failing: ByteSource = {
      ...source,
      read: async (start, end) => {
        if (start >= 100) throw new TypeError("the card was pulled");
        return await source.read(start, end);
      },
    };
    const failure = await failureOf(client.roms.upload(failing, { ...about(), name: "Failing.gba" }));
    expect(isMultitapError(failure, "storage")).toBe(true);
    expect(reads.length).toBe(10);
  });
});

describe("streamSource", () => {
  test("reads forward, in pieces of any size, and skips", async () => {
    for (const pieceChars of [1, 7, 100]) {
      const source = streamSource(streamOf(TEXT, pieceChars), { name: "s", sizeBytes: TEXT.length });
      expect(new TextDecoder().decode(await source.read(0, 10))).toBe(TEXT.slice(0, 10));
      expect(new TextDecoder().decode(await source.read(15, 30))).toBe(TEXT.slice(15, 30));
      const failure = await failureOf(source.read(0, 1));
      expect(hasErrorCode(failure, "SOURCE_FORWARD_ONLY")).toBe(true);
      expect(isMultitapError(await failureOf(source.read(30, 99)), "storage")).toBe(true);
      await source.close?.();
    }
  });
});
