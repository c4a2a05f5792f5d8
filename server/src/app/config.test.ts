import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, readConfig } from "./config.ts";
import { StartError } from "./config-errors.ts";
import type { RawEnvironment } from "./read-environment.ts";
import { VARIABLES } from "./variables.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-config-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const read = (raw: RawEnvironment, memoryLimitBytes: number | null = null): Config =>
  readConfig(raw, { defaultBasePath: "/data", memoryLimitBytes });

function refusal(raw: RawEnvironment): StartError {
  try {
    read(raw);
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new RangeError("the configuration was accepted");
}

describe("readConfig", () => {
  test("starts on nothing but defaults", () => {
    expect(read({})).toMatchObject({
      basePath: "/data",
      host: "0.0.0.0",
      port: 8080,
      databaseUrl: null,
      redisUrl: null,
      corsOrigins: "*",
      sessionMaxAgeMs: 1_209_600_000,
      logLevel: "info",
      isCacheOn: true,
    });
  });

  test.each([
    [{ ROMM_PORT: "eighty" }, "ROMM_PORT", '"eighty"'],
    [{ ROMM_PORT: "70000" }, "ROMM_PORT", "from 0 to 65535"],
    [{ KIOSK_MODE: "maybe" }, "KIOSK_MODE", "true or false"],
    [{ LOGLEVEL: "LOUD" }, "LOGLEVEL", "DEBUG, INFO"],
    [{ TZ: "Nonsense/Zone" }, 'TZ "Nonsense/Zone" is unknown', "E_CONFIG"],
    [{ ROMM_BASE_URL: "ftp://x" }, "ROMM_BASE_URL", "http or https"],
    [{ MULTITAP_URL_PREFIX: "romm" }, "MULTITAP_URL_PREFIX", "/romm"],
    [{ MULTITAP_TRUSTED_PROXIES: "10.0.0.0/33" }, "MULTITAP_TRUSTED_PROXIES", "CIDR"],
    [{ MULTITAP_ROLES: "api,cook" }, "MULTITAP_ROLES", "api, worker, relay"],
    [{ ROMM_DB_DRIVER: "mariadb" }, "ROMM_DB_DRIVER is mariadb", "import-romm"],
    [{ ROMM_DB_DRIVER: "postgresql" }, "neither DATABASE_URL nor DB_HOST", "E_CONFIG"],
    [{ DATABASE_URL: "mysql://u:pw@h/d" }, "DATABASE_URL is (hidden)", "postgres://"],
    [{ REDIS_URL: "http://h" }, "REDIS_URL is (hidden)", "redis://"],
    [{ DB_PASSWD: "a", DB_PASSWD_FILE: "/b" }, "both DB_PASSWD and DB_PASSWD_FILE", "Remove one"],
    [{ DB_PASSWD_FILE: "/no/such/file" }, "DB_PASSWD_FILE /no/such/file: no such file", "for uid"],
    [{ SCAN_WORKERS: "0" }, "SCAN_WORKERS", "from 1 to 64"],
    [{ MULTITAP_WATCH_MODE: "hard" }, "MULTITAP_WATCH_MODE", "auto, native, poll"],
    [{ RESCAN_ON_FILESYSTEM_CHANGE_DELAY: "-1" }, "RESCAN_ON_FILESYSTEM_CHANGE_DELAY", "from 0 to 1440"],
    [{ MULTITAP_FETCH_ALLOW: "nas.lan,a b" }, 'MULTITAP_FETCH_ALLOW is "nas.lan,a b"', "networks"],
    [{ HTTP_PROXY: "socks5://me:pw@proxy" }, "HTTPS_PROXY is (hidden)", "http://user"],
    [{ https_proxy: "http://" }, "HTTPS_PROXY is (hidden)", "http://user"],
    [{ NO_PROXY: "nas.lan,http://x" }, "NO_PROXY", "networks"],
    [{ SCHEDULED_RESCAN_CRON: "every day" }, 'SCHEDULED_RESCAN_CRON is "every day"', "five fields"],
    [{ SCHEDULED_RESCAN_CRON: "61 * * * *" }, 'SCHEDULED_RESCAN_CRON is "61 * * * *"', "five fields"],
    [{ SCHEDULED_RESCAN_CRON: "0 0 3 * * *" }, "SCHEDULED_RESCAN_CRON", "five fields"],
    [{ SCHEDULED_RESCAN_CRON: "0 3 30 2 *" }, "SCHEDULED_RESCAN_CRON", "five fields"],
    [{ SCHEDULED_RESCAN_CRON: "0 3 LW * *" }, "SCHEDULED_RESCAN_CRON", "five fields"],
  ] as const)("refuses %o in one line naming variable and what is accepted", (raw, named, accepted) => {
    const error = refusal(raw);
    expect(error.message).toContain(named);
    expect(error.message).toContain(accepted);
    expect(error.message).toEndWith("(E_CONFIG)");
    expect(error.message).not.toContain("\n");
    expect(error.message).not.toContain("pw@");
    expect(error.exitCode).toBe(78);
  });

  test("reads every variable from a file too, without its last line break", async () => {
    for (const name of Object.keys(VARIABLES)) {
      const path = join(folder, name);
      await writeFile(path, "");
      // An empty file counts as an empty value, which no kind but text accepts.
      expect(() => read({ [`${name}_FILE`]: path })).not.toThrow(TypeError);
    }
    const path = join(folder, "password");
    await writeFile(path, "s3cr3t/with:signs\n");
    const { databaseUrl } = read({ DB_HOST: "db", DB_PASSWD_FILE: path });
    expect(databaseUrl).toBe("postgres://romm:s3cr3t%2Fwith%3Asigns@db:5432/romm");
  });

  test("treats an empty variable as unset", () => {
    expect(read({ ROMM_PORT: "", DATABASE_URL: "" })).toMatchObject({ port: 8080, databaseUrl: null });
  });

  test("builds the address of Redis from its parts", () => {
    const parts = { REDIS_HOST: "cache", REDIS_PASSWORD: "p@ss", REDIS_DB: "3", REDIS_SSL: "true" };
    expect(read(parts).redisUrl).toBe("rediss://:p%40ss@cache:6379/3");
  });

  test("uses one hashing worker where memory is short", () => {
    expect(read({}, 256 * 1024 * 1024).workerCount).toBe(1);
    expect(read({ SCAN_WORKERS: "3" }, 256 * 1024 * 1024).workerCount).toBe(3);
  });

  test("watches the library and scans it at night only when told", () => {
    expect(read({})).toMatchObject({ watching: null, scanSchedule: null });
    const on = { ENABLE_RESCAN_ON_FILESYSTEM_CHANGE: "true", ENABLE_SCHEDULED_RESCAN: "1", TZ: "Asia/Tokyo" };
    expect(read(on)).toMatchObject({
      watching: { mode: "auto", pollIntervalMs: 60_000, delayMs: 300_000 },
      scanSchedule: { cron: "0 3 * * *", timeZone: "Asia/Tokyo" },
    });
    const own = { ...on, MULTITAP_WATCH_MODE: "poll", RESCAN_ON_FILESYSTEM_CHANGE_DELAY: "0" };
    expect(read(own).watching).toMatchObject({ mode: "poll", delayMs: 5_000 });
  });

  test("sends its own calls by the operator's proxies, by either spelling of their names", () => {
    const { proxies } = read({
      HTTP_PROXY: "proxy:3128",
      https_proxy: "http://other:1",
      no_proxy: "nas.lan .home",
    });
    const urls = ["http://a.example", "https://a.example", "http://nas.lan", "https://x.home"];
    expect(urls.map((url) => proxies.choose(new URL(url)))).toEqual([
      "http://proxy:3128/",
      "http://other:1/",
      null,
      null,
    ]);
  });

  test("lists origins, or any", () => {
    expect(read({ ROMM_CORS_ALLOWED_ORIGINS: "https://a, https://b" }).corsOrigins).toEqual([
      "https://a",
      "https://b",
    ]);
    expect(read({ ROMM_CORS_ALLOWED_ORIGINS: "https://a,*" }).corsOrigins).toBe("*");
  });
});
