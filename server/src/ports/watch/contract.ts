import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FolderWatch, Watch, WatchEvent, WatchOptions, WatchProblem } from "./port.ts";

/** A driver under test. */
export interface WatchFixture {
  readonly watch: Watch;
  readonly isPolling: boolean;
  /** Long enough for a change to be told. */
  readonly settleMs: number;
}

const POLL_MS = 15;

/** Waits until something is true, or for so long; the expectations that follow tell which. */
async function until(isTrue: () => boolean, waitMs = 3_000): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!isTrue() && performance.now() < deadline) await Bun.sleep(5);
}

/** One suite every way of watching must pass. */
export function runWatchContract(name: string, fixture: WatchFixture): void {
  describe(`watch by ${name}`, () => {
    let folder: string;
    let watch: FolderWatch | null;
    let events: WatchEvent[];
    let problems: WatchProblem[];

    beforeEach(async () => {
      folder = join(await mkdtemp(join(tmpdir(), "multitap-watch-")), "library");
      watch = null;
      events = [];
      problems = [];
      await put("roms/nes/old.nes");
      await put("roms/gb/old.gb");
    });
    afterEach(async () => {
      watch?.close();
      await rm(dirname(folder), { recursive: true, force: true });
    });

    const put = async (path: string, content = "x") => {
      const full = join(folder, path);
      await mkdir(dirname(full), { recursive: true });
      await writeFile(full, content);
      return full;
    };
    const open = async (options: Partial<WatchOptions> = {}) => {
      watch = fixture.watch.open({
        folder,
        isPolling: fixture.isPolling,
        pollIntervalMs: POLL_MS,
        isIgnored: () => false,
        onChange: (event) => void events.push(event),
        onProblem: (problem) => void problems.push(problem),
        ...options,
      });
      await watch.ready;
      // A folder does not rest before a second look.
      await Bun.sleep(fixture.settleMs);
      events.length = 0;
      return watch;
    };
    const hasTold = (place: string) => events.some((event) => event.folder === place);
    const kinds = () => problems.map(({ kind }) => kind);

    test("says how it watches, and nothing while nothing happens", async () => {
      const opened = await open();
      expect(opened.state()).toEqual({ mode: fixture.isPolling ? "polling" : "native", folderCount: 4 });
      await Bun.sleep(fixture.settleMs);
      expect([events, problems]).toEqual([[], []]);
    });

    test("tells of a new file, and only of its folder", async () => {
      await open();
      await put("roms/nes/new.nes");
      await until(() => hasTold("roms/nes"));
      await Bun.sleep(fixture.settleMs);
      expect([...new Set(events.map((event) => event.folder))]).toEqual(["roms/nes"]);
    });

    test("tells of a removed file", async () => {
      await open();
      await rm(join(folder, "roms/gb/old.gb"));
      await until(() => hasTold("roms/gb"));
      expect(hasTold("roms/gb")).toBe(true);
    });

    test("tells both folders of a move", async () => {
      await open();
      await rename(join(folder, "roms/gb/old.gb"), join(folder, "roms/nes/old.gb"));
      await until(() => hasTold("roms/nes") && hasTold("roms/gb"));
      expect([hasTold("roms/nes"), hasTold("roms/gb")]).toEqual([true, true]);
    });

    test("tells of a new folder and of what is put into it later", async () => {
      await open();
      await put("roms/snes/deep/a.sfc");
      await until(() => hasTold("roms") && hasTold("roms/snes"));
      expect([hasTold("roms"), hasTold("roms/snes")]).toEqual([true, true]);
      await Bun.sleep(fixture.settleMs);
      events.length = 0;
      await put("roms/snes/deep/b.sfc");
      await until(() => hasTold("roms/snes/deep"));
      expect(hasTold("roms/snes/deep")).toBe(true);
    });

    test("tells of a removed folder", async () => {
      await open();
      await rm(join(folder, "roms/gb"), { recursive: true });
      await until(() => hasTold("roms"));
      expect(hasTold("roms")).toBe(true);
    });

    test("goes on telling while a new file is being written", async () => {
      await open();
      const path = await put("roms/nes/large.nes");
      await until(() => hasTold("roms/nes"));
      for (let part = 0; part < 3; part += 1) {
        // The runtime leaves out a repeat within some milliseconds.
        await Bun.sleep(fixture.isPolling ? 0 : 30);
        events.length = 0;
        await appendFile(path, "more");
        await until(() => hasTold("roms/nes"));
        expect(hasTold("roms/nes")).toBe(true);
      }
    });

    test("leaves out what is ignored", async () => {
      await open({ isIgnored: (path) => path.endsWith(".part") || path.startsWith("roms/gb") });
      await put("roms/nes/x.part");
      await put("roms/gb/x.gb");
      await Bun.sleep(fixture.settleMs);
      expect(events.filter((event) => event.folder !== "roms/nes" || event.name !== null)).toEqual([]);
      await put("roms/nes/x.nes");
      await until(() => hasTold("roms/nes"));
      expect(hasTold("roms/nes")).toBe(true);
    });

    test("follows a link to a folder, also one that comes later, and no circle", async () => {
      const other = join(dirname(folder), "other");
      const later = join(dirname(folder), "later");
      await mkdir(other);
      await mkdir(later);
      await symlink(other, join(folder, "roms/psx"));
      await symlink("..", join(folder, "roms/nes/loop"));
      await open();
      await writeFile(join(other, "a.cue"), "");
      await until(() => hasTold("roms/psx"));
      expect(hasTold("roms/psx")).toBe(true);
      await symlink(later, join(folder, "roms/ps2"));
      await until(() => hasTold("roms"));
      await Bun.sleep(fixture.settleMs);
      events.length = 0;
      await writeFile(join(later, "b.iso"), "");
      await until(() => hasTold("roms/ps2"));
      expect(hasTold("roms/ps2")).toBe(true);
    });

    test("follows a link behind a link, as a library of mounts may have them", async () => {
      const [mount, disk] = [join(dirname(folder), "mount"), join(dirname(folder), "disk")];
      await mkdir(mount);
      await mkdir(disk);
      await rm(join(folder, "roms"), { recursive: true });
      await symlink(mount, join(folder, "roms"));
      await symlink(disk, join(mount, "psx"));
      await open();
      await writeFile(join(disk, "a.cue"), "");
      await until(() => hasTold("roms/psx"));
      expect(hasTold("roms/psx")).toBe(true);
    });

    test("reports a folder that goes away instead of removals, and its return", async () => {
      const opened = await open();
      await rename(folder, `${folder}-away`);
      await until(() => kinds().includes("gone"));
      expect([kinds(), opened.state().mode]).toEqual([["gone"], "waiting"]);
      expect(events).toEqual([]);
      await rename(`${folder}-away`, folder);
      await until(() => hasTold(""));
      expect(kinds()).toEqual(["gone", "back"]);
      expect(events).toEqual([{ folder: "", name: null }]);
      await Bun.sleep(fixture.settleMs);
      await put("roms/nes/after.nes");
      await until(() => hasTold("roms/nes"));
      expect(hasTold("roms/nes")).toBe(true);
    });

    test("waits for a folder that is not there yet", async () => {
      await rename(folder, `${folder}-later`);
      const opened = await open();
      expect([kinds(), opened.state().mode]).toEqual([["gone"], "waiting"]);
      await rename(`${folder}-later`, folder);
      await until(() => hasTold(""));
      expect(kinds()).toEqual(["gone", "back"]);
    });

    test("is quiet after its close, which may be repeated", async () => {
      const opened = await open();
      opened.close();
      opened.close();
      await put("roms/nes/new.nes");
      await rename(folder, `${folder}-away`);
      await Bun.sleep(fixture.settleMs);
      expect([events, problems]).toEqual([[], []]);
    });
  });
}
