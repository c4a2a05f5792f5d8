import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catchError, makeFolder, query, removeFolders, start } from "../../db/embedded/fixtures/clusters.ts";
import { bakeCluster } from "./bake-cluster.ts";

const TIMEOUT_MS = 30_000;

let archive = "";

beforeAll(async () => {
  const made = makeFolder();
  archive = join(made.base, "baked", "cluster.tar.gz");
  await bakeCluster(archive);
}, TIMEOUT_MS);
afterAll(removeFolders);

describe("a cluster that comes with the image", () => {
  test(
    "is unpacked at the first start, with the private modes and the collation of one made here",
    async () => {
      const made = makeFolder();
      const first = await start({ folder: made.folder }, { bakedCluster: archive });
      const [settings] = await query(
        first.target,
        "select datlocale, current_setting('data_checksums') as checksums from pg_database where datname = current_database()",
      );
      expect(settings).toEqual({ datlocale: "PG_UNICODE_FAST", checksums: "on" });
      await query(first.target, "create table kept as select 42 as answer");
      await first.stop();
      const second = await start({ folder: made.folder }, { bakedCluster: archive });
      expect(await query(second.target, "select answer from kept")).toEqual([{ answer: 42 }]);
      await second.stop();
      expect(statSync(join(made.folder, "18")).mode & 0o777).toBe(0o700);
      expect(statSync(join(made.folder, "18", "PG_VERSION")).mode & 0o777).toBe(0o600);
      expect(existsSync(join(made.folder, "18", "pg_wal", "archive_status"))).toBe(true);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "is what a start uses wherever there is one",
    async () => {
      const ids: unknown[] = [];
      for (const made of [makeFolder(), makeFolder()]) {
        const server = await start({ folder: made.folder }, { bakedCluster: archive });
        ids.push(await query(server.target, "select system_identifier::text as id from pg_control_system()"));
        await server.stop();
        made.remove();
      }
      // Those of clusters that were made apart differ.
      expect(ids[0]).toEqual(ids[1]);
    },
    TIMEOUT_MS,
  );

  test(
    "is unpacked anew after a start that was interrupted in the middle of it",
    async () => {
      const made = makeFolder();
      mkdirSync(join(made.folder, "18.new", "base"), { recursive: true });
      writeFileSync(join(made.folder, "18.new", "half"), "half");
      const server = await start({ folder: made.folder }, { bakedCluster: archive });
      await server.stop();
      expect(existsSync(join(made.folder, "18", "half"))).toBe(false);
      made.remove();
    },
    TIMEOUT_MS,
  );

  test(
    "that is damaged refuses the start, and leaves nothing",
    async () => {
      const made = makeFolder();
      const damaged = join(made.base, "damaged.tar.gz");
      const bytes = new Uint8Array(await Bun.file(archive).arrayBuffer());
      await Bun.write(damaged, bytes.slice(0, bytes.length / 2));
      const error = await catchError(start({ folder: made.folder }, { bakedCluster: damaged }));
      expect(error).toMatchObject({ code: "E_PG_START", message: expect.stringContaining("unpacking") });
      expect(readdirSync(made.folder)).toEqual(["multitap.lock"]);
      made.remove();
    },
    TIMEOUT_MS,
  );
});
