import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeLibrary } from "../make-library.ts";
import type { AwkwardKind } from "./awkward.ts";
import { createStoredZip } from "./stored-zip.ts";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "multitap-awkward-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const faultOf = (act: () => unknown): unknown => {
  try {
    act();
    return "no fault";
  } catch (fault) {
    return fault instanceof Error && "code" in fault ? fault.code : fault;
  }
};

describe.each(["a", "b"] as const)("awkward entries in structure %s", (structure) => {
  const make = (name: string) =>
    makeLibrary({
      outPath: join(folder, structure, name),
      fileCount: 20,
      platformCount: 2,
      structure,
      hasAwkward: true,
      hasFolders: true,
    });
  let made: Awaited<ReturnType<typeof make>>;
  beforeAll(async () => {
    made = await make("library");
  });
  const list = (kind: AwkwardKind) => made.awkward.filter((entry) => entry.kind === kind);
  const pathOf = (kind: AwkwardKind): string => list(kind)[0]?.path ?? "";

  test("leave the good files alone and are listed apart", () => {
    expect(made.files).toHaveLength(20);
    const good = new Set(made.files.map((file) => file.path));
    expect(made.awkward.filter((entry) => good.has(entry.path))).toEqual([]);
  });

  test("are the same each time", async () => {
    const again = await make("again");
    const below = (library: typeof made) =>
      library.awkward.map((entry) => ({ ...entry, path: entry.path.slice(library.libraryPath.length) }));
    expect(below(again)).toEqual(below(made));
  });

  test("hold every regular file they list, with its size", () => {
    const listed = made.awkward.filter(
      (entry) => entry.sizeBytes !== null && entry.kind !== "invalid-utf8-name",
    );
    for (const { path, sizeBytes } of listed) expect(fs.statSync(path).size).toBe(sizeBytes ?? -1);
    expect(listed.length).toBeGreaterThan(15);
  });

  test("have a name that is not UTF-8 and one with a new line", () => {
    const romsPath = made.platforms[0]?.romsPath ?? "";
    const names = fs.readdirSync(romsPath, { encoding: "buffer" });
    expect(names.filter((name) => name.includes(0xe9) && name.toString().includes("\ufffd"))).toHaveLength(1);
    expect(fs.existsSync(pathOf("invalid-utf8-name"))).toBe(false);
    expect(pathOf("newline-name")).toContain("\n");
  });

  test("have a closed file, which is closed to root in name only", () => {
    const [closed] = list("unreadable");
    expect(fs.statSync(closed?.path ?? "").mode & 0o777).toBe(0);
    const fault = faultOf(() => fs.readFileSync(closed?.path ?? ""));
    expect(fault).toBe(closed?.outcome === "rom" ? "no fault" : "EACCES");
  });

  test("have links to nowhere, to themselves and to a folder outside", () => {
    expect(faultOf(() => fs.statSync(pathOf("dangling-link")))).toBe("ENOENT");
    expect(faultOf(() => fs.statSync(pathOf("link-loop")))).toBe("ELOOP");
    const linked = list("linked-folder");
    expect(linked).toHaveLength(3);
    for (const { path } of linked) {
      expect(path).toStartWith(made.libraryPath);
      expect(fs.realpathSync(path)).toStartWith(fs.realpathSync(made.outsidePath ?? ""));
    }
  });

  test("have firmware, an unknown platform, a folder rom with a loop in it and a zip", () => {
    expect(pathOf("firmware")).toContain(structure === "a" ? "bios/psx" : "psx/bios");
    expect(list("unknown-platform").map((entry) => entry.platformSlug)).toEqual([
      "homebrew-box",
      "homebrew-box",
    ]);
    const folderRom = list("folder-rom");
    expect(new Set(folderRom.map((entry) => entry.fsName)).size).toBe(1);
    expect(fs.readlinkSync(join(pathOf("folder-rom"), "..", "again"))).toBe(".");
    expect(fs.readFileSync(pathOf("archive")).subarray(0, 4).toString("latin1")).toBe("PK\x03\x04");
  });
});

describe("createStoredZip", () => {
  test("is read by an independent unzip", () => {
    const members = [
      { name: "first.nes", bytes: new Uint8Array(1000).fill(7) },
      { name: "sub/second.nes", bytes: new Uint8Array(0) },
    ];
    const path = join(folder, "stored.zip");
    fs.writeFileSync(path, createStoredZip(members));
    const reader = [
      "python3",
      "-c",
      "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); z.testzip(); print([(i.filename, i.file_size, z.read(i) == b'\\x07' * i.file_size) for i in z.infolist()])",
    ];
    if (Bun.which("python3") === null) {
      console.warn("not checked: this needs python3");
      return;
    }
    const child = Bun.spawnSync([...reader, path]);
    expect(child.stdout.toString().trim()).toBe("[('first.nes', 1000, True), ('sub/second.nes', 0, True)]");
  });
});
