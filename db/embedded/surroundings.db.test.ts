import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { catchError, makeCluster, makeFolder, query, removeFolders, start } from "./fixtures/clusters.ts";
import { spawnOwner } from "./fixtures/owner-process.ts";

const TIMEOUT_MS = 20_000;
const NOBODY_UID = 65_534;
/** `daemon` of every Linux. */
const OTHER_UID = 1;
const UNKNOWN_UID = 54_321;

const isLinuxRoot = process.platform === "linux" && process.geteuid?.() === 0;
const unshare = isLinuxRoot ? Bun.which("unshare") : null;
const setpriv = isLinuxRoot ? Bun.which("setpriv") : null;
// Becoming another user only helps where that user can read this checkout and run this Bun.
const canBeOther =
  setpriv !== null &&
  Bun.spawnSync([setpriv, `--reuid=${UNKNOWN_UID}`, "--clear-groups", process.execPath, "--version"])
    .success &&
  Bun.spawnSync([setpriv, `--reuid=${UNKNOWN_UID}`, "--clear-groups", "test", "-r", import.meta.path])
    .success;

if (!isLinuxRoot)
  console.log("skipped: starts as root, as other users and on other mounts need root on Linux");
else if (!canBeOther) console.log("skipped: starts as other users, for they cannot read this checkout");

afterAll(removeFolders);

describe.skipIf(!isLinuxRoot)("started as root", () => {
  test(
    "works below a private folder, and the files stay root's",
    async () => {
      const made = makeFolder();
      expect(statSync(made.base).mode & 0o777).toBe(0o700);
      const server = await start({ folder: made.folder });
      expect(await query(server.target, "select 1 as one")).toEqual([{ one: 1 }]);
      expect(statSync(join(made.folder, "18", "PG_VERSION")).uid).toBe(0);
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test.skipIf(!canBeOther)(
    "without namespaces becomes an unprivileged user, and stays it later",
    async () => {
      const made = await makeCluster();
      chmodSync(made.base, 0o755);
      for (const mayUseNamespaces of [false, true]) {
        const server = await start({ folder: made.folder }, { mayUseNamespaces });
        expect(await query(server.target, "select 1 as one")).toEqual([{ one: 1 }]);
        expect(statSync(`/proc/${server.processId()}`).uid).toBe(NOBODY_UID);
        expect(statSync(join(made.folder, "18", "PG_VERSION")).uid).toBe(NOBODY_UID);
        await server.stop();
      }
      expect(statSync(made.base).uid).toBe(0);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test.skipIf(!canBeOther)(
    "without namespaces makes a new cluster as the user who owns the base folder",
    async () => {
      const made = makeFolder();
      chownSync(made.base, OTHER_UID, OTHER_UID);
      const server = await start({ folder: made.folder }, { mayUseNamespaces: false });
      expect(await query(server.target, "select 1 as one")).toEqual([{ one: 1 }]);
      expect(statSync(join(made.folder, "18", "PG_VERSION")).uid).toBe(OTHER_UID);
      await server.stop();
      expect(statSync(join(made.folder, "multitap.lock")).uid).toBe(OTHER_UID);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test("is refused when no unprivileged user can reach the folder", async () => {
    const made = await makeCluster();
    const error = await catchError(start({ folder: made.folder }, { mayUseNamespaces: false }));
    expect(error).toMatchObject({ code: "E_PG_ROOT", exitCode: 78 });
    expect(statSync(made.folder).uid).toBe(0);
    made.remove();
  });
});

describe.skipIf(!canBeOther)("started as an ordinary user", () => {
  const prefix = (uid: number) => [setpriv ?? "", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];

  test.each([
    ["with", NOBODY_UID],
    ["without", UNKNOWN_UID],
  ])(
    "%s a passwd entry (uid %i), owns everything it makes",
    async (_name, uid) => {
      const made = makeFolder();
      chownSync(made.base, uid, uid);
      const owner = spawnOwner({ folder: made.folder }, prefix(uid));
      expect(await owner.answer).toMatchObject({ event: "ready" });
      expect(statSync(join(made.folder, "18", "PG_VERSION")).uid).toBe(uid);
      expect(await owner.stop()).toBe(0);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "is refused on a cluster of another user",
    async () => {
      const made = await makeCluster();
      chownSync(made.base, NOBODY_UID, NOBODY_UID);
      chownSync(made.folder, NOBODY_UID, NOBODY_UID);
      rmSync(join(made.folder, "multitap.lock"));
      const owner = spawnOwner({ folder: made.folder }, prefix(NOBODY_UID));
      const answer = await owner.answer;
      expect(answer).toMatchObject({ event: "refused", code: "E_DATA_FS", exitCode: 78 });
      expect(JSON.stringify(answer)).toContain("failed with EACCES for uid 65534");
      await owner.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(unshare === null)("on other mounts", () => {
  /** Words that mount something in a namespace of its own and then run the rest. */
  const mounted = (mount: string) => [
    unshare ?? "",
    "--mount",
    "/bin/sh",
    "-c",
    `${mount} && exec "$@"`,
    "sh",
  ];

  test(
    "starts with 1 MB of shared memory",
    async () => {
      const made = makeFolder("/tmp");
      const owner = spawnOwner({ folder: made.folder }, mounted("mount -t tmpfs -o size=1m tmpfs /dev/shm"));
      expect(await owner.answer).toMatchObject({ event: "ready" });
      expect(await owner.stop()).toBe(0);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test("refuses to make a cluster on a disk that is too small, in plain figures", async () => {
    const made = makeFolder("/tmp");
    const owner = spawnOwner(
      { folder: made.folder },
      mounted(`mount -t tmpfs -o size=60m tmpfs ${made.base}`),
    );
    const answer = await owner.answer;
    expect(answer).toMatchObject({ event: "refused", code: "E_DISK_FULL", exitCode: 1 });
    expect(JSON.stringify(answer)).toMatch(/has \d\d MB free; at least 96 MB needed/);
    await owner.stop();
    made.remove();
  });

  test.each([
    ["ballast", { event: "ready" }],
    ["other", { event: "refused", code: "E_DISK_FULL" }],
  ])(
    "on a full disk a file called %s makes a start end in %j",
    async (name, expected) => {
      const [stored, made] = [await makeCluster(), makeFolder("/tmp")];
      const fill = [
        `mount -t tmpfs -o size=200m tmpfs ${made.base}`,
        `cp -a ${stored.folder} ${made.folder}`,
        `head -c 32M /dev/zero >${made.folder}/${name}`,
        `{ cat /dev/zero >${made.base}/filler 2>/dev/null; true; }`,
      ];
      const owner = spawnOwner({ folder: made.folder }, mounted(fill.join(" && ")));
      expect(await owner.answer).toMatchObject(expected);
      await owner.stop();
      made.remove();
      stored.remove();
    },
    TIMEOUT_MS,
  );

  test("names the file system that cannot be written", async () => {
    const made = makeFolder("/tmp");
    const owner = spawnOwner({ folder: made.folder }, mounted(`mount -t tmpfs -o ro tmpfs ${made.base}`));
    const answer = await owner.answer;
    expect(answer).toMatchObject({ event: "refused", code: "E_DATA_FS", exitCode: 78 });
    expect(JSON.stringify(answer)).toContain("EROFS");
    await owner.stop();
    made.remove();
  });

  test(
    "reports the file system of the data folder",
    async () => {
      const made = makeFolder("/tmp");
      const owner = spawnOwner({ folder: made.folder }, mounted(`mount -t tmpfs tmpfs ${made.base}`));
      expect(await owner.answer).toMatchObject({ event: "ready", fsType: "tmpfs" });
      expect(await owner.stop()).toBe(0);
      made.remove();
    },
    TIMEOUT_MS,
  );
});
