import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A user namespace of one's own has its own inotify limits, so the machine's stay as they are. */
const NAMESPACE = ["unshare", "--user", "--map-root-user"];
const canLimit =
  process.platform === "linux" &&
  Bun.which("unshare") !== null &&
  Bun.spawnSync([...NAMESPACE, "test", "-w", "/proc/sys/user/max_inotify_watches"]).exitCode === 0;

const FIXTURE = join(import.meta.dir, "limit.fixture.ts");

describe("watch at the system's limits", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "multitap-watch-limit-"));
    for (let index = 0; index < 10; index += 1) {
      await mkdir(join(folder, "roms", `p${index}`), { recursive: true });
    }
  });
  afterEach(() => rm(folder, { recursive: true }));

  const run = async (setting: string) => {
    const command = `echo ${setting} && exec "$0" "$1" "$2"`;
    const child = Bun.spawn([...NAMESPACE, "sh", "-c", command, process.execPath, FIXTURE, folder], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const text = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    return JSON.parse(text) as { mode: string; problems: string[]; folders: string[] };
  };

  test.skipIf(!canLimit)(
    "looks instead when the tree needs more than its share, and says what to do (needs unshare)",
    async () => {
      const { mode, problems, folders } = await run("20 > /proc/sys/user/max_inotify_watches");
      expect(mode).toBe("polling");
      expect(problems).toEqual([
        "limit the system lets us watch no more folders: 12 are needed of the 20 that are allowed, of which we " +
          "take half. Looking every 0 s instead; to be told at once, run: " +
          "sysctl -w fs.inotify.max_user_watches=40",
      ]);
      expect(folders).toEqual(["roms/p9"]);
    },
  );

  test.skipIf(!canLimit)(
    "looks instead when the system refuses, with one warning (needs unshare)",
    async () => {
      const { mode, problems, folders } = await run("0 > /proc/sys/user/max_inotify_instances");
      expect(mode).toBe("polling");
      expect(problems.map((problem) => problem.split(" ")[0])).toEqual(["limit"]);
      expect(folders).toEqual(["roms/p9"]);
    },
  );
});
