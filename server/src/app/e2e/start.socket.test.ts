import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { canBecomeOtherUser } from "../../../../scripts/testing/other-user.ts";
import { requireProgram } from "../../../../scripts/testing/require-program.ts";
import {
  createAdmin,
  createDice,
  endScenes,
  IS_HEAVY,
  KILLS,
  makeBase,
  makeFolder,
  openClient,
  readLibrary,
  runScan,
  SLACK,
} from "./scene.testing.ts";
import {
  endServers,
  listDatabaseProcesses,
  type RunningServer,
  type ServerOptions,
  STOP_PROMISE_MS,
  spawnServer,
  startServer,
  waitFor,
} from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
const COLD_START_BUDGET_MS = 4_000;
const WARM_START_BUDGET_MS = 1_500;
/** The next start after a kill. */
const RESTART_BUDGET_MS = 3_000;
/** No machine that we know gives it to anybody. */
const STRANGER = 54_321;

const isRoot = process.geteuid?.() === 0;
if (!isRoot) console.warn("skipped: changing to another user (needs root)");
const hasSetpriv = canBecomeOtherUser();
const hasUnshare = isRoot && requireProgram("unshare") !== null;

const dice = createDice();
console.log(`start tests: MULTITAP_E2E_SEED=${dice.seed}`);

afterEach(endServers);
afterAll(endScenes);

function asUser(uid: number): readonly string[] {
  return ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"];
}

/** Starts on an empty folder, uses the database, stops, and starts again. */
async function expectLife(options: ServerOptions, what: string): Promise<void> {
  const server = await startServer(options);
  expect(server.startedMs).toBeLessThan(COLD_START_BUDGET_MS * SLACK);
  await createAdmin(server.url);
  expect(await server.stop()).toMatchObject({ exitCode: 0 });
  const again = await startServer(options);
  expect(again.startedMs).toBeLessThan(WARM_START_BUDGET_MS * SLACK);
  expect(await again.stop()).toMatchObject({ exitCode: 0 });
  expect(again.errors()).toBe("");
  console.log(
    `${what}: first start ${Math.round(server.startedMs)} ms, next ${Math.round(again.startedMs)} ms`,
  );
}

describe("a first start on an empty folder", () => {
  test(
    "makes a database, folders and a key that nobody else can read",
    async () => {
      const parent = makeFolder("empty");
      chmodSync(parent, 0o755);
      const basePath = join(parent, "base");
      await expectLife({ basePath }, "an empty folder");
      const modeOf = (path: string) => (statSync(join(basePath, path)).mode & 0o777).toString(8);
      expect(modeOf("secrets")).toBe("700");
      expect(modeOf("secrets/auth-secret-key")).toBe("600");
      expect(modeOf("postgres")).toBe("700");
      // The key of the command line is worthless once its server has ended, and is gone with it.
      expect(existsSync(join(basePath, "secrets", "control.json"))).toBe(false);
    },
    TEST_MAX_MS,
  );

  test(
    "works below a folder that is its owner's alone, on a path far longer than a socket's may be",
    async () => {
      const root = makeFolder("long");
      chmodSync(root, 0o700);
      const basePath = join(root, "x".repeat(200 - root.length - 1));
      expect(Buffer.byteLength(basePath)).toBe(200);
      await expectLife({ basePath }, "200 bytes below mode 0700");
    },
    TEST_MAX_MS,
  );

  test.skipIf(!hasSetpriv)(
    "works as a user without a passwd entry (needs root and setpriv)",
    async () => {
      const basePath = makeFolder("stranger");
      chownSync(basePath, STRANGER, STRANGER);
      // As in a container: neither a home nor a name.
      const environment = { HOME: "/nonexistent", XDG_RUNTIME_DIR: "" };
      await expectLife({ basePath, environment, prefix: asUser(STRANGER) }, `uid ${STRANGER}`);
      expect(statSync(join(basePath, "postgres", "18")).uid).toBe(STRANGER);
    },
    TEST_MAX_MS,
  );

  test(
    "that is killed at any moment is made up for by the next one",
    async () => {
      for (let round = 0; round < KILLS; round += 1) {
        const basePath = join(makeFolder("killed"), "base");
        const server = spawnServer({ basePath });
        const delayMs = dice.next() * 1_800;
        await Bun.sleep(delayMs);
        server.signal("SIGKILL");
        await server.ended;
        const next = await startServer({ basePath });
        console.log(
          `first start killed after ${Math.round(delayMs)} ms: the next took ${Math.round(next.startedMs)} ms`,
        );
        // Ending what the killed one left comes on top of a whole first start.
        expect(next.startedMs).toBeLessThan((COLD_START_BUDGET_MS + RESTART_BUDGET_MS) * SLACK);
        await createAdmin(next.url);
        expect(await next.stop()).toMatchObject({ exitCode: 0 });
      }
    },
    TEST_MAX_MS,
  );
});

describe("a library with files that our user may not read", () => {
  test.skipIf(!hasSetpriv)(
    "is scanned all the same, and the scan names them with owner and mode (needs root and setpriv)",
    async () => {
      const { basePath, library } = await makeBase("unreadable", { files: 20, platforms: 2 });
      const closed = library.files[3]?.path ?? "";
      chmodSync(closed, 0o600);
      chmodSync(dirname(basePath), 0o755);
      chownSync(basePath, STRANGER, STRANGER);
      const server = await startServer({ basePath, prefix: asUser(STRANGER) });
      const client = openClient(server, await createAdmin(server.url));
      const end = await runScan(client);
      expect(end).toMatchObject({ status: "done", romsNew: 20, filesHashed: 19, problems: 1 });
      const [problem] = await client.scan.problems(end.id);
      expect(closed.endsWith(problem?.path ?? "?")).toBe(true);
      for (const part of [`uid ${STRANGER}`, "0:0", "0600"]) expect(problem?.message).toContain(part);
      expect((await readLibrary(client)).files.filter((file) => file.sha1 === "")).toHaveLength(1);
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});

/** A second server must neither serve nor harm the first. */
async function expectRefusedBeside(owner: RunningServer, options: Partial<ServerOptions>): Promise<void> {
  const second = spawnServer({ basePath: owner.basePath, ...options });
  expect(await second.ended).toMatchObject({ exitCode: 1 });
  const lines = second.errors().trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  for (const part of [owner.basePath, hostname(), "DATABASE_URL", "(E_DATA_LOCKED)"]) {
    expect(lines[0]).toContain(part);
  }
  const response = await fetch(`${owner.url}/health/ready`);
  expect(response.status).toBe(200);
}

describe("a second server on a data folder in use", () => {
  test(
    "is refused, also from another pid namespace, and does the first no harm",
    async () => {
      const owner = await startServer({ basePath: join(makeFolder("owned"), "base") });
      await expectRefusedBeside(owner, { isImpatient: !IS_HEAVY });
      if (hasUnshare) {
        const prefix = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--"];
        await expectRefusedBeside(owner, { prefix, isImpatient: !IS_HEAVY });
      } else {
        console.warn("skipped: the second server in another pid namespace (needs root and unshare)");
      }
      expect(await owner.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );

  test(
    "takes over as soon as the first one ends, or ends itself at a signal",
    async () => {
      const basePath = join(makeFolder("handed"), "base");
      const owner = await startServer({ basePath });
      const impatient = spawnServer({ basePath });
      const patient = startServer({ basePath });
      const isWaiting = () => impatient.output().includes("waiting up to 30 s");
      expect(await waitFor(isWaiting, 10_000)).toBe(true);
      const ending = await impatient.stop();
      console.log(`a server that waits for the folder ended after ${Math.round(ending.tookMs)} ms`);
      expect(ending).toMatchObject({ exitCode: 0 });
      expect(ending.tookMs).toBeLessThan(STOP_PROMISE_MS);
      expect(await owner.stop()).toMatchObject({ exitCode: 0 });
      expect(await (await patient).stop()).toMatchObject({ exitCode: 0 });
      expect(listDatabaseProcesses(basePath)).toEqual([]);
    },
    TEST_MAX_MS,
  );
});
