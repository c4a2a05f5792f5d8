import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { createDiskFiles } from "../../files/disk.ts";
import { createScratch } from "../context.ts";
import { createInline } from "../inline.ts";
import { TaskCancelled, type TaskContext } from "../task.ts";
import { listOpenFiles } from "../testing/open-files.ts";
import { createWorkers } from "../workers.ts";
import { type FileToHash, type HashedFile, type HashFilesProgress, hashFiles } from "./hash-files.ts";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "multitap-hash-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

let nextId = 1;

/** Writes a file and describes it as a listing would. */
function store(name: string, content: string | Uint8Array): FileToHash {
  const path = join(folder, name);
  fs.writeFileSync(path, content);
  return toHash(path, fs.statSync(path).size);
}

function toHash(path: string, expectedSizeBytes: number): FileToHash {
  nextId += 1;
  return { id: nextId, path, expectedSizeBytes };
}

/** Runs the task on this thread with a checkpoint of the test's own, which may disturb it. */
async function hash(
  files: readonly FileToHash[],
  options: {
    bufferBytes?: number;
    checkpoint?: () => void;
    report?: (progress: HashFilesProgress) => void;
  } = {},
): Promise<readonly HashedFile[]> {
  const { bufferBytes, checkpoint = () => undefined, report = () => undefined } = options;
  const context: TaskContext<HashFilesProgress> = {
    checkpoint: () => void checkpoint(),
    report,
    scratch: createScratch(),
  };
  return await hashFiles.run({ files, bufferBytes }, context);
}

async function hashOne(file: FileToHash, options?: Parameters<typeof hash>[1]): Promise<HashedFile> {
  const [result] = await hash([file], options);
  return result ?? { id: file.id, failure: { code: "io", message: "the task gave no result" } };
}

/** `content` after some checkpoints have passed. */
function afterCheckpoints(count: number, act: () => void): () => void {
  let passed = 0;
  return () => {
    passed += 1;
    if (passed === count) act();
  };
}

describe("hash-files", () => {
  // Answers of md5sum, sha1sum and Python's zlib.
  const ABC = {
    crc32: "352441c2",
    md5: "900150983cd24fb0d6963f7d28e17f72",
    sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
  };

  test("gives the digests, the size and the moment of the bytes", async () => {
    const file = store("abc.nes", "abc");
    fs.utimesSync(file.path, 1_700_000_000, 1_700_000_000.5);
    const expected = {
      id: file.id,
      ...ABC,
      raHash: "",
      chdSha1: "",
      sizeBytes: 3,
      modifiedAtMs: 1_700_000_000_500,
    };
    expect(await hashOne(file)).toEqual(expected);
  });

  test.each(["000000001", "123999999", "999999999"])(
    "gives the moment that a scan sees, to the millisecond and never rounded, .%s s",
    async (fraction) => {
      const file = store("abc.nes", "abc");
      const { exitCode } = Bun.spawnSync(["touch", "-d", `2026-01-02T03:04:05.${fraction}Z`, file.path]);
      expect(exitCode).toBe(0);
      const { modifiedAtMs } = (await createDiskFiles().find(file.path)) ?? {};
      // Another one, and each scan would take the file for changed.
      expect(await hashOne(file)).toMatchObject({ modifiedAtMs });
    },
  );

  test("gives empty texts for an empty file", async () => {
    const file = store("empty.nes", "");
    expect(await hashOne(file)).toMatchObject({ crc32: "", md5: "", sha1: "", sizeBytes: 0 });
  });

  test("gives an empty text for a CRC-32 of 0 only", async () => {
    const file = store("zero-crc.nes", Uint8Array.from([0x9d, 0x0a, 0xd9, 0x6d]));
    expect(await hashOne(file)).toMatchObject({ crc32: "", md5: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  test.each([15, 16, 17, 31, 32, 33, 100])(
    "gives the same for %d bytes read in pieces of 16",
    async (size) => {
      const file = store(
        `size-${size}.nes`,
        new Uint8Array(size).map((_, index) => index * 37),
      );
      expect(await hashOne(file, { bufferBytes: 16 })).toEqual(await hashOne(file));
    },
  );

  test("follows links and takes any name", async () => {
    const target = store('a # b + 100% & "quotes" – ポケモン\n.gb', "abc");
    const link = join(folder, "link.gb");
    fs.symlinkSync(target.path, link);
    for (const path of [target.path, link]) expect(await hashOne(toHash(path, 3))).toMatchObject(ABC);
  });

  test("keeps the order and goes on after a file that cannot be hashed", async () => {
    const files = [store("one", "abc"), toHash(join(folder, "absent"), 3), store("three", "abc")];
    const results = await hash(files);
    expect(results.map((result) => result.id)).toEqual(files.map((file) => file.id));
    expect(results.map((result) => "failure" in result)).toEqual([false, true, false]);
    expect(results[2]).toMatchObject(ABC);
  });

  test("reports how many files and bytes are done", async () => {
    const seen: HashFilesProgress[] = [];
    await hash([store("first", "abc"), store("second", "abcde")], {
      bufferBytes: 2,
      report: (p) => seen.push(p),
    });
    expect(seen.map((progress) => progress.doneBytes)).toEqual([2, 3, 5, 7, 8]);
    expect(seen.at(-1)?.doneFiles).toBe(1);
  });

  test("treats more files than a task may have as a bug", async () => {
    const files = Array.from({ length: 10_001 }, () => toHash("/dev/null", 0));
    await expect(hash(files)).rejects.toThrow("10001 files");
  });
});

describe("hash-files on what is no readable file", () => {
  test("answers a file that is gone and a link to nowhere as vanished", async () => {
    const file = store("here", "abc");
    const link = join(folder, "dangling");
    fs.symlinkSync(join(folder, "never existed"), link);
    const paths = [join(folder, "gone"), join(file.path, "below a file"), link];
    for (const result of await hash(paths.map((path) => toHash(path, 3)))) {
      expect(result).toMatchObject({ failure: { code: "vanished" } });
    }
  });

  test("answers a link in a loop and a name too long as unreadable", async () => {
    const loop = join(folder, "ouroboros");
    fs.symlinkSync(loop, loop);
    for (const path of [loop, join(folder, "x".repeat(300))]) {
      expect(await hashOne(toHash(path, 3))).toMatchObject({ failure: { code: "unreadable" } });
    }
  });

  test("never opens what is not a regular file", async () => {
    const pipe = join(folder, "pipe");
    expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
    const socket = join(folder, "socket");
    using listener = Bun.listen({ unix: socket, socket: { data: () => undefined } });
    expect(listener.unix).toBe(socket);
    const paths = [pipe, socket, "/dev/null", folder];
    const results = await hash(paths.map((path) => toHash(path, fs.statSync(path).size)));
    expect(results.map((result) => ("failure" in result ? result.failure : null))).toEqual([
      { code: "unreadable", message: `${pipe} is a named pipe, not a regular file` },
      { code: "unreadable", message: `${socket} is a socket, not a regular file` },
      { code: "unreadable", message: "/dev/null is a device, not a regular file" },
      { code: "unreadable", message: `${folder} is a folder, not a regular file` },
    ]);
  });

  test("names us, the owner and the mode of what it may not read", async () => {
    const closed = store("closed.nes", "abc");
    fs.chmodSync(closed.path, 0o000);
    fs.mkdirSync(join(folder, "shut/deep"), { recursive: true });
    const inside = store("shut/deep/inside.nes", "abc");
    fs.chmodSync(join(folder, "shut"), 0o600);
    fs.chmodSync(folder, 0o755);
    const results = await hashUnprivileged([closed, inside]);
    fs.chmodSync(join(folder, "shut"), 0o700);
    if (results === null) return;
    const { uid, gid } = fs.statSync(closed.path);
    expect(results.map((result) => ("failure" in result ? result.failure.code : null))).toEqual([
      "unreadable",
      "unreadable",
    ]);
    const messages = results.map((result) => ("failure" in result ? result.failure.message : ""));
    expect(messages[0]).toMatch(/closed\.nes is unreadable by uid \d+ gid \d+ \(owner \d+:\d+ mode 0000\)$/);
    expect(messages[0]).toContain(`owner ${uid}:${gid}`);
    expect(messages[1]).toContain(`(folder ${join(folder, "shut")} owner ${uid}:${gid} mode 0600)`);
  });
});

/** Root reads everything, so root hashes in a child of another user; null with a printed reason when it cannot. */
async function hashUnprivileged(files: readonly FileToHash[]): Promise<readonly HashedFile[] | null> {
  if (process.getuid?.() !== 0) return await hash(files);
  const entry = new URL("../inline.ts", import.meta.url).pathname;
  const code = `
    import { createInline } from ${JSON.stringify(entry)};
    console.log(JSON.stringify(await createInline().run("hash-files", ${JSON.stringify({ files })})));`;
  const child = Bun.spawnSync(
    ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", process.execPath, "-e", code],
    {
      env: { HOME: "/", PATH: process.env.PATH },
      cwd: "/",
    },
  );
  if (child.exitCode === 0) return JSON.parse(child.stdout.toString()) as HashedFile[];
  console.warn(`not checked: as root this needs setpriv and a checkout others can read (${child.stderr})`);
  return null;
}

describe("hash-files on what changes meanwhile", () => {
  const CONTENT = "0123456789";
  const DISTURBANCES = [
    { what: "grew before", checkpoint: 1, act: (path: string) => fs.appendFileSync(path, "more") },
    { what: "grew", checkpoint: 2, act: (path: string) => fs.appendFileSync(path, "more") },
    { what: "shrank", checkpoint: 2, act: (path: string) => fs.truncateSync(path, 5) },
    { what: "was emptied", checkpoint: 3, act: (path: string) => fs.truncateSync(path, 0) },
    { what: "was written to", checkpoint: 3, act: (path: string) => fs.utimesSync(path, 1, 1) },
    {
      what: "was replaced by another",
      checkpoint: 2,
      act: (path: string) => {
        fs.writeFileSync(`${path}.new`, CONTENT);
        fs.utimesSync(`${path}.new`, 2, 2);
        fs.renameSync(`${path}.new`, path);
      },
    },
  ];
  test.each(DISTURBANCES)("gives no digest of a file that $what", async ({ what, checkpoint, act }) => {
    const file = store(`changing ${what}`, CONTENT);
    const disturb = afterCheckpoints(checkpoint, () => act(file.path));
    const result = await hashOne(file, { bufferBytes: 4, checkpoint: disturb });
    expect(result).toMatchObject({ id: file.id, failure: { code: "changed" } });
    expect(Object.keys(result)).toEqual(["id", "failure"]);
  });

  test("answers a file removed while it was read as vanished", async () => {
    const file = store("removed", CONTENT);
    const disturb = afterCheckpoints(2, () => fs.rmSync(file.path));
    expect(await hashOne(file, { bufferBytes: 4, checkpoint: disturb })).toMatchObject({
      failure: { code: "vanished" },
    });
  });

  test("does not carry bytes of a failed file into the next one", async () => {
    const files = [store("shrinking", CONTENT), store("steady", "abc")];
    const disturb = afterCheckpoints(2, () => fs.truncateSync(files[0]?.path ?? "", 5));
    const [first, second] = await hash(files, { bufferBytes: 4, checkpoint: disturb });
    expect(first).toHaveProperty("failure");
    expect(second).toMatchObject({ crc32: "352441c2" });
  });
});

describe("hash-files and its handles", () => {
  test("closes the file when it is cancelled in the middle, and when it fails", async () => {
    const file = store("cancelled", "0123456789");
    const cancel = afterCheckpoints(2, () => {
      throw new TaskCancelled();
    });
    await expect(hash([file], { bufferBytes: 4, checkpoint: cancel })).rejects.toBeInstanceOf(TaskCancelled);
    await hashOne(file, {
      bufferBytes: 4,
      checkpoint: afterCheckpoints(2, () => fs.truncateSync(file.path, 1)),
    });
    expect(listOpenFiles(folder)).toEqual([]);
  });

  const DRIVERS = [
    ["a worker thread", () => createWorkers({ size: 1 })],
    ["the calling thread", () => createInline()],
  ] as const;
  test.each(DRIVERS)("runs on %s, with progress and cancelling", async (_, create) => {
    const compute = create();
    const large = store("large.iso", new Uint8Array(24 << 20));
    const [result] = await compute.run("hash-files", { files: [store("small", "abc")] });
    expect(result).toMatchObject({ crc32: "352441c2" });
    const abort = new AbortController();
    const files = Array.from({ length: 50 }, () => large);
    const reason = new AppError("conflict", "FILES_CHANGED", { message: "stop" });
    const stop = { signal: abort.signal, onProgress: () => abort.abort(reason) };
    // Not `expect(…).rejects`: while that waits, Bun delivers no messages of workers.
    const ended = await compute.run("hash-files", { files }, stop).catch((thrown: unknown) => thrown);
    expect(ended).toBe(reason);
    await compute.close();
  });
});
