// A hidden platform or rom is answered like one that was never there: every answer is taken twice, once while the
// things are hidden and once after their rows are gone, and both must be the same bytes.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { listEntries } from "../../app/registry.ts";
import { ADMIN, callApp, VIEWER } from "../../auth/calls.testing.ts";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";
import { inputOf } from "../../rpc/kit.testing.ts";

/** Opening a library and asking all of it takes seconds on a busy machine. */
const SLOW_MS = 60_000;
/** The supported platforms tell nothing of a library; a random rom is another one in each answer. */
const UNCOMPARED_PATHS: readonly string[] = ["/api/platforms/supported", "/api/roms/random"];

const SHARED_SHA1 = "aa".repeat(20);
const SECRET_SHA1 = "bb".repeat(20);
const N64_SHA1 = "cc".repeat(20);
const hashes = (sha1: string) => ({
  sha1,
  md5: sha1.slice(0, 32),
  crc32: sha1.slice(0, 8),
});

/** A library with three platforms; of one some roms and another as a whole are to be hidden. */
interface Scene {
  readonly library: TestLibrary;
  readonly ids: {
    readonly gba: number;
    readonly n64: number;
    readonly secret: number;
    readonly inN64: number;
    readonly shown: number;
  };
}

async function openScene(environment: Record<string, string> = {}): Promise<Scene> {
  const library = await openLibrary({ environment });
  const gbaRoms = await library.addRoms("gba", [
    "Aaa Secret (Mars).gba",
    "Plain (USA).gba",
    "Zzz Secret.gba",
  ]);
  const n64Roms = await library.addRoms("n64", ["Deep (Moon).z64", "Plain (USA).z64"]);
  await library.addRoms("snes", ["Open (Europe).sfc"]);
  const secret = gbaRoms["Aaa Secret (Mars).gba"] ?? 0;
  const shown = gbaRoms["Plain (USA).gba"] ?? 0;
  const zzz = gbaRoms["Zzz Secret.gba"] ?? 0;
  const inN64 = n64Roms["Deep (Moon).z64"] ?? 0;
  // The hidden rom stands before the visible one of the same hash.
  await library.setHashes(secret, hashes(SHARED_SHA1));
  await library.setHashes(shown, hashes(SHARED_SHA1));
  await library.setHashes(zzz, hashes(SECRET_SHA1));
  await library.setHashes(inN64, hashes(N64_SHA1));
  await library.change("update roms set igdb_id = 7");
  await library.change(`update roms set player_count = 'secret' where id in (${secret}, ${inN64})`);
  await library.change(`update roms set gamelist_id = 'x' where id = ${zzz}`);
  await library.change(`insert into rom_facets (rom_id, platform_id, kind, value)
    select id, platform_id, 'genre', 'Secret Genre' from roms where id in (${secret}, ${inN64})`);
  const gba = await library.addPlatform("gba");
  const n64 = await library.addPlatform("n64");
  await library.change(`insert into firmware (platform_id, file_name, file_name_no_tags, file_name_no_ext,
      file_extension, file_path)
    values (${n64}, 'pif.bin', 'pif', 'pif', 'bin', 'bios/n64'), (${gba}, 'gba.bin', 'gba', 'gba', 'bin', 'bios/gba')`);
  return { library, ids: { gba, n64, secret, inN64, shown } };
}

/** Hides the secret roms and one platform as an administrator would. */
async function hideAll({ library, ids }: Scene, owner: object): Promise<void> {
  const zzz = await findId(library, "Zzz Secret.gba");
  for (const [entity, id] of [
    ["roms", ids.secret],
    ["roms", zzz],
    ["platforms", ids.n64],
  ] as const) {
    const json = { entity, entity_id: id, ...owner };
    const answer = await callApp(library.app, "/api/permissions/hidden", { json, authorization: ADMIN });
    expect([answer.status, answer.json]).toEqual([200, { entity, entity_id: id }]);
  }
}

async function removeAll({ library, ids }: Scene): Promise<void> {
  await library.change("delete from hidden_entities");
  await library.change(`delete from roms where fs_name like '%Secret%' and platform_id = ${ids.gba}`);
  await library.change(`delete from platforms where id = ${ids.n64}`);
  // A folder without a row is a platform to be.
  await rm(join(library.app.facts.libraryPath, "roms/n64"), { recursive: true });
}

async function findId(library: TestLibrary, fsName: string): Promise<number> {
  const { sql } = library.app.database.handle;
  const [row] = await sql<{ id: number }[]>`select id from roms where fs_name = ${fsName}`;
  return row?.id ?? 0;
}

/** Every GET route with an id of a rom or a platform, with ids of each sort; a new route is here by itself. */
function pathsWithIds({ ids }: Scene): readonly string[] {
  const routes = listEntries().filter(
    ({ door, method, path }) =>
      door === "rest" && method === "GET" && /^\/api\/(roms|platforms)\/\{/.test(path),
  );
  expect(routes.length).toBeGreaterThanOrEqual(5);
  return routes.flatMap(({ path }) => {
    const known = path.startsWith("/api/roms/") ? [ids.secret, ids.inN64, ids.shown] : [ids.n64, ids.gba];
    return [...known, 99_999].map((id) => path.replace(/\{\w+\}/, String(id)).replaceAll(/\{\w+\}/g, "name"));
  });
}

/** Lists, lookups and counts, on which something hidden would leave a trace. */
function listPaths({ ids }: Scene): readonly string[] {
  const plain = listEntries()
    .filter(
      ({ door, method, path }) =>
        door === "rest" && method === "GET" && /^\/api\/(roms|platforms|firmware|stats)/.test(path),
    )
    .map(({ path }) => path)
    .filter((path) => !path.includes("{") && !UNCOMPARED_PATHS.includes(path));
  return [
    ...plain,
    "/api/roms?with_files=true&order_by=fs_size_bytes",
    "/api/roms?limit=1&offset=1",
    "/api/roms?limit=1&with_rom_id_index=false",
    "/api/roms?with_char_index=true&order_by=name&order_dir=desc",
    "/api/roms?search_term=secret",
    "/api/roms?search_term=plain",
    `/api/roms?search_term=${N64_SHA1}`,
    `/api/roms?platform_ids=${ids.n64}`,
    `/api/roms?platform_ids=${ids.gba}`,
    `/api/roms?platform_ids=${ids.n64}&platform_ids=${ids.gba}&search_term=a`,
    "/api/roms?genres=Secret+Genre",
    "/api/roms?regions=Mars&regions=USA",
    `/api/roms/by-hash?sha1_hash=${SHARED_SHA1}`,
    `/api/roms/by-hash?md5_hash=${SECRET_SHA1.slice(0, 32)}`,
    `/api/roms/by-hash?crc_hash=${N64_SHA1.slice(0, 8)}`,
    "/api/platforms?updated_after=2000-01-01T00:00:00Z",
    `/api/firmware?platform_id=${ids.n64}`,
    "/api/stats?include_platform_stats=true",
  ];
}

function questions({ ids }: Scene): readonly (readonly [string, unknown])[] {
  return [
    ["roms.list", { withTotal: true, with: ["siblings", "files", "metadata", "user"] }],
    ["roms.list", { limit: 1, orderBy: "id" }],
    ["roms.list", { platformIds: [ids.n64], withTotal: true }],
    ["roms.get", { romId: ids.secret }],
    ["roms.get", { romId: ids.inN64, with: ["files"] }],
    ["roms.get", { romId: ids.shown, with: ["siblings"] }],
    ["roms.find", { sha1: SHARED_SHA1 }],
    ["roms.find", { sha1: SECRET_SHA1 }],
    ["roms.find", { md5: N64_SHA1.slice(0, 32) }],
    ["roms.find", { crc32: SHARED_SHA1.slice(0, 8), sizeBytes: 1 }],
    ["roms.find", { platformSlug: "n64", fsName: "Deep (Moon).z64" }],
    ["roms.identifiers", {}],
    ["platforms.list", {}],
    ["platforms.get", { platformId: ids.n64 }],
    ["platforms.get", { platformId: ids.gba }],
    ["platforms.identifiers", {}],
    ["platforms.listFolders", {}],
    ["firmware.list", {}],
    ["firmware.list", { platformId: ids.n64 }],
    ["firmware.identifiers", {}],
    ["stats.get", { withPlatforms: true }],
  ];
}

/** Everything an answer tells, but for what no two answers share. */
async function takeAnswers(scene: Scene, headers: Record<string, string>): Promise<Map<string, unknown>> {
  const answers = new Map<string, unknown>();
  const rpcPaths = questions(scene).map(([name, input]) => `/trpc/${name}?${inputOf(input)}`);
  for (const path of [...pathsWithIds(scene), ...listPaths(scene), ...rpcPaths]) {
    const response = await scene.library.app.fetch(path, { headers });
    const text = (await response.text()).replaceAll(/"requestId":"\w+"/g, "");
    const kept = [...response.headers].filter(
      ([name]) => !["x-request-id", "date", "set-cookie"].includes(name),
    );
    answers.set(path, { status: response.status, headers: Object.fromEntries(kept), text });
  }
  return answers;
}

async function defaultGroupId({ app }: TestLibrary): Promise<number> {
  const [row] = await app.database.handle.sql<
    { id: number }[]
  >`select id from permission_groups where is_default`;
  return row?.id ?? 0;
}

async function viewerId({ app }: TestLibrary): Promise<number> {
  const [row] = await app.database.handle.sql<{ id: number }[]>`select id from users where username = 'ana'`;
  return row?.id ?? 0;
}

const byUser = async (library: TestLibrary) => ({ user_id: await viewerId(library) });
const byDefaultGroup = async (library: TestLibrary) => ({ group_id: await defaultGroupId(library) });

describe("what is hidden", () => {
  const callers = [
    ["from a user", { authorization: VIEWER }, {}, byUser],
    [
      "from a user, without kept answers",
      { authorization: VIEWER },
      { MULTITAP_RESPONSE_CACHE: "false" },
      byUser,
    ],
    ["from the group that a user without group follows", { authorization: VIEWER }, {}, byDefaultGroup],
    ["from the visitor of a kiosk", {}, { KIOSK_MODE: "true" }, byDefaultGroup],
    ["from anybody where downloads are open", {}, { DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true" }, byDefaultGroup],
  ] as const;

  test.each(callers)(
    "%s is answered like what was never there",
    async (_name, headers, environment, ownerOf) => {
      const scene = await openScene(environment);
      const open = await takeAnswers(scene, headers);
      await hideAll(scene, await ownerOf(scene.library));
      const hidden = await takeAnswers(scene, headers);
      await removeAll(scene);
      const absent = await takeAnswers(scene, headers);
      await scene.library.close();
      for (const [path, answer] of hidden) expect([path, answer]).toEqual([path, absent.get(path)]);
      // The table would prove nothing if hiding changed nothing.
      const changed = [...open].filter(([path, answer]) => !Bun.deepEquals(answer, hidden.get(path)));
      expect(changed.length).toBeGreaterThan("authorization" in headers ? 25 : 2);
    },
    SLOW_MS,
  );
});

describe("hiding", () => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await openScene();
    await hideAll(scene, await byUser(scene.library));
  }, SLOW_MS);
  afterAll(() => scene.library.close());

  test("says the words that device apps match", async () => {
    const rom = await scene.library.get(`/api/roms/${scene.ids.secret}`, {
      headers: { authorization: VIEWER },
    });
    expect([rom.status, rom.body]).toEqual([404, { detail: `Rom with id '${scene.ids.secret}' not found` }]);
    const platform = await scene.library.get(`/api/platforms/${scene.ids.n64}`, {
      headers: { authorization: VIEWER },
    });
    const detail = `Platform with id '${scene.ids.n64}' not found`;
    expect([platform.status, platform.body]).toEqual([404, { detail }]);
  });

  test("keeps nothing from administrators", async () => {
    const { body } = await scene.library.get<{ total: number }>("/api/roms");
    expect(body.total).toBe(6);
    const platforms = await scene.library.get<{ rom_count: number }[]>("/api/platforms");
    expect(platforms.body.map((platform) => platform.rom_count)).toEqual([3, 2, 1]);
  });

  test("shows a known platform that is hidden like one that the library does not hold", async () => {
    const { body } = await scene.library.ask<{ slug: string; id: number; romCount: number }[]>(
      "platforms.supported",
      undefined,
      VIEWER,
    );
    const n64 = body.find((platform) => platform.slug === "n64");
    expect([n64?.id, n64?.romCount]).toEqual([-1, 0]);
    expect(body.find((platform) => platform.slug === "gba")?.romCount).toBe(1);
  });

  test("takes folder names out of the heartbeat and scans", async () => {
    const readFolders = async (authorization: string) => {
      const { body } = await scene.library.get<{ FILESYSTEM: { FS_PLATFORMS: string[] } }>("/api/heartbeat", {
        headers: { authorization },
      });
      return body.FILESYSTEM.FS_PLATFORMS;
    };
    expect(await readFolders(ADMIN)).toEqual(["gba", "n64", "snes"]);
    expect(await readFolders(VIEWER)).toEqual(["gba", "snes"]);
    const { library } = scene;
    await library.change(`insert into scans (type, platform_fs_slugs, status, phase, accept_missing)
      values ('quick', '{gba,n64}', 'done', 'ended', false)`);
    const scans = await library.ask<{ id: number; platformFsSlugs: string[] }[]>("scan.list", {}, VIEWER);
    expect(scans.body[0]?.platformFsSlugs).toEqual(["gba"]);
    const one = await library.ask("scan.get", { scanId: scans.body[0]?.id }, VIEWER);
    expect(one.body).toMatchObject({ platformFsSlugs: ["gba"] });
    expect((await library.ask("scan.list", {})).body).toMatchObject([{ platformFsSlugs: ["gba", "n64"] }]);
  });

  test(
    "needs the same number of statements for many hidden roms as for few",
    async () => {
      const slow = await openScene({ MULTITAP_RESPONSE_CACHE: "false" });
      const { library } = slow;
      const { sql } = library.app.database.handle;
      await hideAll(slow, await byUser(library));
      let statements = 0;
      const send = sql.unsafe;
      const count: typeof send = (text, ...rest) => {
        if (/\b(?:roms|rom_\w+|platforms|firmware|hidden_entities)\b/.test(text)) statements += 1;
        return send(text, ...rest);
      };
      sql.unsafe = count;
      const countFor = async (path: string) => {
        const call = () => library.get(path, { headers: { authorization: VIEWER } });
        expect((await call()).status).toBe(200);
        statements = 0;
        await call();
        return statements;
      };
      const countAll = async () => [
        await countFor("/api/roms?limit=10"),
        await countFor("/api/platforms"),
        await countFor("/api/stats?include_platform_stats=true"),
      ];
      const few = await countAll();
      await library.change(`insert into hidden_entities (entity, entity_id, user_id)
      select 'roms', 100000 + i, id from generate_series(1, 5000) i, users where username = 'ana'`);
      expect(await countAll()).toEqual(few);
      expect(Math.max(...few)).toBeLessThanOrEqual(14);
      await library.close();
    },
    SLOW_MS,
  );
});
