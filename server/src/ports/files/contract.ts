import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { FILES_READ_CHUNK_BYTES } from "./limits.ts";
import { type Files, isPartialName } from "./port.ts";

/** The code of the expected failure, or `no failure`. */
export const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => "no failure",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

/** Makes a folder of its own below the system's folder for temporary files; the caller removes it. */
export const createTestFolder = () => mkdtemp(join(tmpdir(), "multitap-files-"));

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await new Response(stream).arrayBuffer());
}

/** How many files this process has open; null where that cannot be seen. */
const countOpenFiles = () =>
  readdir("/proc/self/fd").then(
    (names) => names.length,
    () => null,
  );

async function* inChunks(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const isLinux = process.platform === "linux";

type GetFixture = () => { files: Files; root: string };

/** Holds a driver against every promise of the files port. */
export function runFilesContract(name: string, createFiles: () => Files): void {
  describe(`files on ${name}`, () => {
    let fixture: { files: Files; root: string };
    beforeAll(async () => {
      fixture = { files: createFiles(), root: await createTestFolder() };
    });
    afterAll(() => rm(fixture.root, { recursive: true }));
    const get: GetFixture = () => fixture;
    describeList(get);
    describeFacts(get);
    describeReadText(get);
    describeWrite(get);
    describeChanges(get);
    describeJoining(get);
    describeStreams(get);
  });
}

async function freshFolder({ root }: { root: string }): Promise<string> {
  return mkdtemp(join(root, "case-"));
}

function describeList(get: GetFixture): void {
  describe("list", () => {
    test("tells files, folders, links and what they point at", async () => {
      const folder = await freshFolder(get());
      await mkdir(join(folder, "folder"));
      await writeFile(join(folder, "Pokémon é😀.gb"), "x");
      await symlink("Pokémon é😀.gb", join(folder, "to file"));
      await symlink("folder", join(folder, "to folder"));
      await symlink("nowhere", join(folder, "dangling"));
      await symlink("loop", join(folder, "loop"));
      const entries = await get().files.list(folder);
      const shown = entries.map(({ name, kind, isLink }) => [name, kind, isLink]);
      expect(shown.toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))).toEqual([
        ["Pokémon é😀.gb", "file", false],
        ["dangling", "other", true],
        ["folder", "folder", false],
        ["loop", "other", true],
        ["to file", "file", true],
        ["to folder", "folder", true],
      ]);
      for (const { name, rawName } of entries) expect(Buffer.from(rawName).toString()).toBe(name ?? "");
    });

    test("keeps names as the disk has them: both normal forms, replacement characters, broken bytes", async () => {
      const folder = await freshFolder(get());
      const names = ["e\u0301.gb", "\u00e9.gb", "honest \uFFFD.gb", " spaces ", "new\nline"];
      for (const name of names) await writeFile(join(folder, name), "");
      const broken = Buffer.from([0x66, 0xff, 0x6f]);
      await writeFile(Buffer.concat([Buffer.from(`${folder}/`), broken]), "x");
      const entries = await get().files.list(folder);
      const found = entries.map((entry) => entry.name);
      expect(found.filter((name) => name !== null).toSorted()).toEqual(names.toSorted());
      const damaged = entries.filter((entry) => entry.name === null);
      expect(damaged).toHaveLength(1);
      expect(damaged[0]).toMatchObject({ kind: "file", isLink: false });
      expect(Buffer.from(damaged[0]?.rawName ?? []).equals(broken)).toBe(true);
    });

    test("is empty for an empty folder and fails by name for anything else", async () => {
      const { files } = get();
      const folder = await freshFolder(get());
      expect(await files.list(folder)).toEqual([]);
      expect(await codeOf(files.list(join(folder, "absent")))).toBe("FILES_NOT_FOUND");
      await files.writeAtomic(join(folder, "file"), "x");
      expect(await codeOf(files.list(join(folder, "file")))).toBe("FILES_NOT_FOUND");
    });
  });
}

function describeFacts(get: GetFixture): void {
  describe("find", () => {
    test("tells size, time, kind, identity and owner, through links", async () => {
      const { files } = get();
      const folder = await freshFolder(get());
      const path = join(folder, "file");
      await writeFile(path, "12345", { mode: 0o640 });
      await utimes(path, 1_700_000_000.1234, 1_700_000_000.1234);
      await symlink("file", join(folder, "link"));
      const facts = await files.find(path);
      const own = await stat(path);
      expect(facts).toMatchObject({
        sizeBytes: 5,
        modifiedAtMs: 1_700_000_000_123,
        kind: "file",
        mode: 0o640,
      });
      expect(facts).toMatchObject({
        uid: own.uid,
        gid: own.gid,
        inode: BigInt(own.ino),
        deviceId: BigInt(own.dev),
      });
      expect(await files.find(join(folder, "link"))).toEqual(facts);
      expect((await files.find(folder))?.kind).toBe("folder");
      expect((await files.find("/dev/null"))?.kind).toBe("other");
    });

    test("is null where nothing can be", async () => {
      const { files } = get();
      const folder = await freshFolder(get());
      await files.writeAtomic(join(folder, "file"), "");
      await symlink("nowhere", join(folder, "dangling"));
      await symlink("loop", join(folder, "loop"));
      for (const name of ["absent", "file/below", "dangling", "loop", "x".repeat(300), "zero\u0000"]) {
        expect(await files.find(join(folder, name))).toBeNull();
      }
    });
  });

  test("canWrite tells a writable path from an absent one", async () => {
    const { files } = get();
    const folder = await freshFolder(get());
    expect(await files.canWrite(folder)).toBe(true);
    expect(await files.canWrite(join(folder, "absent"))).toBe(false);
  });

  test("realPath resolves links and refuses what is not there", async () => {
    const { files } = get();
    const folder = await files.realPath(await freshFolder(get()));
    await mkdir(join(folder, "a"));
    await symlink("a", join(folder, "b"));
    expect(await files.realPath(join(folder, "b", "..", "b"))).toBe(join(folder, "a"));
    expect(await codeOf(files.realPath(join(folder, "absent")))).toBe("FILES_NOT_FOUND");
  });

  test("freeSpace tells the room and the file system", async () => {
    const { files, root } = get();
    const space = await files.freeSpace(root);
    expect(space.freeBytes).toBeWithin(1, space.totalBytes + 1);
    if (isLinux) expect(await files.freeSpace("/proc")).toMatchObject({ totalBytes: 0 });
    expect(await codeOf(files.freeSpace(join(root, "absent")))).toBe("FILES_NOT_FOUND");
  });
}

function describeReadText(get: GetFixture): void {
  describe("readText", () => {
    test("returns the text up to the limit, without its byte order mark", async () => {
      const { files } = get();
      const path = join(await freshFolder(get()), "file");
      await files.writeAtomic(path, "\uFEFFgrün 😀\r\n");
      const sizeBytes = (await stat(path)).size;
      expect(await files.readText(path, { maxBytes: sizeBytes })).toBe("grün 😀\r\n");
      expect(await files.readText(path, { maxBytes: 1_000_000 })).toBe("grün 😀\r\n");
      expect(await codeOf(files.readText(path, { maxBytes: sizeBytes - 1 }))).toBe("FILES_TOO_LARGE");
    });

    test.skipIf(!isLinux)("reads files without a known size (needs /proc)", async () => {
      const { files } = get();
      expect(await files.readText("/proc/version", { maxBytes: 10_000 })).toStartWith("Linux");
      expect(await codeOf(files.readText("/proc/version", { maxBytes: 5 }))).toBe("FILES_TOO_LARGE");
    });

    test("reads empty files", async () => {
      const { files } = get();
      const path = join(await freshFolder(get()), "file");
      await files.writeAtomic(path, "");
      expect(await files.readText(path, { maxBytes: 10 })).toBe("");
    });

    test("fails by name for what is absent, a folder or not text", async () => {
      const { files } = get();
      const folder = await freshFolder(get());
      await files.writeAtomic(join(folder, "bytes"), new Uint8Array([0x61, 0xff]));
      expect(await codeOf(files.readText(join(folder, "bytes"), { maxBytes: 10 }))).toBe("FILES_NOT_TEXT");
      expect(await codeOf(files.readText(join(folder, "absent"), { maxBytes: 10 }))).toBe("FILES_NOT_FOUND");
      expect(await codeOf(files.readText(folder, { maxBytes: 10 }))).toBe("FILES_WRONG_KIND");
    });
  });
}

function describeWrite(get: GetFixture): void {
  describe("writeAtomic", () => {
    test("creates and replaces from text, bytes and a stream", async () => {
      const { files } = get();
      const folder = await freshFolder(get());
      const path = join(folder, "file");
      for (const [content, expected] of [
        ["text é", "text é"],
        [Buffer.from("bytes"), "bytes"],
        [inChunks("str", "", "eam"), "stream"],
        [inChunks(), ""],
      ] as const) {
        await files.writeAtomic(path, content);
        expect(await files.readText(path, { maxBytes: 100 })).toBe(expected);
      }
      expect(await readdir(folder)).toEqual(["file"]);
    });

    test("sets exactly the mode that was asked for, else leaves it to the umask", async () => {
      const { files } = get();
      const folder = await freshFolder(get());
      const before = process.umask(0o027);
      try {
        await files.writeAtomic(join(folder, "secret"), "x", { mode: 0o600 });
        await files.writeAtomic(join(folder, "open"), "x", { mode: 0o666 });
        await files.writeAtomic(join(folder, "usual"), "x");
      } finally {
        process.umask(before);
      }
      const modes = await Promise.all(
        ["secret", "open", "usual"].map((name) => files.find(join(folder, name))),
      );
      expect(modes.map((facts) => facts?.mode)).toEqual([0o600, 0o666, 0o640]);
    });

    test("keeps the old file and leaves nothing behind when the content fails", async () => {
      const { files } = get();
      const folder = await freshFolder(get());
      const path = join(folder, "file");
      await files.writeAtomic(path, "old");
      const seen: string[] = [];
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield Buffer.from("half of the new");
        seen.push(...(await readdir(folder)));
        throw new AppError("invalid", "INPUT_INVALID", { message: "the sender went away" });
      }
      expect(await codeOf(files.writeAtomic(path, failing()))).toBe("INPUT_INVALID");
      expect(seen.filter(isPartialName)).toHaveLength(1);
      expect(await readdir(folder)).toEqual(["file"]);
      expect(await files.readText(path, { maxBytes: 10 })).toBe("old");
    });

    test("is never seen half-written by readers, whoever writes", async () => {
      const { files } = get();
      const path = join(await freshFolder(get()), "file");
      const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(50_000));
      await files.writeAtomic(path, contents[0] ?? "");
      const writing = Promise.all(contents.map((content) => files.writeAtomic(path, inChunks(content))));
      for (let round = 0; round < 10; round += 1) {
        expect(contents).toContain(await files.readText(path, { maxBytes: 50_000 }));
      }
      await writing;
      expect(await readdir(join(path, ".."))).toEqual(["file"]);
    });

    test("fails by name for a folder that is absent, a path that is a folder, a name too long", async () => {
      const { files } = get();
      const folder = await freshFolder(get());
      await mkdir(join(folder, "taken"));
      expect(await codeOf(files.writeAtomic(join(folder, "absent", "file"), "x"))).toBe("FILES_NOT_FOUND");
      expect(await codeOf(files.writeAtomic(join(folder, "taken"), "x"))).toBe("FILES_WRONG_KIND");
      expect(await codeOf(files.writeAtomic(join(folder, "x".repeat(300)), "x"))).toBe("FILES_NAME_INVALID");
      expect(await codeOf(files.writeAtomic(join(folder, "a\u0000b"), "x"))).toBe("FILES_NAME_INVALID");
      expect(await readdir(folder)).toEqual(["taken"]);
    });
  });
}

function describeChanges(get: GetFixture): void {
  test("createFolder makes missing parents and accepts an existing folder", async () => {
    const { files } = get();
    const path = join(await freshFolder(get()), "a", "b", "c");
    await files.createFolder(path, { mode: 0o700 });
    await files.createFolder(path);
    expect(await files.find(path)).toMatchObject({ kind: "folder", mode: 0o700 });
    await files.writeAtomic(join(path, "file"), "x");
    expect(await codeOf(files.createFolder(join(path, "file")))).toBe("FILES_EXISTS");
  });

  test("remove takes files, links and empty folders, full ones only when told, and says what was there", async () => {
    const { files } = get();
    const folder = await freshFolder(get());
    await files.createFolder(join(folder, "full", "deep"));
    await files.writeAtomic(join(folder, "full", "deep", "file"), "x");
    await symlink("full", join(folder, "link"));
    expect(await files.remove(join(folder, "link"), { recursive: true })).toBe(true);
    expect(await codeOf(files.remove(join(folder, "full")))).toBe("FILES_EXISTS");
    expect(await files.remove(join(folder, "full", "deep", "file"))).toBe(true);
    expect(await files.remove(join(folder, "full", "deep"))).toBe(true);
    expect(await files.remove(join(folder, "full"), { recursive: true })).toBe(true);
    expect(await files.remove(join(folder, "full"), { recursive: true })).toBe(false);
    expect(await readdir(folder)).toEqual([]);
  });

  test("rename moves and replaces a file, and fails by name", async () => {
    const { files } = get();
    const folder = await freshFolder(get());
    await files.createFolder(join(folder, "sub", "full"));
    await files.writeAtomic(join(folder, "a"), "a");
    await files.writeAtomic(join(folder, "sub", "b"), "b");
    const inode = (await files.find(join(folder, "a")))?.inode;
    await files.rename(join(folder, "a"), join(folder, "sub", "b"));
    expect((await files.find(join(folder, "sub", "b")))?.inode).toBe(inode ?? 0n);
    expect(await files.find(join(folder, "a"))).toBeNull();
    expect(await codeOf(files.rename(join(folder, "a"), join(folder, "c")))).toBe("FILES_NOT_FOUND");
    expect(await codeOf(files.rename(join(folder, "sub", "full"), join(folder, "sub")))).toBe("FILES_EXISTS");
  });
}

function describeJoining(get: GetFixture): void {
  test("concatenate makes one new file of others, empty ones too, and keeps them", async () => {
    const { files } = get();
    const folder = await freshFolder(get());
    const contents = ["abc", "", "d", "e".repeat(100_000), ""];
    const parts = contents.map((_, index) => join(folder, `part ${index}`));
    for (const [index, part] of parts.entries()) await files.writeAtomic(part, contents[index] ?? "");
    for (const count of [0, 1, 2, 5]) {
      const path = join(folder, `joined ${count}`);
      await files.concatenate(parts.slice(0, count), path);
      expect(await files.readText(path, { maxBytes: 200_000 })).toBe(contents.slice(0, count).join(""));
      expect(await codeOf(files.concatenate(parts, path))).toBe("FILES_EXISTS");
      expect(await files.readText(path, { maxBytes: 200_000 })).toBe(contents.slice(0, count).join(""));
    }
    const broken = [parts[0] ?? "", join(folder, "absent"), parts[2] ?? ""];
    expect(await codeOf(files.concatenate(broken, join(folder, "broken")))).toBe("FILES_NOT_FOUND");
    expect(await readdir(folder)).not.toContain("broken");
    for (const [index, part] of parts.entries())
      expect(await files.readText(part, { maxBytes: 200_000 })).toBe(contents[index] ?? "");
  });

  test("publish moves to a free name only, whoever is first", async () => {
    const { files } = get();
    const folder = await freshFolder(get());
    const names = ["a", "b", "c", "d"];
    for (const name of names) await files.writeAtomic(join(folder, name), name);
    const to = join(folder, "final");
    const codes = await Promise.all(names.map((name) => codeOf(files.publish(join(folder, name), to))));
    expect(codes.toSorted()).toEqual(["FILES_EXISTS", "FILES_EXISTS", "FILES_EXISTS", "no failure"]);
    const winner = names[codes.indexOf("no failure")] ?? "";
    expect(await files.readText(to, { maxBytes: 10 })).toBe(winner);
    expect((await readdir(folder)).toSorted()).toEqual([...names.filter((name) => name !== winner), "final"]);
    await symlink("nowhere", join(folder, "dangling"));
    const loser = join(folder, names.find((name) => name !== winner) ?? "");
    expect(await codeOf(files.publish(loser, join(folder, "dangling")))).toBe("FILES_EXISTS");
    expect(await codeOf(files.publish(join(folder, "absent"), join(folder, "x")))).toBe("FILES_NOT_FOUND");
  });

  test("writeAtomic takes a stream, and refuses one of another length", async () => {
    const { files } = get();
    const folder = await freshFolder(get());
    const streamOf = (...chunks: string[]) => new Blob(chunks).stream();
    const path = join(folder, "file");
    await files.writeAtomic(path, streamOf("a".repeat(100_000), "b"), { expectedBytes: 100_001 });
    expect(await files.readText(path, { maxBytes: 200_000 })).toBe(`${"a".repeat(100_000)}b`);
    await files.writeAtomic(path, streamOf(), { expectedBytes: 0, isDurable: false });
    for (const content of ["ab", streamOf("ab"), inChunks("a", "b")]) {
      expect(await codeOf(files.writeAtomic(path, content, { expectedBytes: 3 }))).toBe("FILES_CHANGED");
    }
    const failing = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new AppError("invalid", "INPUT_INVALID", { message: "gone" })),
    });
    expect(await codeOf(files.writeAtomic(path, failing))).toBe("INPUT_INVALID");
    expect([await files.readText(path, { maxBytes: 10 }), await readdir(folder)]).toEqual(["", ["file"]]);
  });

  test("writeAtomic without durability is whole all the same", async () => {
    const { files } = get();
    const path = join(await freshFolder(get()), "file");
    await files.writeAtomic(path, inChunks("a", "b"), { isDurable: false });
    expect(await files.readText(path, { maxBytes: 10 })).toBe("ab");
    expect(await readdir(join(path, ".."))).toEqual(["file"]);
  });
}

function describeStreams(get: GetFixture): void {
  const bytes = Buffer.from(
    Array.from({ length: FILES_READ_CHUNK_BYTES * 2 + 77 }, (_, index) => index % 251),
  );
  const writeSample = async () => {
    const path = join(await freshFolder(get()), "file");
    await get().files.writeAtomic(path, bytes);
    return path;
  };

  describe.each(["openRead", "openBlob"] as const)("%s", (member) => {
    const read = async (path: string, range?: { start: number; end: number }) => {
      const opened = await get().files[member](path, range);
      return readAll(opened instanceof Blob ? opened.stream() : opened);
    };
    test.each<[string, { start: number; end: number } | undefined]>([
      ["the whole file", undefined],
      ["nothing", { start: 5, end: 5 }],
      ["its first byte", { start: 0, end: 1 }],
      ["its last byte", { start: bytes.length - 1, end: bytes.length }],
      ["a part over several chunks", { start: 3, end: FILES_READ_CHUNK_BYTES * 2 + 5 }],
    ])("reads %s", async (_name, range) => {
      const expected = range === undefined ? bytes : bytes.subarray(range.start, range.end);
      expect((await read(await writeSample(), range)).equals(expected)).toBe(true);
    });

    test("reads an empty file and refuses an absent one", async () => {
      const { files } = get();
      const path = join(await freshFolder(get()), "file");
      expect(await codeOf(files[member](path))).toBe("FILES_NOT_FOUND");
      await files.writeAtomic(path, "");
      expect(await read(path)).toHaveLength(0);
    });
  });

  describe("openRead", () => {
    test("closes the file at the end, on cancel and on failure", async () => {
      const { files } = get();
      const path = await writeSample();
      const openBefore = await countOpenFiles();
      for (let round = 0; round < 20; round += 1) {
        await readAll(await files.openRead(path));
        const cancelled = (await files.openRead(path)).getReader();
        await cancelled.read();
        await cancelled.cancel();
        await (await files.openRead(path)).cancel();
        const failing = await files.openRead(path, { start: 0, end: bytes.length + 1 });
        expect(await codeOf(readAll(failing))).toBe("FILES_CHANGED");
        expect(await codeOf(files.openRead(join(path, "..")))).toBe("FILES_WRONG_KIND");
      }
      expect(await countOpenFiles()).toBe(openBefore);
    });

    test("fails when the file becomes shorter under a promised range", async () => {
      const path = await writeSample();
      const reader = (await get().files.openRead(path, { start: 0, end: bytes.length })).getReader();
      await reader.read();
      await truncate(path, FILES_READ_CHUNK_BYTES + 1);
      await reader.read();
      expect(await codeOf(reader.read())).toBe("FILES_CHANGED");
    });

    test("reads no further than the reader asks", async () => {
      const path = await writeSample();
      const reader = (await get().files.openRead(path)).getReader();
      expect((await reader.read()).value).toHaveLength(FILES_READ_CHUNK_BYTES);
      await Bun.sleep(20);
      // Had the stream read ahead, it would still deliver the old bytes.
      await truncate(path, FILES_READ_CHUNK_BYTES);
      expect((await reader.read()).done).toBe(true);
    });
  });
}
