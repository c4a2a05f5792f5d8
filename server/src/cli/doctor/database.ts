import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describeTarget, parseTarget } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { roms } from "@multitap/db/schema/roms";
import { eq, sql } from "drizzle-orm";
import * as v from "valibot";
import type { Config } from "../../app/config.ts";
import { type OurDatabase, openOurDatabase } from "../../app/database.ts";
import { createLifecycle } from "../../app/lifecycle.ts";
import { createOperatorClient } from "../join.ts";
import { DOCTOR_CONNECT_WAIT_MS } from "../limits.ts";
import { formatNumber } from "../scan-progress.ts";
import { type Check, type CheckScene, type Finding, finding } from "./check.ts";
import { countPlatformFolders } from "./folders.ts";

/**
 * The database, by opening it the way a start does, so that every refusal of a start shows here. Nothing is
 * migrated, no cluster is made, and one that a running server uses is left alone.
 */
export const databaseCheck: Check = {
  name: "database",
  async run(scene) {
    const { config, running } = scene;
    if (config.databaseUrl === null) {
      if (running !== null) return [describeOwner(config), ...(await readFromServer(scene))];
      const { whole, damaged } = listClusters(config);
      if (damaged.length > 0) {
        const message = `${damaged.join(", ")} has no readable PG_VERSION: restore a backup, or move it away to start anew`;
        return finding("database", { status: "fail", message, code: "E_PG_START" });
      }
      if (whole.length === 0) {
        const message = `embedded: no database yet in ${databaseFolder(config)}; a start makes it`;
        return finding("database", { status: "ok", message });
      }
    }
    return await inspect(scene);
  },
};

function databaseFolder({ basePath }: Config): string {
  return join(basePath, "postgres");
}

/** Clusters of whatever version that a start would meet, and folders that look like one and are damaged. */
function listClusters(config: Config): {
  readonly whole: readonly string[];
  readonly damaged: readonly string[];
} {
  const folder = databaseFolder(config);
  if (!existsSync(folder)) return { whole: [], damaged: [] };
  const names = readdirSync(folder).filter((name) => /^\d+$/.test(name));
  const candidates = names.map((name) => join(folder, name)).filter((path) => readdirSync(path).length > 0);
  return {
    whole: [folder, ...candidates].filter(hasVersion),
    damaged: candidates.filter((path) => !hasVersion(path)),
  };
}

function hasVersion(cluster: string): boolean {
  const path = join(cluster, "PG_VERSION");
  return existsSync(path) && /^\d+\s*$/.test(readFileSync(path, "utf8"));
}

const Owner = v.object({ host: v.string(), processId: v.number(), startedAt: v.string() });
const ClusterNote = v.object({ major: v.number(), minor: v.number() });

/** Who holds the embedded database, by the note in its lock file. */
function describeOwner(config: Config): Finding {
  const owner = readNote(join(databaseFolder(config), "multitap.lock"), Owner);
  const note = readNote(join(databaseFolder(config), "cluster.json"), ClusterNote);
  const name = note === null ? "embedded" : `embedded ${note.major}.${note.minor}`;
  if (owner === null)
    return finding("database", { status: "ok", message: `${name}, open in the running server` });
  const where =
    owner.host === hostname() ? `process ${owner.processId}` : `process ${owner.processId} on ${owner.host}`;
  return finding("database", { status: "ok", message: `${name}, held by ${where} since ${owner.startedAt}` });
}

function readNote<T>(path: string, schema: v.GenericSchema<unknown, T>): T | null {
  if (!existsSync(path)) return null;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), readFileSync(path, "utf8"));
  return parsed.success ? parsed.output : null;
}

/** What the running server says of its database and its games. */
async function readFromServer(scene: CheckScene): Promise<readonly Finding[]> {
  const { running } = scene;
  if (running === null) return [];
  const client = createOperatorClient(running);
  try {
    const stats = await client.stats.get({}, { retry: false });
    return [
      await judgeGames(scene, { romCount: stats.roms, platformCount: stats.platforms, missingCount: null }),
    ];
  } finally {
    await client.close();
  }
}

async function inspect(scene: CheckScene): Promise<readonly Finding[]> {
  const { config, log } = scene;
  const database = await openOurDatabase(config, {
    log,
    lifecycle: createLifecycle(),
    onFailed: () => log.warn("the embedded database stopped while it was looked at"),
    lockWaitMs: 0,
    connectWaitMs: DOCTOR_CONNECT_WAIT_MS,
  });
  try {
    const place = config.databaseUrl === null ? "" : ` at ${describeTarget(parseTarget(config.databaseUrl))}`;
    const found = finding("database", { status: "ok", message: `${database.description}${place}` });
    const schema = await readSchema(database);
    if (schema === null) {
      const message = "no tables yet; a start makes them";
      return [found, finding("schema", { status: "ok", message })];
    }
    const games = await judgeGames(scene, await countGames(database));
    return [found, finding("schema", { status: "ok", message: schema }), games];
  } finally {
    await database.close();
  }
}

/** The schema's level and who wrote it; null for a database without our tables. */
async function readSchema({ handle }: OurDatabase): Promise<string | null> {
  const [present] = await handle.sql<{ isThere: boolean }[]>`
    select to_regclass('schema_migrations') is not null as "isThere"`;
  if (present?.isThere !== true) return null;
  const [newest] = await handle.sql<{ number: number; appVersion: string }[]>`
    select number, app_version as "appVersion" from schema_migrations order by number desc limit 1`;
  return newest === undefined ? null : `level ${newest.number}, written by Multitap ${newest.appVersion}`;
}

interface Games {
  readonly platformCount: number;
  readonly romCount: number;
  /** Null where it was not counted. */
  readonly missingCount: number | null;
}

async function countGames({ handle: { db } }: OurDatabase): Promise<Games> {
  const count = sql<number>`count(*)::int`;
  const [platformRow] = await db.select({ count }).from(platforms).where(eq(platforms.missingFromFs, false));
  const [romRow] = await db.select({ count }).from(roms);
  const [missingRow] = await db.select({ count }).from(roms).where(eq(roms.missingFromFs, true));
  return {
    platformCount: platformRow?.count ?? 0,
    romCount: romRow?.count ?? 0,
    missingCount: missingRow?.count ?? 0,
  };
}

async function judgeGames(scene: CheckScene, games: Games): Promise<Finding> {
  const { platformCount, romCount, missingCount } = games;
  const missing =
    missingCount === null || missingCount === 0 ? "" : `, ${formatNumber(missingCount)} missing on disk`;
  const known = `${formatNumber(romCount)} games on ${formatNumber(platformCount)} platforms${missing}`;
  const { folderCount } = await countPlatformFolders(scene);
  if (romCount > 0 && folderCount === 0) {
    const message = `${known} are known, but the library is empty; is the mount there?`;
    return finding("games", { status: "fail", message, code: "E_LIBRARY_MISSING" });
  }
  return finding("games", { status: "ok", message: known });
}
