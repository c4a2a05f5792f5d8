/** What a test of the page arranges beside the browser. */
import { expect } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import type { TestApp } from "./testing.ts";

/** Longest wait of these tests, on a machine that does other work as well. */
export const WAIT_MS = 30_000;

/** Files that the browser stored, when the wanted one is whole. */
export async function waitForDownload(folder: string): Promise<Uint8Array> {
  const endAt = performance.now() + WAIT_MS;
  for (;;) {
    const [name] = (await readdir(folder)).filter((each) => !each.endsWith(".crdownload"));
    if (name !== undefined) return await readFile(join(folder, name));
    expect(performance.now()).toBeLessThan(endAt);
    await Bun.sleep(50);
  }
}

/** Keeps the scan from storing any hash until it is let go on. */
export async function holdHashes({ ports: { database } }: TestApp): Promise<() => Promise<void>> {
  const lock = "4711";
  const hold = `create function hold() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock_shared(${lock}); return new; end $$`;
  await database.execute(sql.raw(hold));
  await database.execute(
    sql.raw("create trigger hold before update on rom_files for each row execute function hold()"),
  );
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = database.transaction(async (tx) => {
    await tx.execute(sql.raw(`select pg_advisory_xact_lock(${lock})`));
    held.resolve();
    await released.promise;
  });
  await Promise.race([held.promise, holding]);
  return async () => {
    released.resolve();
    await holding;
  };
}
