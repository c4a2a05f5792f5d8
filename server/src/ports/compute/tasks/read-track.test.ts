import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TRACK_FILE_BYTES_MAX } from "../limits.ts";
import { TaskCancelled } from "../task.ts";
import { makeFlac, makeMp3, makeOpus, makeWav } from "../testing/tracks.ts";
import { type ReadTrackShape, readTrack } from "./read-track.ts";

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);
const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 9, 9, 9]);
const TAGS = {
  title: "Über Fluß",
  artist: "Ann & Bo",
  album: "Score",
  genre: "Chiptune",
  year: 1994,
  track: 7,
  disc: 2,
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-tracks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const context = {
  checkpoint: () => undefined,
  report: () => undefined,
  scratch: (size: number) => new Uint8Array(size),
};

async function read(name: string, bytes: Uint8Array): Promise<ReadTrackShape["output"]> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return await readTrack.run({ path }, context);
}

async function readTags(name: string, bytes: Uint8Array) {
  const output = await read(name, bytes);
  if ("failure" in output) return output.failure.message;
  return output.tags;
}

describe("read-track", () => {
  test("gives the length of a file without tags, and null for the rest", async () => {
    expect(await readTags("a.wav", makeWav(0.2))).toEqual({
      title: null,
      artist: null,
      album: null,
      genre: null,
      year: null,
      track: null,
      disc: null,
      durationSeconds: 0.2,
      hasEmbeddedCover: false,
      cover: null,
    });
  });

  test("reads ID3 tags of an MP3 with its picture", async () => {
    const { durationSeconds, ...tags } = (await readTags(
      "b.mp3",
      makeMp3({ ...TAGS, cover: PNG }),
    )) as never as Record<string, unknown>;
    expect(tags).toEqual({ ...TAGS, hasEmbeddedCover: true, cover: { extension: "png", bytes: PNG } });
    expect(Number(durationSeconds)).toBeCloseTo((40 * 1152) / 44_100, 1);
  });

  test("reads comments and picture of a FLAC", async () => {
    expect(await readTags("c.flac", makeFlac({ ...TAGS, cover: JPEG }, 2))).toEqual({
      ...TAGS,
      durationSeconds: 2,
      hasEmbeddedCover: true,
      cover: { extension: "jpg", bytes: JPEG },
    });
  });

  test("finds the length of an Ogg stream on its last page without reading the pages before", async () => {
    const bytes = makeOpus(TAGS, { seconds: 3, pageCount: 4_000 });
    expect(await readTags("d.opus", bytes)).toMatchObject({
      ...TAGS,
      durationSeconds: 3,
      hasEmbeddedCover: false,
    });
  });

  test("goes by what a file is, not by its name", async () => {
    expect(await readTags("e.wav", makeFlac(TAGS))).toMatchObject({ title: TAGS.title });
  });

  test("tells of a picture of another kind without keeping it", async () => {
    const tags = await readTags("f.mp3", makeMp3({ title: "x", cover: new Uint8Array([71, 73, 70, 56]) }));
    expect(tags).toMatchObject({ hasEmbeddedCover: true, cover: null });
  });

  test("cuts texts and drops numbers that cannot be stored", async () => {
    const odd = { title: "t".repeat(2_000), artist: " \0 ", disc: 40_000, track: 0 };
    expect(await readTags("g.flac", makeFlac(odd))).toMatchObject({
      title: "t".repeat(512),
      artist: null,
      disc: null,
      track: null,
    });
  });

  test.each([
    ["nothing", new Uint8Array()],
    ["text", new Uint8Array(Buffer.from("no sound at all, only words".repeat(40)))],
    ["half a tag", makeMp3({ ...TAGS, cover: PNG }).slice(0, 90)],
    [
      "a tag that claims 256 MiB",
      new Uint8Array([73, 68, 51, 3, 0, 0, 0x7f, 0x7f, 0x7f, 0x7f, ...new Array(500).fill(65)]),
    ],
  ])("answers %s within its bounds", async (what, bytes) => {
    const output = await read(`${what}.mp3`, bytes);
    if ("failure" in output) expect(output.failure.code).toBe("unreadable");
    else expect(output.tags.cover).toBeNull();
  });

  test("never fails otherwise, whatever byte is damaged", async () => {
    const whole = [
      makeMp3({ ...TAGS, cover: PNG }, 3),
      makeFlac({ ...TAGS, cover: JPEG }),
      makeOpus(TAGS, { pageCount: 3 }),
      makeWav(0.01),
    ];
    for (const [index, bytes] of whole.entries()) {
      for (let at = 0; at < Math.min(bytes.length, 400); at += 3) {
        const damaged = bytes.slice();
        damaged[at] = 0xff;
        const output = await read(`damaged-${index}`, damaged);
        expect("tags" in output || output.failure.code === "unreadable").toBe(true);
        const short = await read(`short-${index}`, bytes.slice(0, at));
        expect("tags" in short || short.failure.code === "unreadable").toBe(true);
      }
    }
  });

  test("leaves a file alone that is too large, a folder, and one that is not there", async () => {
    const large = join(folder, "large.wav");
    const handle = await open(large, "w");
    await handle.truncate(TRACK_FILE_BYTES_MAX + 1);
    await handle.close();
    await mkdir(join(folder, "folder.mp3"));
    const codeOf = async (path: string) => {
      const output = await readTrack.run({ path }, context);
      return "failure" in output ? output.failure.code : "tags";
    };
    expect(await codeOf(large)).toBe("unreadable");
    expect(await codeOf(join(folder, "folder.mp3"))).toBe("unreadable");
    expect(await codeOf(join(folder, "gone.mp3"))).toBe("vanished");
  });

  test("lets a cancelled task through", async () => {
    const path = join(folder, "cancelled.wav");
    await writeFile(path, makeWav(0.1));
    const checkpoint = () => {
      throw new TaskCancelled();
    };
    let thrown: unknown;
    try {
      await readTrack.run({ path }, { ...context, checkpoint });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TaskCancelled);
  });
});
