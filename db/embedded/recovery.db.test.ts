import { afterAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findBinaries, PG_MAJOR } from "./binaries.ts";
import {
  catchError,
  makeCluster,
  makeFolder,
  query,
  removeFolders,
  start,
  waitFor,
} from "./fixtures/clusters.ts";
import { spawnOwner } from "./fixtures/owner-process.ts";
import { chooseLaunch, createEnvironment } from "./launch.ts";
import { listClusterProcesses } from "./leftovers.ts";

const TIMEOUT_MS = 20_000;

/** The promise of the design: a start after a crash takes less than this. */
const RECOVERY_MS_MAX = 3_000;

afterAll(removeFolders);

describe("a start after the owner was killed", () => {
  test(
    "ends the server that lived on, recovers what was committed and removes the dead socket",
    async () => {
      const made = await makeCluster();
      const owner = spawnOwner({ folder: made.folder });
      const ready = await owner.answer;
      if (ready.event !== "ready") throw ready;
      const target = { socketFolder: ready.socketFolder, user: "multitap", database: "multitap", port: 5432 };
      await query(target, "create table kept as select 7 as answer");
      await owner.kill();
      const startedAt = performance.now();
      const server = await start({ folder: made.folder });
      expect(performance.now() - startedAt).toBeLessThan(RECOVERY_MS_MAX);
      expect(await query(server.target, "select answer from kept")).toEqual([{ answer: 7 }]);
      expect(existsSync(ready.socketFolder)).toBe(false);
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "ends a server that nothing told of its owner's death",
    async () => {
      const made = await makeCluster();
      const cluster = join(made.folder, "18");
      const orphan = await spawnOrphan(made.folder, cluster);
      const server = await start({ folder: made.folder });
      expect(server.processId()).not.toBe(orphan);
      expect(
        existsSync(`/proc/${orphan}/cmdline`) && readFileSync(`/proc/${orphan}/cmdline`, "utf8"),
      ).toBeFalsy();
      expect(await query(server.target, "select 1 as one")).toEqual([{ one: 1 }]);
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "waits for the children of a server that was killed too",
    async () => {
      const made = await makeCluster();
      const cluster = join(made.folder, "18");
      const orphan = await spawnOrphan(made.folder, cluster);
      process.kill(orphan, "SIGKILL");
      const server = await start({ folder: made.folder });
      expect(await query(server.target, "select 1 as one")).toEqual([{ one: 1 }]);
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "makes the cluster anew when initdb was interrupted",
    async () => {
      const made = makeFolder();
      const owner = spawnOwner({ folder: made.folder });
      const unfinished = join(made.folder, "18.new");
      expect(await waitFor(() => existsSync(join(unfinished, "PG_VERSION")), 10_000)).toBe(true);
      await owner.kill();
      expect(existsSync(join(made.folder, "18"))).toBe(false);
      const server = await start({ folder: made.folder });
      expect(await query(server.target, "select 1 as one")).toEqual([{ one: 1 }]);
      expect(existsSync(unfinished)).toBe(false);
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );
});

/** Runs a server on the cluster that no owner watches, and becomes its process id. */
async function spawnOrphan(folder: string, cluster: string): Promise<number> {
  const binaries = findBinaries(PG_MAJOR);
  const launch = await chooseLaunch({ folder, binaries });
  const prefix = launch.prefix.filter((word) => !/setpriv|pdeathsig|^INT$/.test(word));
  const words = [...prefix, binaries.postgres, "-D", cluster, "-k", folder, "-c", "listen_addresses="];
  const child = spawn(words[0] ?? "", words.slice(1), {
    detached: true,
    stdio: "ignore",
    env: createEnvironment(folder),
    ...(launch.account ?? {}),
  });
  const pidFile = join(cluster, "postmaster.pid");
  const isReady = () => existsSync(pidFile) && readFileSync(pidFile, "utf8").includes("ready");
  expect(await waitFor(isReady, 10_000)).toBe(true);
  expect(listClusterProcesses(cluster)).toContain(child.pid ?? 0);
  return child.pid ?? 0;
}

describe("a stale postmaster.pid", () => {
  const cases: [string, () => number][] = [
    ["our own process", () => process.pid],
    ["the process that started us", () => process.ppid],
    ["another process of this machine", () => 1],
  ];
  test.each(cases)(
    "that names %s does not keep the server from starting",
    async (_name, getProcessId) => {
      const made = await makeCluster();
      const cluster = join(made.folder, "18");
      const lines = [getProcessId(), cluster, 1_700_000_000, 5432, "", "", "  0  0", "ready"];
      writeFileSync(join(cluster, "postmaster.pid"), `${lines.join("\n")}\n`);
      const server = await start({ folder: made.folder });
      expect(await query(server.target, "select 1 as one")).toEqual([{ one: 1 }]);
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );
});

describe("a second owner of a folder", () => {
  test(
    "is refused with the name of the first, and gets the folder when that has stopped",
    async () => {
      const made = await makeCluster();
      const first = await start({ folder: made.folder });
      const error = await catchError(start({ folder: made.folder, lockWaitMs: 100 }));
      expect(error).toMatchObject({ code: "E_DATA_LOCKED", exitCode: 1 });
      expect((error as Error).message).toMatch(
        /is in use by \S+ since 20\d\d-.*set DATABASE_URL.*\(E_DATA_LOCKED\)$/,
      );
      const second = start({ folder: made.folder, lockWaitMs: 5_000 });
      await Bun.sleep(50);
      await first.stop();
      await (await second).stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  const unshare = process.geteuid?.() === 0 && process.platform === "linux" ? Bun.which("unshare") : null;
  if (unshare === null) console.log("skipped: the lock across pid namespaces needs root and unshare");
  test.skipIf(unshare === null)(
    "is refused from another pid namespace, where the first one's processes cannot be seen",
    async () => {
      const made = await makeCluster();
      const first = await start({ folder: made.folder });
      const prefix = [unshare ?? "", "--pid", "--ipc", "--fork", "--mount-proc", "--kill-child"];
      const second = spawnOwner({ folder: made.folder, lockWaitMs: 100 }, prefix);
      expect(await second.answer).toMatchObject({ event: "refused", code: "E_DATA_LOCKED" });
      expect(await second.stop()).toBe(1);
      expect(await query(first.target, "select 1 as one")).toEqual([{ one: 1 }]);
      await first.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );
});
