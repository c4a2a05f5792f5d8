import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { canBecomeOtherUser } from "../../../../scripts/testing/other-user.ts";
import { canMount, mountFolder } from "./mounts.testing.ts";
import { endScenes, makeFolder } from "./scene.testing.ts";
import { listDatabaseProcesses, spawnServer } from "./server-process.testing.ts";

afterAll(endScenes);

const TEST_MAX_MS = 60_000;
/** Stands in every secret, so that one search finds a leak of any. */
const SECRET = "s3cret-of-the-tests";

const SECRET_NAMES = ["DB_PASSWD", "REDIS_PASSWORD", "ROMM_AUTH_SECRET_KEY"];

const secretFolder = makeFolder("secrets");
const secretFile = join(secretFolder, "key");
writeFileSync(secretFile, `${SECRET}\n`);

const hasMounts = canMount();
const hasSetpriv = canBecomeOtherUser();

interface Refusal {
  readonly environment: Readonly<Record<string, string>>;
  readonly code: string;
  /** Parts of the message: the variable, the value where it is no secret, and what is accepted. */
  readonly shows: readonly string[];
  readonly prefix?: readonly string[];
}

type Row = readonly [name: string, refusal: Refusal];

/** A row of the commonest kind; the name is a variable, or one followed by `_FILE`. */
function config(
  name: string,
  environment: Readonly<Record<string, string>>,
  ...shows: readonly string[]
): Row {
  return [name, { environment, code: "E_CONFIG", shows }];
}

const refusals: readonly Row[] = [
  config("a port that is no number", { ROMM_PORT: "eighty" }, "ROMM_PORT", '"eighty"', "0 to 65535"),
  config("a port out of range", { ROMM_PORT: "65536" }, "ROMM_PORT", '"65536"', "0 to 65535"),
  config(
    "a variable and its file",
    { ROMM_AUTH_SECRET_KEY: SECRET, ROMM_AUTH_SECRET_KEY_FILE: secretFile },
    "ROMM_AUTH_SECRET_KEY",
    "ROMM_AUTH_SECRET_KEY_FILE",
  ),
  config(
    "a file that is not there",
    { DB_PASSWD_FILE: "/nowhere/password" },
    "DB_PASSWD_FILE /nowhere/password",
    "no such file",
  ),
  config(
    "a file that is a folder",
    { REDIS_PASSWORD_FILE: secretFolder },
    `REDIS_PASSWORD_FILE ${secretFolder}`,
  ),
  config("an unknown time zone", { TZ: "Nonsense/Zone" }, 'TZ "Nonsense/Zone" is unknown'),
  config(
    "a database URL of another kind",
    { DATABASE_URL: `mysql://romm:${SECRET}@db/romm` },
    "DATABASE_URL",
    "postgres://",
  ),
  config("a database URL that is none", { DATABASE_URL: SECRET }, "DATABASE_URL", "postgres://"),
  config(
    "MariaDB as the database",
    { ROMM_DB_DRIVER: "mariadb", DB_PASSWD: SECRET },
    "ROMM_DB_DRIVER",
    "mariadb",
    "import-romm",
  ),
  config("an unknown database", { ROMM_DB_DRIVER: "oracle" }, "ROMM_DB_DRIVER", '"oracle"', "postgresql"),
  config("a Redis URL of another kind", { REDIS_URL: `http://:${SECRET}@redis` }, "REDIS_URL", "redis://"),
  config("an unknown role", { MULTITAP_ROLES: "api,king" }, "MULTITAP_ROLES", "api, worker, relay"),
  config("a flag that is neither", { KIOSK_MODE: "perhaps" }, "KIOSK_MODE", '"perhaps"', "true or false"),
  config(
    "a public address without a scheme",
    { ROMM_BASE_URL: "example.org" },
    "ROMM_BASE_URL",
    '"example.org"',
  ),
  [
    "a database URL with a port out of range",
    {
      environment: { DATABASE_URL: `postgres://romm:${SECRET}@db:99999/romm` },
      code: "E_DB_CONNECT",
      shows: ["the database URL is not readable", "postgres://user:password@host"],
    },
  ],
  [
    "a base folder that cannot be made",
    { environment: { ROMM_BASE_PATH: "/proc/multitap" }, code: "E_BASE_PATH", shows: ["/proc/multitap"] },
  ],
  [
    "an address that is not of this machine",
    { environment: { ROMM_HOST: "203.0.113.1" }, code: "E_PORT", shows: ["203.0.113.1"] },
  ],
];

/** Starts a server that must refuse for good: one line on standard error, no secret, nothing left running. */
async function expectRefusal({ environment, code, shows, prefix }: Refusal): Promise<void> {
  const basePath = environment.ROMM_BASE_PATH ?? join(makeFolder("refused"), "base");
  const secrets = SECRET_NAMES.filter((name) => environment[`${name}_FILE`] === undefined);
  const server = spawnServer({
    basePath,
    environment: { ...Object.fromEntries(secrets.map((name) => [name, SECRET])), ...environment },
    prefix,
  });
  const ending = await server.ended;
  const lines = server.errors().trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^multitap: \S.* \(E_[A-Z_]+\)$/);
  for (const part of [...shows, `(${code})`]) expect(lines[0]).toContain(part);
  expect(server.output() + server.errors()).not.toContain(SECRET);
  expect(ending).toMatchObject({ exitCode: 78, signal: null });
  expect(listDatabaseProcesses(basePath)).toEqual([]);
}

describe("a wrong environment", () => {
  test.each(refusals)(
    "%s stops the start with one line, its code and no secret",
    async (_, refusal) => await expectRefusal(refusal),
    TEST_MAX_MS,
  );

  test(
    "a port that is taken is named",
    async () => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
      const address = taken.address();
      const port = typeof address === "object" && address !== null ? String(address.port) : "";
      try {
        const shows = [`127.0.0.1 port ${port}`];
        await expectRefusal({ environment: { ROMM_PORT: port }, code: "E_PORT", shows });
      } finally {
        taken.close();
      }
    },
    TEST_MAX_MS,
  );

  test(
    "a config.yml that is a folder is named",
    async () => {
      const basePath = join(makeFolder("folder"), "base");
      const path = join(basePath, "config", "config.yml");
      mkdirSync(path, { recursive: true });
      const environment = { ROMM_BASE_PATH: basePath };
      await expectRefusal({ environment, code: "E_CONFIG", shows: [path, "is a folder"] });
    },
    TEST_MAX_MS,
  );

  test.skipIf(!hasMounts)(
    "a base folder on a read-only file system is named (needs root and mounts)",
    async () => {
      const folder = makeFolder("read-only");
      const place = join(folder, "mount");
      mountFolder(folder, place, { isReadOnly: true });
      const environment = { ROMM_BASE_PATH: join(place, "base") };
      await expectRefusal({
        environment,
        code: "E_BASE_PATH",
        shows: [environment.ROMM_BASE_PATH, "read-only"],
      });
    },
    TEST_MAX_MS,
  );

  test.skipIf(!hasSetpriv)(
    "a file that our user may not read is named, and so is the user (needs root and setpriv)",
    async () => {
      const folder = makeFolder("foreign");
      chmodSync(folder, 0o755);
      const file = join(folder, "key");
      writeFileSync(file, SECRET, { mode: 0o600 });
      await expectRefusal({
        environment: { ROMM_AUTH_SECRET_KEY_FILE: file },
        code: "E_CONFIG",
        shows: [`ROMM_AUTH_SECRET_KEY_FILE ${file}: permission denied for uid 54321`],
        prefix: ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "--"],
      });
    },
    TEST_MAX_MS,
  );
});
