import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DbLogEntry } from "../log.ts";
import {
  catchError,
  makeCluster,
  makeFolder,
  query,
  removeFolders,
  start,
  waitFor,
} from "./fixtures/clusters.ts";
import { listClusterProcesses } from "./leftovers.ts";

const TIMEOUT_MS = 20_000;

afterAll(removeFolders);

describe("startEmbedded", () => {
  test(
    "makes a cluster on first start and keeps its data over a restart",
    async () => {
      const made = makeFolder(tmpdir()); // On a real disk, as a user's first start.
      const first = await start({ folder: made.folder });
      await query(first.target, "create table kept as select 42 as answer");
      await first.stop();
      const second = await start({ folder: made.folder });
      expect(await query(second.target, "select answer from kept")).toEqual([{ answer: 42 }]);
      await second.stop();
      const note = JSON.parse(readFileSync(join(made.folder, "cluster.json"), "utf8"));
      expect(note).toMatchObject({ major: 18, createdBy: "1.2.3" });
      expect(readdirSync(made.folder).sort()).toEqual(["18", "cluster.json", "multitap.lock"]);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "sets room aside beside the cluster, and does so again when it was used up",
    async () => {
      const made = await makeCluster();
      const path = join(made.folder, "ballast");
      const server = await start({ folder: made.folder }, { ballastEveryMs: 20 });
      for (let round = 0; round < 2; round += 1) {
        expect(await waitFor(() => existsSync(path), 5_000)).toBe(true);
        expect(statSync(path).size).toBe(32 * 1024 * 1024);
        rmSync(path);
      }
      await server.stop();
      expect(existsSync(`${path}.new`)).toBe(false);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "uses a collation that no library upgrade can change, and no parallel workers",
    async () => {
      const made = await makeCluster();
      const server = await start({ folder: made.folder });
      const [facts] = await query(
        server.target,
        `select datlocprovider as provider, datlocale as locale, pg_encoding_to_char(encoding) as encoding,
                current_setting('data_checksums') as checksums, current_setting('fsync') as fsync,
                current_setting('max_parallel_workers_per_gather') as parallel,
                current_setting('listen_addresses') as addresses, current_setting('TimeZone') as zone
         from pg_database where datname = 'multitap'`,
      );
      expect(facts).toEqual({
        provider: "b",
        locale: "PG_UNICODE_FAST",
        encoding: "UTF8",
        checksums: "on",
        fsync: "on",
        parallel: "0",
        addresses: "",
        zone: "UTC",
      });
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "leaves no process, socket or lock behind after stop, however often that is called",
    async () => {
      const made = await makeCluster();
      const server = await start({ folder: made.folder });
      const { socketFolder } = server.target;
      expect(statSync(socketFolder).mode & 0o777).toBe(0o700);
      await Promise.all([server.stop(), server.stop()]);
      expect(existsSync(socketFolder)).toBe(false);
      expect(listClusterProcesses(join(made.folder, "18"))).toEqual([]);
      expect(server.processId()).toBeNull();
      const again = await start({ folder: made.folder });
      await again.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "stops quickly although a client is in the middle of a query",
    async () => {
      const made = await makeCluster();
      const server = await start({ folder: made.folder });
      const running = catchError(query(server.target, "select pg_sleep(30)"));
      await Bun.sleep(100);
      const startedAt = performance.now();
      await server.stop();
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(await running).not.toBeNull();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "starts the server again after it was killed, telling down and then up",
    async () => {
      const made = await makeCluster();
      const statuses: string[] = [];
      const server = await start({ folder: made.folder, onStatus: (status) => statuses.push(status) });
      await query(server.target, "create table kept as select 1 as answer");
      const killed = server.processId() ?? 0;
      process.kill(killed, "SIGKILL");
      expect(await waitFor(() => statuses.includes("up"), 10_000)).toBe(true);
      expect(statuses).toEqual(["down", "up"]);
      expect(server.processId()).not.toBe(killed);
      expect(await query(server.target, "select answer from kept")).toEqual([{ answer: 1 }]);
      await server.stop();
      expect(statuses).toEqual(["down", "up"]);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "gives up after five starts that did not help, and can still be stopped",
    async () => {
      const made = await makeCluster();
      const statuses: string[] = [];
      const server = await start(
        { folder: made.folder, onStatus: (status) => statuses.push(status) },
        // Shared memory in files goes with the folder; nothing else would remove it after this.
        { restartDelaysMs: [10], settings: { dynamic_shared_memory_type: "mmap" } },
      );
      // Without this file every further start fails at once.
      const control = join(made.folder, "18", "global", "pg_control");
      writeFileSync(control, "");
      process.kill(server.processId() ?? 0, "SIGKILL");
      expect(await waitFor(() => statuses.includes("failed"), 15_000)).toBe(true);
      expect(statuses).toEqual(["down", "failed"]);
      expect(server.processId()).toBeNull();
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "works from a base path of 200 bytes",
    async () => {
      const made = await makeCluster();
      const long = join(made.base, "x".repeat(200 - made.base.length - 1));
      mkdirSync(long);
      const server = await start({ folder: join(long, "postgres") });
      expect(await query(server.target, "select 1 as one")).toEqual([{ one: 1 }]);
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "narrows a cluster folder that permission tools opened to others",
    async () => {
      const made = await makeCluster();
      const cluster = join(made.folder, "18");
      chmodSync(cluster, 0o777);
      const server = await start({ folder: made.folder });
      expect(statSync(cluster).mode & 0o777).toBe(0o700);
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "re-emits the server's own words with their component, quiet where a client was at fault",
    async () => {
      const made = await makeCluster();
      const entries: DbLogEntry[] = [];
      const server = await start({ folder: made.folder, log: (entry) => entries.push(entry) });
      await catchError(query(server.target, "select 1/0"));
      await catchError(query({ ...server.target, database: "absent" }, "select 1"));
      await server.stop();
      const find = (text: string) => entries.find(({ message }) => message.includes(text));
      expect(find("division by zero")).toMatchObject({ level: "debug", component: "postgres" });
      expect(find('database "absent" does not exist')).toMatchObject({
        level: "error",
        component: "postgres",
      });
      expect(entries.filter(({ level }) => level === "error")).toHaveLength(1);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "says what PostgreSQL said when it does not start",
    async () => {
      const made = await makeCluster();
      const cluster = join(made.folder, "18");
      writeFileSync(join(cluster, "postgresql.conf"), "no_such_setting = 1\n");
      const error = await catchError(start({ folder: made.folder }));
      expect(error).toMatchObject({ code: "E_PG_START", exitCode: 1 });
      expect((error as Error).message).toContain("no_such_setting");
      writeFileSync(join(cluster, "postgresql.conf"), "");
      const server = await start({ folder: made.folder });
      await server.stop();
      made.remove();
    },
    TIMEOUT_MS,
  );
});
