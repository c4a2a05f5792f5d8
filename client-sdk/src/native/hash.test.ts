import { beforeAll, describe, expect, test } from "bun:test";
import { ensureBuilt } from "@multitap/native/build";
import { hashBytes, hashRom, loadNative, openChd } from "../entries/native.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeBytes } from "../testing/fixtures.ts";
import { createMemorySink } from "../testing/memory-sink.ts";
import { CHD_FACTS, readChdVector } from "../testing/vectors.ts";
import type { BytesInput } from "../transfers/types.ts";

const PSX = CHD_FACTS["cd-psx-default"];

// A first build takes seconds on a busy machine.
beforeAll(async () => {
  await ensureBuilt();
}, 60_000);

const digestOf = (name: "md5" | "sha1", ...parts: readonly Uint8Array[]) => {
  const hasher = new Bun.CryptoHasher(name);
  for (const part of parts) hasher.update(part);
  return hasher.digest("hex");
};

/** The disc of a CHD as sheet and files. */
async function extractCue(id: string): Promise<File[]> {
  const chd = await openChd(new File([await readChdVector(id)], "game.chd"));
  const files: File[] = [];
  const sinks = new Map<string, ReturnType<typeof createMemorySink>>();
  await chd.extract("bin_cue", (name) => {
    const sink = createMemorySink();
    sinks.set(name, sink);
    return sink;
  });
  for (const [name, { result }] of sinks) files.push(new File([new Uint8Array(result ?? [])], name));
  await chd.close();
  return files;
}

describe("hashBytes", () => {
  const bytes = makeBytes(3_000_000);

  test("gives the digests asked for, of every kind of input, with progress to the end", async () => {
    const source: BytesInput = {
      name: "a",
      sizeBytes: bytes.length,
      modifiedAt: null,
      read: async (start, end) => bytes.slice(start, end),
    };
    const wanted = { md5: digestOf("md5", bytes), sha1: digestOf("sha1", bytes) };
    for (const input of [bytes, new Blob([bytes]), new File([bytes], "a"), source]) {
      const seen: number[] = [];
      const digests = await hashBytes(input, ["md5", "sha1"], {
        onProgress: ({ doneBytes }) => seen.push(doneBytes),
      });
      expect(digests).toEqual(wanted);
      expect([seen.length > 1, seen.at(-1)]).toEqual([true, bytes.length]);
    }
  });

  test("gives the digest of nothing for no bytes", async () => {
    expect(await hashBytes(new Uint8Array(0), ["crc32"])).toEqual({ crc32: "00000000" });
  });

  test("names a source that fails as the storage's failure", async () => {
    const cause = new TypeError("the disk is gone");
    const source = { name: "/x/a.bin", sizeBytes: 9, modifiedAt: null, read: () => Promise.reject(cause) };
    const failure = await failureOf(hashBytes(source, ["md5"]));
    expect([failure.kind, failure.code, failure.cause]).toEqual(["storage", "STORAGE_FAILED", cause]);
    expect(failure.message).toBe("Reading a.bin failed: the disk is gone");
  });

  test("names a source that gives too few bytes", async () => {
    const source = { name: "a", sizeBytes: 9, modifiedAt: null, read: async () => new Uint8Array(3) };
    expect((await failureOf(hashBytes(source, ["md5"]))).code).toBe("SOURCE_SHORT");
  });

  test("stops between two pieces when it is aborted", async () => {
    const controller = new AbortController();
    const hashing = hashBytes(bytes, ["md5"], {
      signal: controller.signal,
      onProgress: () => controller.abort("enough"),
    });
    const failure = await failureOf(hashing);
    expect([failure.kind, failure.cause]).toEqual(["aborted", "enough"]);
  });
});

describe("hashRom", () => {
  const cartridge = makeBytes(40_000);
  const headered = new Uint8Array([...[0x4e, 0x45, 0x53, 0x1a], ...new Uint8Array(12), ...cartridge]);
  const nes = new File([headered], "game.nes");

  test.each([[{ platform: "nes" }], [{ raConsoleId: 7 }], ["detect"]] as const)(
    "hashes a cartridge as %p",
    async (target) => {
      expect(await hashRom(nes, target)).toEqual({
        crc32: Bun.hash.crc32(headered).toString(16).padStart(8, "0"),
        md5: digestOf("md5", headered),
        sha1: digestOf("sha1", headered),
        ra: digestOf("md5", cartridge),
        raConsoleId: 7,
      });
    },
  );

  test("gives only what is asked for", async () => {
    expect(await hashRom(nes, { platform: "nes" }, { names: ["crc32"] })).toEqual({
      crc32: Bun.hash.crc32(headered).toString(16).padStart(8, "0"),
      raConsoleId: 7,
    });
    expect(await hashRom(nes, "detect", { names: ["ra"] })).toEqual({
      ra: digestOf("md5", cartridge),
      raConsoleId: 7,
    });
  });

  test.each([
    [{ platform: "xbox" }, null],
    [{ platform: "win" }, 102],
    [{ raConsoleId: 9999 }, 9999],
    [{ platform: "psx" }, 12],
  ] as const)("has no ra hash as %p, and rejects for none of it", async (target, raConsoleId) => {
    expect(await hashRom(nes, target, { names: ["ra"] })).toEqual({ ra: null, raConsoleId });
  });

  test("takes a sheet with its files, in any order, and a playlist", async () => {
    const [bin, cue] = await extractCue("cd-psx-default");
    const m3u = new File(["game.cue\n"], "game.m3u");
    const wanted = { ra: PSX.ra, raConsoleId: 12 };
    if (bin === undefined || cue === undefined) throw new TypeError("a bin and a cue were extracted");
    expect(await hashRom([bin, cue], { platform: "psx" }, { names: ["ra"] })).toEqual(wanted);
    expect(await hashRom([cue, bin], "detect", { names: ["ra"] })).toEqual(wanted);
    expect(await hashRom([cue, bin, m3u], "detect", { names: ["ra"] })).toEqual(wanted);
    expect(await hashRom([cue], "detect", { names: ["ra"] })).toEqual({ ra: null, raConsoleId: null });
    const both = await hashRom([bin, cue], "detect", { names: ["sha1"] });
    expect(both.sha1).toBe(digestOf("sha1", await bin.bytes(), await cue.bytes()));
  });

  test.each(["cd-psx-default", "gd-default", "dvd-ps2-8k"] as const)("takes the disc in %s", async (id) => {
    const bytes = await readChdVector(id);
    const { ra, raConsoleId } = CHD_FACTS[id];
    const names = ["ra"] as const;
    expect(await hashRom(new File([bytes], `${id}.CHD`), "detect", { names })).toEqual({ ra, raConsoleId });
    expect(await hashRom(bytes, "detect", { names })).toEqual({ ra, raConsoleId });
    const chd = await openChd(bytes);
    expect(await hashRom(chd.source(), "detect", { names })).toEqual({ ra, raConsoleId });
    await chd.close();
  });

  test("has no ra hash for a damaged disc", async () => {
    const bytes = (await readChdVector("cd-psx-default")).fill(0xff, 200);
    const answer = await hashRom(new File([bytes], "a.chd"), { platform: "psx" }, { names: ["ra", "md5"] });
    expect(answer).toEqual({ ra: null, md5: digestOf("md5", bytes), raConsoleId: 12 });
  });

  test("tells a progress that only grows and ends where it is done", async () => {
    const seen: { doneBytes: number; totalBytes: number }[] = [];
    await hashRom(nes, "detect", { onProgress: (progress) => seen.push(progress) });
    const done = seen.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(seen.at(-1)?.doneBytes).toBe(seen.at(-1)?.totalBytes);
    expect(seen.every(({ doneBytes, totalBytes }) => doneBytes <= totalBytes)).toBe(true);
  });

  test("fails as its source does, and with the signal's reason", async () => {
    const cause = new TypeError("gone");
    const source = { name: "a.nes", sizeBytes: 99, modifiedAt: null, read: () => Promise.reject(cause) };
    const failure = await failureOf(hashRom(source, "detect", { names: ["ra"] }));
    expect([failure.kind, failure.cause]).toEqual(["storage", cause]);
    const aborted = await failureOf(hashRom(nes, "detect", { signal: AbortSignal.abort("no") }));
    expect([aborted.kind, aborted.cause]).toEqual(["aborted", "no"]);
  });
});

describe("loadNative", () => {
  test("takes one of the files, or the built-in copies", async () => {
    const path = Bun.fileURLToPath(import.meta.resolve("@multitap/native/hash.wasm"));
    await loadNative({ wasm: await Bun.file(path).arrayBuffer() });
    await loadNative({ wasm: new Response(await Bun.file(path).arrayBuffer()) });
    await loadNative();
    expect(await hashBytes(new TextEncoder().encode("abc"), ["crc32"])).toEqual({ crc32: "352441c2" });
  });

  test("refuses other bytes", async () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]).buffer;
    expect((await failureOf(loadNative({ wasm: empty }))).code).toBe("NATIVE_WRONG_WASM");
    const failure = await failureOf(loadNative({ wasm: new ArrayBuffer(9) }));
    expect([failure.kind, failure.code]).toEqual(["unsupported", "NATIVE_UNAVAILABLE"]);
    const missing = new Response(null, { status: 404 });
    expect((await failureOf(loadNative({ wasm: missing }))).code).toBe("NATIVE_UNAVAILABLE");
  });
});
