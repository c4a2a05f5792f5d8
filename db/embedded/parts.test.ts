import { describe, expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findMountType, fixClusterMode, isNetworkType, probeDataFolder } from "./file-system.ts";
import { makeFolder } from "./fixtures/clusters.ts";
import { tryFlock } from "./flock.ts";
import { pickMappedAccount } from "./launch.ts";
import { readPostmasterFile } from "./leftovers.ts";
import { parseOwner } from "./lock.ts";
import { isDiskFullText } from "./server-log.ts";
import { formatSettings, listSettings } from "./settings.ts";
import { canHoldSocket, createSocketFolder, listSocketPlaces, removeSocketFolder } from "./socket-folder.ts";

const MIB = 1024 ** 2;

describe("listSettings", () => {
  const base = {
    socketFolder: "/run/x",
    memoryLimitBytes: 8192 * MIB,
    freeSharedMemoryBytes: 64 * MIB,
    platform: "linux" as const,
  };
  test.each([
    [512, "32MB"],
    [1023, "32MB"],
    [1024, "64MB"],
    [4096, "128MB"],
  ])("gives a machine of %i MiB shared buffers of %s", (limit, expected) => {
    expect(listSettings({ ...base, memoryLimitBytes: limit * MIB }).shared_buffers).toBe(expected);
  });
  test.each([
    [null, "mmap"],
    [1 * MIB, "mmap"],
    [32 * MIB, "posix"],
  ])("with %p bytes of shared memory chooses %s", (free, expected) => {
    expect(listSettings({ ...base, freeSharedMemoryBytes: free }).dynamic_shared_memory_type).toBe(expected);
  });
  test("never touches durability", () => {
    const names = Object.keys(listSettings(base));
    for (const name of ["fsync", "full_page_writes", "synchronous_commit"]) expect(names).not.toContain(name);
  });
  test("writes an empty value as an empty word", () => {
    expect(formatSettings({ listen_addresses: "", port: "1" })).toEqual([
      "-c",
      "listen_addresses=",
      "-c",
      "port=1",
    ]);
  });
});

describe("findMountType", () => {
  const mountInfo = [
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
    "23 22 0:21 / /data rw - zfs tank/data rw",
    "24 22 0:22 / /data/my\\040games rw,nosuid master:2 shared:3 - fuse.sshfs host: rw",
    "25 22 0:23 / /data rw - nfs4 server:/x rw",
    "half a line",
    "",
  ].join("\n");
  test.each([
    ["/home/a", "ext4"],
    ["/data", "nfs4"],
    ["/data/x", "nfs4"],
    ["/database", "ext4"],
    ["/data/my games/postgres", "fuse.sshfs"],
  ])("says that %s is on %s", (path, type) => {
    expect(findMountType(mountInfo, path)).toBe(type);
  });
  test("answers unknown for an empty table", () => {
    expect(findMountType("", "/x")).toBe("unknown");
  });
  test.each([
    ["nfs4", true],
    ["fuse.sshfs", true],
    ["ext4", false],
    ["fuseblk", false],
  ])("takes %s for a network type: %p", (type, expected) => {
    expect(isNetworkType(type)).toBe(expected);
  });
});

describe("probeDataFolder", () => {
  test("leaves nothing behind, also of an interrupted probe", () => {
    const made = makeFolder();
    mkdirSync(join(made.base, ".multitap-probe", "d"), { recursive: true });
    probeDataFolder(made.base, process.geteuid?.() ?? 0);
    expect(readdirSync(made.base)).toEqual([]);
    made.remove();
  });
  test("refuses a file system that shows another owner", () => {
    const made = makeFolder();
    expect(() => probeDataFolder(made.base, 4_711)).toThrow("not to ours (4711)");
    made.remove();
  });
});

describe("fixClusterMode", () => {
  test.each([
    [0o700, 0o700],
    [0o750, 0o750],
    [0o770, 0o700],
    [0o755, 0o700],
  ])("turns mode %o into %o", (before, after) => {
    const made = makeFolder();
    const cluster = join(made.base, "18");
    mkdirSync(cluster);
    Bun.spawnSync(["chmod", before.toString(8), cluster]);
    fixClusterMode(made.base, cluster, statSync(cluster).uid);
    expect(statSync(cluster).mode & 0o777).toBe(after);
    made.remove();
  });
});

describe("tryFlock", () => {
  test("locks against every other open file, and frees with the last close", () => {
    const made = makeFolder();
    const path = join(made.base, "lock");
    const first = openSync(path, "a+");
    const second = openSync(path, "a+");
    expect(tryFlock(first)).toEqual({ status: "locked" });
    expect(tryFlock(second)).toEqual({ status: "held" });
    closeSync(first);
    expect(tryFlock(second)).toEqual({ status: "locked" });
    closeSync(second);
    expect(tryFlock(second)).toMatchObject({ status: "failed", errno: 9 });
    made.remove();
  });
});

describe("parseOwner", () => {
  const owner = { host: "nas", processId: 7, startedAt: "2026-01-01T00:00:00Z", socketFolder: "/tmp/x" };
  test("reads what an owner wrote", () => {
    expect(parseOwner(JSON.stringify(owner))).toEqual(owner);
    expect(parseOwner(JSON.stringify({ ...owner, socketFolder: null }))?.socketFolder).toBeNull();
  });
  test.each(["", "{", "null", "[]", "7", '{"host":1}', '{"host":"a","processId":"7","startedAt":"x"}'])(
    "answers null for %p",
    (text) => {
      expect(parseOwner(text)).toBeNull();
    },
  );
});

describe("readPostmasterFile", () => {
  const ready = "123\n/data\n1700000000\n5432\n/tmp\n\n 1 2\nready   \n";
  const cases: [string, { processId: number; isReady: boolean } | null][] = [
    [ready, { processId: 123, isReady: true }],
    [ready.replace("ready   ", "starting"), { processId: 123, isReady: false }],
    [ready.slice(0, 10), { processId: 123, isReady: false }],
    ["-99\n", { processId: 99, isReady: false }],
    ["", null],
    ["x\n", null],
  ];
  test.each(cases)("reads %p", (text, expected) => {
    const made = makeFolder();
    writeFileSync(join(made.base, "postmaster.pid"), text);
    expect(readPostmasterFile(made.base)).toEqual(expected);
    made.remove();
  });
  test("answers null without a file", () => {
    expect(readPostmasterFile("/nonexistent")).toBeNull();
  });
});

describe("pickMappedAccount", () => {
  const root = "root:x:0:0::/:/bin/sh";
  const nobody = { uid: 65_534, gid: 65_534 };
  test.each([
    ["1000", "where it exists", `${root}\ndaemon:x:1:1::/:\nuser:x:1000:100::/:\n`, { uid: 1000, gid: 100 }],
    ["the first ordinary user", "otherwise", `${root}\ndaemon:x:1:2::/:/bin/sh\n`, { uid: 1, gid: 2 }],
    ["nobody", "when there is only root", `${root}\n`, nobody],
    ["nobody", "without any entry", "", nobody],
    ["nobody", "from lines that are no entries", "# comment\n+::::::\n", nobody],
  ])("picks %s %s", (_who, _when, passwd, expected) => {
    expect(pickMappedAccount(passwd)).toEqual(expected);
  });
});

describe("socket folder", () => {
  // 107 bytes on Linux and 103 on macOS, less "/multitap-" with six letters and "/.s.PGSQL.5432".
  const longest = (process.platform === "darwin" ? 103 : 107) - 16 - 14;
  test.each([
    [`/${"x".repeat(longest - 1)}`, true],
    [`/${"x".repeat(longest)}`, false],
    [`/${"é".repeat(Math.floor(longest / 2) + 1)}`, false],
    ["/with,comma", false],
    ["/with space", false],
  ])("fits below %s: %p", (place, expected) => {
    expect(canHoldSocket(place)).toBe(expected);
  });
  test("is made private in the first place that works", () => {
    const made = makeFolder();
    const folder = createSocketFolder(["/nonexistent", made.base]);
    expect(folder).toStartWith(`${made.base}/multitap-`);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    removeSocketFolder(folder);
    expect(readdirSync(made.base)).toEqual([]);
    made.remove();
  });
  test("refuses with everything it tried", () => {
    expect(() => createSocketFolder(["/nonexistent", `/${"x".repeat(120)}`])).toThrow(
      /^no writable place for a socket: \/nonexistent: ENOENT; \/x+: its path is too long.*\(E_SOCKET_DIR\)$/,
    );
  });
  test("prefers the session's own runtime folder", () => {
    expect(listSocketPlaces({ XDG_RUNTIME_DIR: "/run/user/1" })[0]).toBe("/run/user/1");
    expect(listSocketPlaces({ XDG_RUNTIME_DIR: "relative" })[0]).toBe("/run/multitap");
  });
  test("is never removed when the name is not ours", () => {
    const made = makeFolder();
    mkdirSync(join(made.base, "other"));
    removeSocketFolder(join(made.base, "other"));
    expect(readdirSync(made.base)).toEqual(["other"]);
    made.remove();
  });
});

describe("isDiskFullText", () => {
  test.each([
    ['could not extend file "base/1/2": No space left on device', true],
    ["initdb: error: could not write file: Disk quota exceeded", true],
    ['could not resize shared memory segment "/PostgreSQL.1": No space left on device', false],
    ["Success.", false],
  ])("judges %p as %p", (text, expected) => {
    expect(isDiskFullText(text)).toBe(expected);
  });
});
