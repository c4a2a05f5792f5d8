import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAdmin, createDice, endScenes, KILLS, makeBase } from "./scene.testing.ts";
import { endServers, type RunningServer, startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
/** The first change after a kill waits until what the dead server held is free. */
const CALL_MAX_MS = 20_000;
const COMMENT = "# Mine: must never get lost.";
/** So many lines that a write has a middle. */
const LINES = 500;
const SENDERS = 3;
/** From the first acknowledged change on. */
const KILL_MAX_MS = 300;
/** A write takes milliseconds; so many are never made before the kill. */
const CHANGES_MAX = 1_000;

const dice = createDice();
console.log(`crash tests of config.yml: MULTITAP_E2E_SEED=${dice.seed}`);

afterAll(async () => {
  await endServers();
  await endScenes();
});

/** Adds one exclusion; null when the server went away meanwhile. */
async function add(server: RunningServer, token: string, value: string): Promise<Response | null> {
  return await fetch(`${server.url}/api/config/exclude`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ exclusion_type: "EXCLUDED_SINGLE_FILES", exclusion_value: value }),
    keepalive: false,
    signal: AbortSignal.timeout(CALL_MAX_MS),
  }).catch(() => null);
}

/** Adds exclusions, several at a time, until the server is killed; tells which were asked for and which acknowledged. */
async function addAndKill(server: RunningServer, token: string, kill: number) {
  const [asked, acknowledged] = [new Set<string>(), new Set<string>()];
  const begun = Promise.withResolvers<void>();
  const send = async () => {
    while (asked.size < CHANGES_MAX) {
      const value = `kill-${kill}-${asked.size}.txt`;
      asked.add(value);
      const answer = await add(server, token, value);
      if (answer === null) return;
      expect(answer.ok).toBe(true);
      acknowledged.add(value);
      begun.resolve();
    }
  };
  const killing = begun.promise.then(async () => {
    await Bun.sleep(dice.next() * KILL_MAX_MS);
    server.signal("SIGKILL");
    await server.ended;
  });
  await Promise.all([killing, ...Array.from({ length: SENDERS }, send)]);
  return { asked, acknowledged };
}

test(
  "kill -9 while config.yml is written leaves a whole file with every change that was acknowledged",
  async () => {
    const { basePath } = await makeBase("crash-config", { files: 2, platforms: 1 });
    const folder = join(basePath, "config");
    const path = join(folder, "config.yml");
    let server = await startServer({ basePath });
    const token = await createAdmin(server.url);
    const lines = Array.from({ length: LINES }, (_, index) => `        - kept-${index}.txt\n`).join("");
    const head = `${COMMENT}\nexclude:\n  roms:\n    single_file:\n      names:\n${lines}`;
    writeFileSync(path, head);
    const before = readdirSync(folder);

    const known = new Set<string>();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { asked, acknowledged } = await addAndKill(server, token, kill);
      console.log(`killed with ${acknowledged.size} of ${asked.size} changes acknowledged`);
      expect(acknowledged.size).toBeLessThan(CHANGES_MAX);

      const text = readFileSync(path, "utf8");
      expect(text.startsWith(head)).toBe(true);
      const added = text.slice(head.length).trimEnd();
      const names =
        added === "" ? [] : added.split("\n").map((line) => line.replace(/^ {8}- "?([^"]*)"?$/, "$1"));
      for (const name of acknowledged) known.add(name);
      expect(names).toEqual(expect.arrayContaining([...known]));
      // What was asked for in vain may be there or not, but as a whole.
      for (const name of names) expect(known.has(name) || asked.has(name)).toBe(true);
      for (const name of names) known.add(name);

      server = await startServer({ basePath });
      const config = await fetch(`${server.url}/api/config`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { EXCLUDED_SINGLE_FILES: inForce } = (await config.json()) as { EXCLUDED_SINGLE_FILES: string[] };
      expect(inForce).toEqual(expect.arrayContaining([`kept-${LINES - 1}.txt`, ...names]));
    }
    // What a kill left beside the file goes with the next change.
    writeFileSync(join(folder, ".multitap-0123456789abcdef.partial"), "half");
    expect((await add(server, token, "last.txt"))?.ok).toBe(true);
    expect(readdirSync(folder)).toEqual(before);
  },
  TEST_MAX_MS,
);
