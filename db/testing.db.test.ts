import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseTarget } from "./client.ts";
import { chooseRoot, waitFor } from "./embedded/fixtures/clusters.ts";
import { listMigrations } from "./migration-files.ts";
import { createTestDatabase, prepareTestTemplate } from "./testing.ts";

const TIMEOUT_MS = 20_000;

describe("createTestDatabase", () => {
  test("gives databases of this release's schema that do not see each other", async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await one.handle.sql`create table only_here as select 1`;
    const find = "select to_regclass('only_here') is not null as found";
    expect((await one.handle.sql.unsafe(find))[0]?.found).toBe(true);
    expect((await other.handle.sql.unsafe(find))[0]?.found).toBe(false);
    const [row] = await one.handle.sql`select count(*) as level from schema_migrations`;
    expect(row).toEqual({ level: listMigrations().length });
    await Promise.all([one.drop(), one.drop(), other.drop()]);
  });
});

const SCRIPT = `
import { createTestDatabase } from ${JSON.stringify(join(import.meta.dir, "testing.ts"))};
const database = await createTestDatabase();
console.log((await database.handle.sql\`select current_database() as name\`)[0].name, process.env.MULTITAP_TEST_SERVER);
if (process.argv.includes("die")) process.kill(process.pid, "SIGKILL");
await database.drop();
process.exit(0);
`;

function runScript(env: Record<string, string>, ...words: string[]) {
  const base = { PATH: process.env.PATH ?? "" };
  return Bun.spawnSync([process.execPath, "-e", SCRIPT, ...words], { env: { ...base, ...env } });
}

const isExternal = (process.env.MULTITAP_TEST_DATABASE_URL ?? "") !== "";
if (isExternal) console.log("skipped: tests of the embedded template's life, for an external server is set");

describe.skipIf(isExternal)("prepareTestTemplate", () => {
  test(
    "lets child processes clone from one cluster, and leaves nothing after stop",
    async () => {
      const template = await prepareTestTemplate();
      const target = parseTarget(template.env.MULTITAP_TEST_SERVER ?? "");
      const child = runScript(template.env);
      expect(child.stderr.toString()).toBe("");
      expect(child.stdout.toString()).toMatch(/^multitap_test_\S+ postgres:\/\/\/postgres\?/);
      await template.stop();
      expect("socketFolder" in target && existsSync(target.socketFolder)).toBe(false);
    },
    TIMEOUT_MS,
  );

  test(
    "cleans up after a process that was killed",
    async () => {
      const list = () => readdirSync(chooseRoot()).filter((entry) => entry.startsWith("multitap-test-"));
      const before = new Set(list());
      const child = runScript({}, "die");
      expect(child.stdout.toString()).toMatch(/^multitap_test_/);
      expect(child.signalCode).toBe("SIGKILL");
      expect(await waitFor(() => list().every((entry) => before.has(entry)), 10_000)).toBe(true);
    },
    TIMEOUT_MS,
  );
});
