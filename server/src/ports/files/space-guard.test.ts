import { describe, expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import type { FreeSpace } from "./port.ts";
import { formatBytes, judgeSpace, type SpaceStatus, startSpaceGuard } from "./space-guard.ts";

const MIB = 1_024 * 1_024;
const FLOORS = { lowBytes: 512 * MIB, criticalBytes: 64 * MIB };

describe("judgeSpace", () => {
  test.each<[string, number[], SpaceStatus["level"], string | null]>([
    ["nothing read", [], "ok", null],
    ["room everywhere", [900 * MIB, 600 * MIB], "ok", "/1"],
    ["exactly the low floor", [512 * MIB], "ok", "/0"],
    ["one byte below the low floor", [512 * MIB - 1, 900 * MIB], "low", "/0"],
    ["exactly the critical floor", [64 * MIB], "low", "/0"],
    ["one byte below the critical floor", [900 * MIB, 64 * MIB - 1], "critical", "/1"],
    ["nothing left", [0], "critical", "/0"],
  ])("judges %s", (_name, freeBytes, level, worstPath) => {
    const readings = freeBytes.map((bytes, index) => ({ path: `/${index}`, freeBytes: bytes }));
    const status = judgeSpace(readings, FLOORS);
    expect(status.level).toBe(level);
    expect(status.worst?.path ?? null).toBe(worstPath);
  });
});

test.each([
  [0, "0 bytes"],
  [1_023, "1023 bytes"],
  [1_024, "1.0 KiB"],
  [452_132_864, "431.2 MiB"],
  [5 * 1_024 ** 4, "5.0 TiB"],
])("formatBytes writes %d as %s", (sizeBytes, text) => {
  expect(formatBytes(sizeBytes)).toBe(text);
});

/** File systems whose room the test sets; a path without a figure fails. */
function createFakeDisk(room: Record<string, number>) {
  return {
    room,
    files: {
      async freeSpace(path: string): Promise<FreeSpace> {
        const freeBytes = room[path];
        if (freeBytes !== undefined) return { freeBytes, totalBytes: 1_000_000 * MIB, fsType: null };
        throw new AppError("unavailable", "FILES_UNREADABLE", { message: `cannot measure ${path}` });
      },
    },
  };
}

const messageOf = (run: Promise<unknown>) =>
  run.then(
    () => "no failure",
    (error: unknown) => (error as AppError).message,
  );

describe("startSpaceGuard", () => {
  test("follows the room and says when the level changes", async () => {
    const disk = createFakeDisk({ "/data": 900 * MIB, "/temp": 700 * MIB });
    const changes: string[] = [];
    const guard = startSpaceGuard({
      files: disk.files,
      paths: ["/data", "/temp"],
      pollIntervalMs: 2,
      report: () => undefined,
      onChange: ({ level }) => void changes.push(level),
    });
    await guard.refresh();
    expect(guard.status()).toEqual({ level: "ok", worst: { path: "/temp", freeBytes: 700 * MIB } });
    const follow = async (freeBytes: number, level: string) => {
      disk.room["/data"] = freeBytes;
      for (let tries = 0; tries < 500 && guard.status().level !== level; tries += 1) await Bun.sleep(2);
    };
    await follow(100 * MIB, "low");
    await follow(10 * MIB, "critical");
    await follow(900 * MIB, "ok");
    expect(changes).toEqual(["low", "critical", "ok"]);
    guard.stop();
    disk.room["/data"] = 0;
    await Bun.sleep(20);
    expect(guard.status().level).toBe("ok");
  });

  test("asserts room above the floor of the purpose, freshly read", async () => {
    const disk = createFakeDisk({ "/data": 1_000 * MIB, "/temp": 100 * MIB });
    const guard = startSpaceGuard({ files: disk.files, paths: ["/data", "/temp"], report: () => undefined });
    const failure = "insufficient storage on /temp: 100.0 MiB left";
    expect(await messageOf(guard.assertSpace(0))).toBe(failure);
    expect(await messageOf(guard.assertSpace(36 * MIB, { purpose: "small" }))).toBe("no failure");
    expect(await messageOf(guard.assertSpace(36 * MIB + 1, { purpose: "small" }))).toBe(failure);
    expect(await messageOf(guard.assertSpace(488 * MIB, { path: "/data" }))).toBe("no failure");
    const refused = await guard
      .assertSpace(488 * MIB + 1, { path: "/data" })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({
      kind: "storage_full",
      code: "STORAGE_FULL",
      message: "insufficient storage on /data: 1000.0 MiB left",
      details: { path: "/data", freeBytes: 1_000 * MIB, neededBytes: 488 * MIB + 1 },
    });
    disk.room["/temp"] = 2_000 * MIB;
    expect(await messageOf(guard.assertSpace(100 * MIB))).toBe("no failure");
    guard.stop();
  });

  test("keeps the last figure of a path that cannot be measured, and says so once", async () => {
    const disk = createFakeDisk({ "/data": 100 * MIB });
    const problems: string[] = [];
    const report = (message: string) => void problems.push(message);
    const guard = startSpaceGuard({ files: disk.files, paths: ["/data", "/gone"], report });
    await guard.refresh();
    delete disk.room["/data"];
    await guard.refresh();
    await guard.refresh();
    expect(guard.status()).toEqual({ level: "low", worst: { path: "/data", freeBytes: 100 * MIB } });
    const measured = ["cannot measure the free space of /gone", "cannot measure the free space of /data"];
    expect(problems).toEqual(measured);
    guard.stop();
  });
});
