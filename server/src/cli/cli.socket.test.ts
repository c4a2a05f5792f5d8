import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import {
  type CliEnd,
  type CliServer,
  endCli,
  makeBase,
  openTerminal,
  readControlText,
  runCli,
  startCliServer,
  waitFor,
  withServersDatabase,
} from "./cli.testing.ts";

const TEST_MAX_MS = 30_000;
afterAll(endCli, TEST_MAX_MS);

/** The one object that standard output holds with `--json`. */
function jsonOf({ out, err }: CliEnd): unknown {
  const lines = out.trimEnd().split("\n");
  if (lines.length !== 1) throw new RangeError(`${lines.length} lines: ${out}${err}`);
  return JSON.parse(lines[0] ?? "");
}

const basicOf = (name: string, password: string) => `Basic ${btoa(`${name}:${password}`)}`;

describe("the command line without a database", () => {
  let basePath = "";
  beforeAll(async () => {
    basePath = await makeBase();
  });

  test.each([
    [["scan", "--bogus"], "multitap: scan: unknown option --bogus. See multitap scan --help (CLI_USAGE)"],
    [["frobnicate"], "multitap: unknown command frobnicate. See multitap --help (CLI_USAGE)"],
  ])("refuses %j in one line with exit code 64", async (args, line) => {
    expect(await runCli(args, { basePath })).toEqual({ exitCode: 64, out: "", err: `${line}\n` });
  });

  test("refuses a wrong environment variable in one line with exit code 78", async () => {
    const options = { basePath, environment: { ROMM_PORT: "many" } };
    const [scan, serve, asJson] = await Promise.all([
      runCli(["scan"], options),
      runCli(["serve"], options),
      runCli(["doctor", "--json"], options),
    ]);
    const message = 'ROMM_PORT is "many". Accepted: a whole number from 0 to 65535.';
    expect(scan).toEqual({ exitCode: 78, out: "", err: `multitap: ${message} (E_CONFIG)\n` });
    expect(serve).toEqual(scan);
    expect([asJson.exitCode, jsonOf(asJson)]).toEqual([78, { error: { code: "E_CONFIG", message } }]);
  });

  test("has no server to be healthy, or to leave a scan to, and starts none", async () => {
    const health = await runCli(["health", "--json"], { basePath });
    expect([health.exitCode, jsonOf(health)]).toMatchObject([1, { error: { code: "CLI_NOT_READY" } }]);
    const scan = await runCli(["scan", "--wait=false", "--json"], { basePath });
    expect([scan.exitCode, jsonOf(scan)]).toMatchObject([1, { error: { code: "CLI_SERVER_NEEDED" } }]);
    expect(existsSync(join(basePath, "postgres"))).toBe(false);
  });

  test("diagnoses a folder before its first start, and changes nothing", async () => {
    const end = await runCli(["doctor", "--json"], { basePath });
    expect([end.exitCode, jsonOf(end)]).toMatchObject([0, { failedCount: 0 }]);
    expect(existsSync(join(basePath, "postgres"))).toBe(false);
    await mkdir(join(basePath, "config", "config.yml"), { recursive: true });
    const broken = await runCli(["doctor"], { basePath });
    expect(broken.exitCode).toBe(1);
    expect(broken.out).toMatch(/^fail {2}config\.yml .*is a folder.*\(E_CONFIG\)$/m);
    expect(broken.err).toBe("multitap: 1 of 10 checks failed (CLI_CHECKS_FAILED)\n");
  });
});

describe("the command line without a server", () => {
  test(
    "scans, makes accounts and tokens, and leaves nothing running",
    async () => {
      const basePath = await makeBase();
      const first = await runCli(["scan", "--json"], { basePath });
      expect([first.exitCode, jsonOf(first)]).toMatchObject([
        0,
        { isJoined: false, scan: { status: "done", stats: { romsNew: 24, filesHashed: 24 } }, problems: [] },
      ]);

      // What a killed server leaves must not keep anybody out.
      const stale = { url: "http://127.0.0.1:1", pid: 2 ** 22 + 1, startedAt: "", token: "mtc_00" };
      await writeFile(join(basePath, "secrets", "control.json"), JSON.stringify(stale));
      const second = await runCli(["scan", "--platform", "nowhere"], { basePath });
      expect([second.exitCode, second.out]).toMatchObject([
        1,
        expect.stringMatching(/^0 platforms, 0 games/),
      ]);
      expect(second.err).toContain('the library has no platform folder "nowhere" (CLI_PLATFORM_UNKNOWN)');

      const environment = { MULTITAP_PASSWORD: "a password" };
      const user = await runCli(["user", "create", "Ana", "--json"], { basePath, environment });
      expect(jsonOf(user)).toEqual({ user: { id: 1, username: "ana", role: "admin", email: null } });
      const token = await runCli(["token", "create", "--user", "ana", "--name", "app"], { basePath });
      expect(token).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^rmm_[0-9a-f]{64}\n$/) });

      const doctor = await runCli(["doctor"], { basePath });
      expect([doctor.exitCode, doctor.out]).toEqual([0, expect.stringContaining("24 games on 3 platforms")]);
    },
    TEST_MAX_MS,
  );
});

describe("the command line beside a running server", () => {
  let basePath = "";
  let server: CliServer;
  const run = (...args: string[]) => runCli(args, { basePath });
  const fetchMe = (authorization: string) =>
    fetch(`${server.url}/api/users/me`, { headers: { authorization } });
  beforeAll(async () => {
    basePath = await makeBase();
    server = await startCliServer(basePath);
    await runCli(["user", "create", "boss", "--password-stdin"], { basePath, input: "boss password\n" });
  }, TEST_MAX_MS);

  test("joins it by a file that only its user may read", async () => {
    expect(statSync(join(basePath, "secrets", "control.json")).mode & 0o777).toBe(0o600);
    const end = await run("scan", "--type", "complete", "--json");
    expect([end.exitCode, jsonOf(end)]).toMatchObject([
      0,
      { isJoined: true, scan: { type: "complete", stats: { romsTotal: 24 } } },
    ]);
    const left = await run("scan", "--wait=false", "--json");
    expect([left.exitCode, jsonOf(left)]).toMatchObject([0, { scan: { status: "queued" } }]);
    // Waits for the one that was left behind.
    expect(await run("scan", "--platform", "nes")).toMatchObject({ exitCode: 0 });
  });

  test("makes accounts that can sign in, and gives them new passwords", async () => {
    const input = "first password\nignored";
    const args = ["user", "create", "ana", "--role=viewer", "--email=a@b.co", "--password-stdin", "--json"];
    const created = jsonOf(await runCli(args, { basePath, input }));
    expect(created).toMatchObject({ user: { username: "ana", role: "user", email: "a@b.co" } });
    expect((await fetchMe(basicOf("ana", "first password"))).status).toBe(200);
    const again = await runCli(args, { basePath, input });
    expect([again.exitCode, jsonOf(again)]).toMatchObject([1, { error: { code: "USER_NAME_TAKEN" } }]);

    const environment = { MULTITAP_PASSWORD: "second password" };
    const reset = await runCli(["user", "reset-password", "Ana"], { basePath, environment });
    expect(reset).toEqual({ exitCode: 0, out: "ana has a new password.\n", err: "" });
    expect((await fetchMe(basicOf("ana", "first password"))).status).toBe(401);
    expect((await fetchMe(basicOf("ana", "second password"))).status).toBe(200);
  });

  test("makes tokens that work for what they were made for", async () => {
    const args = ["token", "create", "--user=boss", "--name=app", "--expires=30d", "--json"];
    const token = jsonOf(await run(...args, "--scope=me.read", "--scope=roms.read")) as { token: string };
    expect(token).toMatchObject({
      user: "boss",
      scopes: ["me.read", "roms.read"],
      expiresAt: expect.any(String),
    });
    const me = await fetchMe(`Bearer ${token.token}`);
    expect([me.status, await me.json()]).toMatchObject([200, { username: "boss" }]);
    expect((await run("token", "create", "--user=nobody", "--name=x")).err).toContain("(USER_NOT_FOUND)");
  });

  test("is the operator, and nobody else is, even with an administrator's proof or through a proxy", async () => {
    const { token } = JSON.parse(readControlText(basePath)) as { token: string };
    const call = async (headers: Record<string, string>) => {
      const body = JSON.stringify({ username: "nobody", password: "a password" });
      const init = { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
      const answer = await fetch(`${server.url}/trpc/users.setPassword`, init);
      return ((await answer.json()) as { error: { data: { code: string } } }).error.data.code;
    };
    const authorization = `Bearer ${token}`;
    expect(await call({ authorization })).toBe("USER_NOT_FOUND");
    expect(await call({ authorization, "x-forwarded-for": "192.0.2.1" })).toBe("AUTH_TOKEN_INVALID");
    expect(await call({ authorization: `${authorization.slice(0, -1)}x` })).toBe("AUTH_TOKEN_INVALID");
    expect(await call({ authorization: basicOf("boss", "boss password") })).toBe("AUTH_OPERATOR_ONLY");
  });

  test("uploads files into a platform, and overwrites nothing", async () => {
    await run("scan");
    const files = join(basePath, "to-upload");
    await mkdir(files, { recursive: true });
    await writeFile(join(files, "First.nes"), "first");
    await writeFile(join(files, "Second.nes"), "second");
    const paths = ["First.nes", "Second.nes", "Absent.nes"].map((name) => join(files, name));
    const end = await run("upload", ...paths.slice(0, 2), "--platform", "nes", "--verify", "--json");
    const stored = (index: number, fsName: string) => ({
      path: paths[index],
      fsName,
      resumed: false,
      wasThere: false,
    });
    expect([end.exitCode, jsonOf(end)]).toMatchObject([
      0,
      { files: [stored(0, "First.nes"), stored(1, "Second.nes")] },
    ]);
    const folder = join(basePath, "library", "roms", "nes");
    expect(await Bun.file(join(folder, "Second.nes")).text()).toBe("second");
    const again = await run("upload", ...paths, "--platform", "nes", "--into", "Set");
    expect(again.exitCode).toBe(1);
    expect(again.out).toContain(`${paths[1]}: stored as Set\n`);
    expect(again.out).toContain("Absent.nes");
    const taken = await run("upload", paths[0] ?? "", "--platform", "nes");
    expect([taken.exitCode, taken.err]).toEqual([
      1,
      expect.stringContaining("File First.nes already exists (ROMS_UPLOAD_EXISTS)"),
    ]);
    const nowhere = await run("upload", paths[0] ?? "", "--platform", "nowhere", "--json");
    expect(jsonOf(nowhere)).toMatchObject({ error: { code: "CLI_PLATFORM_UNKNOWN" } });
    // The other tests know how many games there are.
    for (const name of ["First.nes", "Second.nes", "Set"]) await rm(join(folder, name), { recursive: true });
  });

  test("reports health and a diagnosis, past a proxy for outgoing calls", async () => {
    const environment = { HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9" };
    const [health, doctor] = await Promise.all([
      runCli(["health", "--json"], { basePath, environment }),
      runCli(["doctor", "--json"], { basePath, environment }),
    ]);
    expect([health.exitCode, jsonOf(health)]).toEqual([0, { status: "ready", url: server.url }]);
    expect([doctor.exitCode, jsonOf(doctor)]).toMatchObject([0, { failedCount: 0 }]);
    expect(doctor.out).toContain(`held by process ${server.pid} since`);
  });

  test("asks for a password at a terminal without showing it", async () => {
    const terminal = openTerminal(["user", "create", "typed"], { basePath });
    await waitFor(() => terminal.text().includes("Password: "));
    terminal.type("typed passwort\u007fd\r");
    await waitFor(() => terminal.text().includes("Again: "));
    terminal.type("typed password\r");
    expect(await terminal.exited).toBe(0);
    expect(terminal.text()).not.toContain("typed pass");
    expect((await fetchMe(basicOf("typed", "typed password"))).status).toBe(200);
  });

  test(
    "cancels its scan at the first Ctrl-C, and leaves at the second",
    async () => {
      await withServersDatabase(basePath, async (db) => {
        const readScan = async () => {
          const [row] = await db.execute<{ status: string; cancelled: boolean; beat: boolean }>(sql`
            select status, cancel_requested as cancelled, updated_at > now() - interval '0.5 s' as beat
            from scans order by id desc limit 1`);
          return row ?? { status: "none", cancelled: false, beat: false };
        };
        // A scan stands still at its first platform as long as the test holds the lock.
        const holdScans = <T>(work: () => Promise<T>) =>
          db.transaction(async (tx) => {
            await tx.execute(sql`lock table roms in access exclusive mode`);
            return await work();
          });
        await holdScans(async () => {
          const impatient = openTerminal(["scan"], { basePath });
          await waitFor(() => impatient.text().includes("[--------------------] looking"));
          impatient.type("\u0003");
          await waitFor(async () => (await readScan()).cancelled);
          impatient.type("\u0003");
          expect(await impatient.exited).toBe(130);
        });
        await waitFor(async () => ["done", "cancelled"].includes((await readScan()).status));

        const patient = await holdScans(async () => {
          const terminal = openTerminal(["scan"], { basePath });
          await waitFor(() => terminal.text().includes("[--------------------] looking"));
          terminal.type("\u0003");
          await waitFor(async () => (await readScan()).cancelled);
          // The worker learns of it with its next beat, which is not the write that asked for it.
          await Bun.sleep(600);
          await waitFor(async () => (await readScan()).beat);
          return { exited: terminal.exited, text: terminal.text };
        });
        expect(await patient.exited).toBe(130);
        expect(patient.text()).toContain("was cancelled; what it found stays (CLI_INTERRUPTED)");
      });
    },
    TEST_MAX_MS,
  );
});

test(
  "a server takes its control file along, and one that was killed is no obstacle",
  async () => {
    const basePath = await makeBase();
    const killed = await startCliServer(basePath);
    await killed.end("SIGKILL");
    expect(readControlText(basePath)).toContain(`"pid":${killed.pid},`);
    expect(await runCli(["health"], { basePath })).toMatchObject({ exitCode: 1 });
    const scan = await runCli(["scan", "--json"], { basePath });
    expect([scan.exitCode, jsonOf(scan)]).toMatchObject([0, { isJoined: false, scan: { status: "done" } }]);

    const stopped = await startCliServer(basePath);
    // One that cannot be joined still has the data.
    await writeFile(join(basePath, "secrets", "control.json"), "");
    const doctor = await runCli(["doctor", "--json"], { basePath });
    expect([doctor.exitCode, doctor.out]).toEqual([1, expect.stringContaining('"code":"E_DATA_LOCKED"')]);
    expect(await stopped.end("SIGTERM")).toBe(0);

    const last = await startCliServer(basePath);
    expect(await last.end("SIGTERM")).toBe(0);
    expect(readControlText(basePath)).toBe("");
  },
  TEST_MAX_MS,
);
