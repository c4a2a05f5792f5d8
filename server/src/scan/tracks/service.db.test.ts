import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { makeFlac, makeMp3, makeWav } from "../../ports/compute/testing/tracks.ts";
import { openScannedLibrary, type ScannedLibrary } from "../scan.testing.ts";

const OPEN_MS = 30_000;
const SCAN_MS = 30_000;
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

let library: ScannedLibrary;
beforeEach(async () => {
  library = await openScannedLibrary();
  await library.put("roms/snes/Quest/Quest.sfc");
  await library.put("roms/snes/Quest/soundtrack/a.mp3", makeMp3({ title: "One", artist: "Ann", cover: PNG }));
  await library.put("roms/snes/Quest/soundtrack/b.wav", makeWav(0.2));
}, OPEN_MS);
afterEach(() => library.close());

/** Names of files with what their tags say. */
async function listTracks(): Promise<readonly unknown[]> {
  const { sql } = library.app.database.handle;
  const rows =
    await sql`select f.file_name, t.title, t.duration_seconds, t.cover_path is not null as has_cover
    from track_meta t join rom_files f on f.id = t.rom_file_id order by f.file_name`;
  return rows.map((row) => [row.file_name, row.title, row.duration_seconds, row.has_cover]);
}
const covers = async () => {
  const path = join(library.app.facts.resourcesPath, "roms");
  const names = await readdir(path, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith(".png")).length;
};

test(
  "reads the tags of soundtracks that it finds, also on a platform that is never hashed",
  async () => {
    await library.put("roms/switch/Quest/soundtrack/c.flac", makeFlac({ title: "Three" }));
    await library.scan();
    expect(await listTracks()).toEqual([
      ["a.mp3", "One", expect.any(Number), true],
      ["b.wav", null, 0.2, false],
      ["c.flac", "Three", 2, false],
    ]);
    expect(await covers()).toBe(1);
  },
  SCAN_MS,
);

test(
  "reads them again only when a file changed, and forgets those of a file that is gone",
  async () => {
    await library.scan();
    const { sql } = library.app.database.handle;
    await sql`update track_meta set title = 'Kept'`;
    await library.scan();
    expect(await listTracks()).toEqual([
      ["a.mp3", "Kept", expect.any(Number), true],
      ["b.wav", "Kept", 0.2, false],
    ]);
    await library.put("roms/snes/Quest/soundtrack/a.mp3", makeMp3({ title: "Two, longer" }));
    await library.remove("roms/snes/Quest/soundtrack/b.wav");
    await library.scan({ type: "complete" });
    expect(await listTracks()).toEqual([["a.mp3", "Two, longer", expect.any(Number), false]]);
    expect(await covers()).toBe(0);
  },
  SCAN_MS,
);

test(
  "reports a file that cannot be read, and looks at nothing that is no audio",
  async () => {
    await library.put("roms/snes/Quest/soundtrack/broken.mp3", "no music at all");
    await library.put("roms/snes/Quest/soundtrack/cover.jpg", "no music either");
    const { id, status } = await library.scan();
    expect(status).toBe("done");
    expect(await library.problems(id)).toEqual([
      ["track_unreadable", "roms/snes/Quest/soundtrack/broken.mp3"],
    ]);
    expect(await listTracks()).toHaveLength(2);
  },
  SCAN_MS,
);

test(
  "goes on behind a file that brings its reader down",
  async () => {
    const { compute } = library.app.ports;
    const run = compute.run.bind(compute);
    const crashing: typeof compute.run = async (name, input, options) => {
      const isFirst = name === "read-track" && JSON.stringify(input).includes("a.mp3");
      if (isFirst) throw new AppError("internal", "COMPUTE_CRASHED", { message: "a worker died" });
      return await run(name, input, options);
    };
    Object.assign(compute, { run: crashing });
    const { id, status } = await library.scan();
    expect(status).toBe("done");
    expect(await library.problems(id)).toEqual([["track_unreadable", "roms/snes/Quest/soundtrack/a.mp3"]]);
    expect(await listTracks()).toEqual([["b.wav", null, 0.2, false]]);
  },
  SCAN_MS,
);
