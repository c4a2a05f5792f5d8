/** Whatever a device sends to sync: no answer is our fault, and each comes. `MULTITAP_FUZZ_SEED` brings a run back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createRandom, type Random } from "../../../../scripts/library/random.ts";
import { ADMIN } from "../../auth/calls.testing.ts";
import { FILE_AT, openSyncScene, type SyncScene, sha1 } from "../../sync/scene.testing.ts";

/** How long each of the tests goes on, in milliseconds; `MULTITAP_FUZZ_MS=600000` is the long form. */
const FUZZ_MS = Number(process.env.MULTITAP_FUZZ_MS ?? "800");
/** An answer that takes longer counts as none, in milliseconds. */
const ANSWER_MAX_MS = 10_000;
const TEST_MAX_MS = FUZZ_MS + 60_000;

const seed = process.env.MULTITAP_FUZZ_SEED ?? String(Math.floor(Math.random() * 1e9));
console.log(`sync fuzz: MULTITAP_FUZZ_SEED=${seed}`);

let scene: SyncScene;
let deviceId = "";
beforeAll(async () => {
  scene = await openSyncScene();
  deviceId = await scene.addDevice("Fuzz");
  for (const name of ["a.srm", "b.srm", "c.state"])
    await scene.store({ name, slot: "auto", device_id: deviceId }, name);
}, TEST_MAX_MS);
afterAll(async () => {
  try {
    expect(await listLost()).toEqual([]);
  } finally {
    await scene?.close();
  }
}, TEST_MAX_MS);

/** Rows whose bytes are gone: whatever was sent, none may be. */
async function listLost(): Promise<readonly string[]> {
  const { database, basePath } = scene.library.app;
  const rows = await database.handle.sql<{ path: string }[]>`
    select stored_path as path from saves union select stored_path from states union
    select stored_path from trashed_assets where purged_at is null`;
  expect(rows.length).toBeGreaterThan(0);
  return rows.map(({ path }) => path).filter((path) => !existsSync(join(basePath, "assets", path)));
}

const TEXTS = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\u202e",
  "../../etc/passwd",
  "/",
  "%00",
  "'; drop table saves; --",
  "$1",
  "{}",
  "null",
  "x".repeat(300),
  "x".repeat(5_000),
  "💾".repeat(200),
  "a.srm",
  "a [2026-01-01_00-00-00].srm",
  "c.state.auto",
  "auto",
  "none",
  sha1("a.srm"),
  sha1("a.srm").toUpperCase(),
  "0".repeat(64),
  FILE_AT,
  "2026-13-45T99:99:99Z",
  "+275760-09-13T00:00:00.001Z",
  "-000001-01-01T00:00:00Z",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999999999+14:00",
  "1e400",
  "2147483648",
  "9007199254740993",
  "-1",
  "1.5",
];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e21,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  Number.MAX_SAFE_INTEGER,
];

/** Any value that JSON can hold. */
function makeValue(random: Random, depth = 0): unknown {
  const kind = random.below(depth > 2 ? 4 : 7);
  if (kind === 0) return TEXTS[random.below(TEXTS.length)];
  if (kind === 1) return NUMBERS[random.below(NUMBERS.length)];
  if (kind === 2) return random.chance(50);
  if (kind === 3) return null;
  if (kind === 4) return Array.from({ length: random.below(4) }, () => makeValue(random, depth + 1));
  if (kind === 5) return { ["__proto__"]: makeValue(random, depth + 1), id: makeValue(random, depth + 1) };
  return TEXTS[random.below(TEXTS.length)];
}

type Place = { readonly of: Record<string, unknown>; readonly key: string };

function listPlaces(value: unknown): readonly Place[] {
  if (typeof value !== "object" || value === null) return [];
  const of = value as Record<string, unknown>;
  return Object.keys(of).flatMap((key) => [{ of, key }, ...listPlaces(of[key])]);
}

/** A copy in which one or two places are something else, gone, or there twice: more, and nothing gets past the door. */
function damage(random: Random, body: object): unknown {
  const copy = structuredClone(body);
  for (let left = 1 + random.below(2); left > 0; left -= 1) {
    const places = listPlaces(copy);
    const place = places[random.below(places.length)];
    if (place === undefined) break;
    const { of, key } = place;
    const kind = random.below(4);
    if (kind === 0 && !Array.isArray(of)) delete of[key];
    else if (kind === 1 && Array.isArray(of)) of.push(structuredClone(of[Number(key)]));
    else if (kind === 2 && typeof of[key] === "string") of[key] = TEXTS[random.below(TEXTS.length)];
    else of[key] = makeValue(random);
  }
  return copy;
}

/** Sends one request and asks that the answer is one; gives its status. */
async function send(path: string, init: RequestInit, what: unknown): Promise<number> {
  const headers = { authorization: ADMIN, ...(init.headers as Record<string, string> | undefined) };
  const answered = scene.library.app.fetch(path, { ...init, headers });
  const late = Bun.sleep(ANSWER_MAX_MS).then(() => null);
  const response = await Promise.race([answered, late]);
  const text = (await response?.text()) ?? "no answer";
  const status = response?.status ?? 0;
  if (status < 200 || status >= 500) {
    throw new Error(
      `${path} answered ${status} ${text.slice(0, 300)} to ${JSON.stringify(what).slice(0, 4_000)}`,
    );
  }
  return status;
}

/** Repeats until the time is over; counts what came back. */
async function repeat(
  name: string,
  step: (random: Random) => Promise<number>,
): Promise<ReadonlyMap<number, number>> {
  const random = createRandom(`${name}/${seed}`);
  const counts = new Map<number, number>();
  const endAtMs = performance.now() + FUZZ_MS;
  while (performance.now() < endAtMs) {
    const status = await step(random);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  console.log(`${name}: ${JSON.stringify(Object.fromEntries(counts))}`);
  return counts;
}

const sendJson = (path: string, body: unknown) =>
  send(
    path,
    { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
    body,
  );

const FILES = ["a.srm", "b.srm", "new.srm", "c.state"];
const SHAPES = {
  negotiate: () => ({
    path: "/api/sync/negotiate",
    body: {
      device_id: deviceId,
      dry_run: false,
      saves: FILES.map((name, index) => ({
        rom_id: scene.romId,
        file_name: name,
        slot: "auto",
        emulator: "mgba",
        content_hash: index % 2 === 0 ? sha1(name) : sha1(`other ${name}`),
        updated_at: FILE_AT,
        file_size_bytes: 10,
      })),
    },
  }),
  "negotiate in the documented shape": () => ({
    path: "/api/sync/negotiate",
    body: {
      device_id: deviceId,
      roms: [
        {
          rom_id: scene.romId,
          saves: FILES.map((file) => ({ file, mtime: FILE_AT, sha1: sha1(`other ${file}`) })),
        },
      ],
    },
  }),
  "sync.plan": () => ({
    path: "/trpc/sync.plan",
    body: {
      deviceId,
      direction: "both",
      kinds: ["save", "state"],
      entries: FILES.map((name, index) => ({
        key: name,
        rom: [
          scene.romId,
          { sha1: sha1("rom") },
          { platformSlug: "n64", fsName: "Star Pilot (USA).z64" },
          scene.romId,
        ][index],
        kind: name.endsWith("state") ? "state" : "save",
        slot: "auto",
        name,
        hash: index % 2 === 0 ? sha1(name) : sha1(`other ${name}`),
        sizeBytes: 10,
        modifiedAt: FILE_AT,
      })),
    },
  }),
  "sync.storeKnown": () => ({
    path: "/trpc/sync.storeKnown",
    body: { romId: scene.romId, name: "k.srm", slot: "k", sha1: sha1("a.srm"), sizeBytes: 5, deviceId },
  }),
  "sync.complete": async () => ({
    path: "/trpc/sync.complete",
    body: {
      sessionId: (await scene.plan(deviceId, [])).sessionId,
      operationsCompleted: 1,
      operationsFailed: 0,
      playSessions: [
        {
          romId: scene.romId,
          saveSlot: "auto",
          startedAt: FILE_AT,
          endedAt: "2026-01-01T01:00:00Z",
          durationMs: 1000,
        },
      ],
    },
  }),
  "sync.removeVersions": async () => ({
    path: "/trpc/sync.removeVersions",
    body: {
      versions: [{ kind: "save", id: (await scene.store({ name: "gone.srm" }, "gone")).body.version.id }],
    },
  }),
  "sync.acknowledge": () => ({
    path: "/trpc/sync.acknowledge",
    body: { deviceId, versions: [{ kind: "save", id: 1, sha1: sha1("a.srm") }] },
  }),
} as const;

describe("bodies that are almost right", () => {
  test.each(Object.entries(SHAPES))(
    "%s answers each",
    async (name, shape) => {
      const counts = await repeat(name, async (random) => {
        const { path, body } = await shape();
        return await sendJson(path, damage(random, body));
      });
      // A fuzz that only gets refusals at the door finds nothing behind it.
      expect(counts.get(200) ?? 0).toBeGreaterThan(0);
      expect([...counts.keys()].some((status) => status >= 400)).toBe(true);
    },
    TEST_MAX_MS,
  );
});

describe("uploads that are almost right", () => {
  const pickText = (random: Random) => (random.chance(30) ? (TEXTS[random.below(TEXTS.length)] ?? "") : null);

  function makeQuery(random: Random): string {
    const right: Readonly<Record<string, string>> = {
      rom_id: String(scene.romId),
      slot: "fuzz",
      emulator: "mgba",
      device_id: deviceId,
      session_id: "1",
      overwrite: "false",
      autocleanup: "true",
      autocleanup_limit: "3",
      name: "f.srm",
      based_on: "none",
      kind: "save",
      kept_max: "2",
      is_forced: "true",
    };
    const given = Object.entries(right)
      .filter(([name]) => name === "rom_id" || random.chance(50))
      .map(([name, value]) => [name, random.chance(15) ? (pickText(random) ?? value) : value] as const);
    // Lone surrogates cannot be sent in an address at all.
    return new URLSearchParams(given.map(([name, value]) => [name, value.toWellFormed()])).toString();
  }

  function makeForm(random: Random, fieldName: string): Uint8Array<ArrayBuffer> {
    const name = (pickText(random) ?? "f.srm").replaceAll(/["\r\n]/g, "_");
    const field = random.chance(90) ? fieldName : "other";
    const content = random.chance(50)
      ? String(random.below(1e9))
      : "PK\x05\x06".padEnd(random.below(60), "\0");
    const head = `--x\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\n\r\n`;
    const bytes = Buffer.from(`${head}${content}\r\n--x--\r\n`);
    const broken = random.below(12);
    if (broken === 0) return new Uint8Array(bytes.subarray(0, random.below(bytes.length)));
    if (broken === 1) bytes[random.below(bytes.length)] = random.below(256);
    if (broken === 2) return new Uint8Array(Buffer.concat([bytes.subarray(0, -8), bytes, bytes]));
    return new Uint8Array(bytes);
  }

  test.each(["/api/saves", "/api/states", "/api/sync/versions"])(
    "%s answers each",
    async (path) => {
      const counts = await repeat(path, async (random) => {
        const query = makeQuery(random);
        const isForm = path !== "/api/sync/versions";
        const body = makeForm(random, path === "/api/states" ? "stateFile" : "saveFile");
        const type = random.chance(95)
          ? "multipart/form-data; boundary=x"
          : (pickText(random) ?? "text/plain");
        const headers = {
          "content-type": isForm ? type.replaceAll(/[^\x20-\x7e]/g, "?") : "application/octet-stream",
        };
        return await send(`${path}?${query}`, { method: "POST", headers, body }, [
          query,
          [...body].slice(0, 300),
        ]);
      });
      expect(counts.get(200) ?? 0).toBeGreaterThan(0);
    },
    TEST_MAX_MS,
  );
});

test(
  "one device that asks many times at once, in another order each time, is answered each time",
  async () => {
    const random = createRandom(`order/${seed}`);
    const { path, body } = SHAPES.negotiate();
    for (let round = 0; round < 10; round += 1) {
      const bodies = Array.from({ length: 8 }, () => ({
        ...body,
        saves: Array.from({ length: 12 }, () => body.saves[random.below(body.saves.length)]),
      }));
      const statuses = await Promise.all(bodies.map((each) => sendJson(path, each)));
      expect(statuses).toEqual(statuses.map(() => 200));
    }
  },
  TEST_MAX_MS,
);
