import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createTestApp, type TestApp } from "../app/testing.ts";
import { ADMIN, addAccounts, basic, callApp } from "../auth/calls.testing.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { inputOf } from "../rpc/kit.testing.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp();
  await addFolders(app);
  await addAccounts(app);
});
afterAll(() => app.close());

async function addFolders({ basePath }: TestApp): Promise<void> {
  for (const name of ["snes", "gba", "my-homebrew-box"]) {
    await mkdir(join(basePath, "library", "roms", name), { recursive: true });
  }
}

/** Every key of the compatible heartbeat in its order, and ours behind them. */
const HEARTBEAT = {
  SYSTEM: { VERSION: "5.2.0", SHOW_SETUP_WIZARD: false },
  METADATA_SOURCES: {
    ANY_SOURCE_ENABLED: true,
    IGDB_API_ENABLED: false,
    SS_API_ENABLED: false,
    SS_DEV_CREDENTIALS_SET: false,
    MOBY_API_ENABLED: false,
    STEAMGRIDDB_API_ENABLED: false,
    RA_API_ENABLED: false,
    LAUNCHBOX_API_ENABLED: false,
    HASHEOUS_API_ENABLED: false,
    PLAYMATCH_API_ENABLED: false,
    TGDB_API_ENABLED: false,
    FLASHPOINT_API_ENABLED: false,
    HLTB_API_ENABLED: false,
    LIBRETRO_API_ENABLED: true,
  },
  FILESYSTEM: { FS_PLATFORMS: ["gba", "my-homebrew-box", "snes"] },
  EMULATION: { DISABLE_EMULATOR_JS: false, DISABLE_RUFFLE_RS: false },
  FRONTEND: {
    DISABLE_USERPASS_LOGIN: false,
    DISABLE_LOGS_VIEWER: false,
    YOUTUBE_BASE_URL: "https://www.youtube.com",
  },
  OIDC: { ENABLED: false, AUTOLOGIN: false, PROVIDER: "", RP_INITIATED_LOGOUT: false },
  TASKS: {
    ENABLE_SCHEDULED_RESCAN: false,
    SCHEDULED_RESCAN_CRON: "0 3 * * *",
    ENABLE_SCHEDULED_UPDATE_SWITCH_TITLEDB: false,
    SCHEDULED_UPDATE_SWITCH_TITLEDB_CRON: "0 4 * * *",
    ENABLE_SCHEDULED_UPDATE_LAUNCHBOX_METADATA: false,
    SCHEDULED_UPDATE_LAUNCHBOX_METADATA_CRON: "0 4 * * *",
    ENABLE_SCHEDULED_CONVERT_IMAGES_TO_WEBP: false,
    SCHEDULED_CONVERT_IMAGES_TO_WEBP_CRON: "0 4 * * *",
  },
  CLIENT_TOKENS: { ENABLED: true },
  MULTITAP: {
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    apiRevision: 1,
    apiRevisionOldest: 1,
    features: expect.arrayContaining(["scan", "events"]),
  },
};
const HIDDEN = { ...HEARTBEAT, FILESYSTEM: { FS_PLATFORMS: [] } };

const heartbeat = (authorization?: string, path = "/api/heartbeat") => callApp(app, path, { authorization });

describe("GET /api/heartbeat", () => {
  test("answers the compatible shape key by key, and who we are beside it", async () => {
    const { status, headers, json } = await heartbeat(ADMIN);
    expect([status, headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(json).toEqual(HEARTBEAT);
    for (const [key, group] of Object.entries(HEARTBEAT)) {
      expect(Object.keys((json as Record<string, object>)[key] ?? {})).toEqual(Object.keys(group));
    }
    expect(Object.keys(json as object)).toEqual(Object.keys(HEARTBEAT));
    expect((await heartbeat(ADMIN, "/api/heartbeat/")).json).toEqual(json);
  });

  test("tells an anonymous caller nothing about folders once there is an administrator", async () => {
    expect((await heartbeat()).json).toEqual(HIDDEN);
  });

  test.each([
    "garbage",
    "Bearer",
    "Bearer garbage",
    "Bearer rmm_0000",
    "Bearer a.b.c",
    "Basic",
    "Basic !!!",
    "Basic YQ==",
    basic("admin", "wrong password"),
    "Digest username=x",
    "Bearer two tokens",
    "",
    " ",
    "x".repeat(10_000),
  ])("answers 200 with the Authorization header %p", async (authorization) => {
    const { status, json } = await heartbeat(authorization);
    expect([status, json]).toEqual([200, HIDDEN]);
  });

  test("answers 200 with damaged cookies", async () => {
    const cookie = "romm_session=%zz; romm_csrftoken=x.y; ; =; a";
    const { status } = await callApp(app, "/api/heartbeat", { headers: { cookie } });
    expect(status).toBe(200);
  });

  test("brings the token that a browser needs for writing", async () => {
    expect((await heartbeat()).headers.getSetCookie().join()).toContain("romm_csrftoken=");
  });

  test("answers HEAD and no other method", async () => {
    const length = new TextEncoder().encode((await heartbeat(ADMIN)).text).byteLength;
    const head = await callApp(app, "/api/heartbeat", { method: "HEAD", authorization: ADMIN });
    expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", String(length)]);
    const put = await callApp(app, "/api/heartbeat", { method: "PUT", authorization: ADMIN });
    expect([put.status, put.headers.get("allow"), put.json]).toEqual([
      405,
      "GET, HEAD",
      { detail: "Method Not Allowed" },
    ]);
  });
});

describe("GET /api/heartbeat of a fresh server", () => {
  test("shows the wizard and the folders until an administrator is made", async () => {
    const fresh = await createTestApp();
    await addFolders(fresh);
    const before = await callApp(fresh, "/api/heartbeat");
    expect(before.json).toEqual({ ...HEARTBEAT, SYSTEM: { ...HEARTBEAT.SYSTEM, SHOW_SETUP_WIZARD: true } });
    await addAccounts(fresh);
    fresh.createContext().noteWrite();
    expect((await callApp(fresh, "/api/heartbeat")).json).toEqual(HIDDEN);
    await fresh.close();
  });

  test("reports what the operator switched, and hides the wizard when told so", async () => {
    const fresh = await createTestApp({
      environment: {
        DISABLE_SETUP_WIZARD: "true",
        DISABLE_EMULATOR_JS: "true",
        DISABLE_USERPASS_LOGIN: "true",
        ENABLE_SCHEDULED_RESCAN: "true",
        SCHEDULED_RESCAN_CRON: "30 4 * * 1",
      },
    });
    expect((await callApp(fresh, "/api/heartbeat")).json).toMatchObject({
      SYSTEM: { SHOW_SETUP_WIZARD: false },
      EMULATION: { DISABLE_EMULATOR_JS: true, DISABLE_RUFFLE_RS: false },
      FRONTEND: { DISABLE_USERPASS_LOGIN: true },
      TASKS: { ENABLE_SCHEDULED_RESCAN: true, SCHEDULED_RESCAN_CRON: "30 4 * * 1" },
    });
    await fresh.close();
  });

  test("answers with a library folder that cannot be listed", async () => {
    const disk = createDiskFiles();
    const files = { ...disk, list: (path: string) => disk.list(join(path, "gone")) };
    const fresh = await createTestApp({ files });
    await addFolders(fresh);
    const { status, json } = await callApp(fresh, "/api/heartbeat");
    expect([status, json]).toMatchObject([200, { FILESYSTEM: { FS_PLATFORMS: [] } }]);
    await fresh.close();
  });
});

describe("system.info", () => {
  test("tells everyone who we are", async () => {
    const { status, json } = await callApp(app, "/trpc/system.info");
    expect([status, json]).toEqual([200, { result: { data: HEARTBEAT.MULTITAP } }]);
  });
});

describe("GET /api/heartbeat/metadata/{source}", () => {
  test.each([
    ...["igdb", "moby", "ss", "ra", "launchbox", "hasheous", "tgdb", "sgdb"],
    ...["flashpoint", "hltb", "gamelist", "libretro", "playmatch"],
  ])("answers false for %s while no provider is built in", async (source) => {
    const { status, text, headers } = await callApp(app, `/api/heartbeat/metadata/${source}`);
    expect([status, text, headers.get("content-type")]).toEqual([200, "false", "application/json"]);
  });

  test.each(["nope", "IGDB", "__proto__", "0"])("refuses %s, through both doors", async (source) => {
    const rest = await callApp(app, `/api/heartbeat/metadata/${source}`);
    expect([rest.status, rest.json]).toEqual([400, { detail: "Invalid metadata source" }]);
    const rpc = await callApp(app, `/trpc/system.hasMetadataSource?${inputOf({ source })}`);
    expect(rpc.json).toMatchObject({ error: { data: { code: "METADATA_SOURCE_UNKNOWN" } } });
  });
});
