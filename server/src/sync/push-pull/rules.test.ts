import { describe, expect, test } from "bun:test";
import type { Version } from "../../assets/versions/contract.ts";
import type { NamedSave } from "../driven/contract.ts";
import type { SyncedFile } from "../rules.ts";
import type { SaveDirectory } from "./contract.ts";
import { type PlatformSight, planPlatform, type RemoteFile, type Step } from "./rules.ts";

const SRM: SaveDirectory = { platformFsSlug: "n64", path: "/saves", extension: ".srm" };
const ALL: SaveDirectory = { platformFsSlug: "n64", path: "/all", extension: null };
const AT = new Date("2026-01-01T00:00:00Z");

const file = (fileName: string, more: Partial<RemoteFile> = {}): RemoteFile => ({
  directory: SRM,
  fileName,
  savedName: fileName,
  isTagged: false,
  sizeBytes: 10,
  modifiedAtMs: AT.getTime(),
  ...more,
});

function save(name: string, more: Partial<NamedSave> = {}): NamedSave {
  const hashes = { contentHash: "c", md5: "c", sha1: "s" };
  const head = { id: 1, romId: 7, canonicalName: name, contentUpdatedAt: AT, ...hashes } as Version;
  return { name, head, base: null, isUntracked: false, ...more };
}

const BASE: SyncedFile = { versionId: 1, contentHash: "c", md5: "c", sha1: "s", updatedAt: AT };

function plan(sight: Partial<PlatformSight>, saves: readonly NamedSave[] = [], claimed = new Set<string>()) {
  const steps = planPlatform(
    {
      directories: [SRM],
      files: [],
      isComplete: true,
      named: new Map(saves.map((each) => [each.name, each])),
      romIdOfStem: new Map([["Game", 7]]),
      bytesMax: 100,
      direction: "both",
      ...sight,
    },
    claimed,
  );
  return steps.map(describeStep);
}

function describeStep(step: Step): string {
  if (step.kind === "bring") return `bring ${step.path}`;
  if (step.kind === "skip") return `skip ${step.fileName}: ${step.reason}`;
  return `compare ${step.file.fileName} with ${step.saved === null ? `rom ${step.romId}` : step.saved.name}`;
}

describe("planPlatform", () => {
  test.each<[string, Partial<PlatformSight>, readonly NamedSave[], readonly string[]]>([
    ["nothing", {}, [], []],
    ["a pair", { files: [file("Game.srm")] }, [save("Game.srm")], ["compare Game.srm with Game.srm"]],
    ["a file of a rom", { files: [file("Game.srm")] }, [], ["compare Game.srm with rom 7"]],
    [
      "a file of nothing",
      { files: [file("Other.srm")] },
      [],
      ["skip Other.srm: No rom of this platform goes by this name"],
    ],
    ["a save that it never had", {}, [save("Game.srm")], ["bring /saves/Game.srm"]],
    ["a save that it removed", {}, [save("Game.srm", { base: BASE })], []],
    [
      "a save that changed since it had it",
      {},
      [save("Game.srm", { base: { ...BASE, versionId: 0, contentHash: "old", md5: "old", sha1: "old" } })],
      ["bring /saves/Game.srm"],
    ],
    ["a save that it is to leave alone", {}, [save("Game.srm", { isUntracked: true })], []],
    ["a save that was removed here", {}, [save("Game.srm", { head: null, base: BASE })], []],
    ["a device that only uploads", { direction: "push_only" }, [save("Game.srm")], []],
    ["a folder that could not be read", { isComplete: false }, [save("Game.srm")], []],
    ["a save of another extension", {}, [save("Game.sav")], []],
    ["the first folder that fits", { directories: [SRM, ALL] }, [save("Game.sav")], ["bring /all/Game.sav"]],
    [
      "files that are none of the folder's",
      { files: [file("Game.srm.bak"), file("Game.txt"), file(".multitap-0123456789abcdef.partial")] },
      [],
      [],
    ],
    [
      "a copy of an older server, which is not the save",
      { files: [file("Game [2026-01-01_00-00-00].srm", { savedName: "Game.srm", isTagged: true })] },
      [save("Game.srm")],
      ["skip Game [2026-01-01_00-00-00].srm: An older server left this copy", "bring /saves/Game.srm"],
    ],
    [
      "an empty file, whose place is taken",
      { files: [file("Game.srm", { sizeBytes: 0 })] },
      [save("Game.srm")],
      ["skip Game.srm: The file is empty"],
    ],
    [
      "a file that is too large",
      { files: [file("Game.srm", { sizeBytes: 101 })] },
      [],
      ["skip Game.srm: The file has more than 100 bytes"],
    ],
    [
      "a hostile name, which takes no place",
      { files: [file("Game\n.srm", { savedName: "Game.srm" })] },
      [save("Game.srm")],
      ["skip Game\n.srm: The name cannot be that of a file here", "bring /saves/Game.srm"],
    ],
    [
      "names of which nothing is left",
      { files: [file("?.srm", { savedName: null })] },
      [],
      ["skip ?.srm: The name cannot be that of a file here"],
    ],
    [
      "bytes that are no UTF-8",
      { files: [file("Game\uFFFD.srm")] },
      [],
      ["skip Game\uFFFD.srm: The name cannot be that of a file here"],
    ],
    [
      "two files of one name: the one that is called so",
      { files: [file("Game?.srm", { savedName: "Game.srm" }), file("Game.srm")] },
      [save("Game.srm")],
      ["compare Game.srm with Game.srm", "skip Game?.srm: Another file of the device goes by this name"],
    ],
    [
      "a state",
      { directories: [ALL], files: [file("Game.state1", { directory: ALL })] },
      [],
      ["skip Game.state1: States are not synced this way"],
    ],
    [
      "a hostile name of ours",
      {},
      [save("a\\b.srm")],
      ["skip a\\b.srm: The name cannot be that of a file here"],
    ],
  ])("lays out %s", (_what, sight, saves, steps) => {
    expect(plan(sight, saves)).toEqual([...steps]);
  });

  test("lets platforms that share a folder not fight over one file", () => {
    const claimed = new Set<string>();
    expect(plan({ files: [file("Game.srm")] }, [save("Game.srm")], claimed)).toHaveLength(1);
    const snes = { ...SRM, platformFsSlug: "snes" };
    expect(
      plan(
        { directories: [snes], files: [file("Game.srm", { directory: snes })] },
        [save("Game.srm")],
        claimed,
      ),
    ).toEqual(["skip Game.srm: A save of another platform goes by this name"]);
    expect(plan({ directories: [snes] }, [save("Game.srm")], claimed)).toEqual([
      "skip Game.srm: A save of another platform goes by this name",
    ]);
  });
});
