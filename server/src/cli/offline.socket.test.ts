import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { ensureBuilt } from "@multitap/native/build";
import { endCli, openTerminal, runCli, waitFor } from "./cli.testing.ts";
import { getVector, makeFolder, storeZeroChd } from "./offline.testing.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let basePath = "";
beforeAll(async () => {
  await ensureBuilt();
  folder = await makeFolder();
  basePath = join(folder.path, "base");
}, 60_000);
afterAll(async () => {
  await endCli();
  await folder.remove();
}, 30_000);

const CTRL_C = "\u0003";
/** Large enough that nothing is over before it is interrupted. */
const ZEROS_BYTES = 2 ** 31;

describe("the commands that need no server", () => {
  test("run from the command line, and touch neither settings nor data folder", async () => {
    const { path, ra = {}, logicalSha1 } = await getVector("cd-psx-default");
    // A setting that would stop every other command.
    const options = { basePath, environment: { ROMM_PORT: "many" } };
    const hashed = await runCli(["hash", path, "--json"], options);
    expect([hashed.exitCode, hashed.err]).toEqual([0, ""]);
    expect(JSON.parse(hashed.out)).toMatchObject({ ra: ra[12]?.hash ?? "", raConsoleId: 12 });
    const verified = await runCli(["chd", "verify", path, "--workers", "2"], options);
    expect([verified.exitCode, verified.err]).toEqual([0, ""]);
    expect(verified.out).toContain(`content sha1: ${logicalSha1}\nintact, read in `);
    const refused = await runCli(["chd", "info", folder.path], options);
    const message = `multitap: cannot read ${folder.path}: it is a folder, not a file (FILES_WRONG_KIND)\n`;
    expect(refused).toEqual({ exitCode: 1, out: "", err: message });
    expect(existsSync(basePath)).toBe(false);
  });

  test("hash shows a bar, and ends at once on Ctrl-C", async () => {
    const path = join(folder.path, "large.iso");
    await Bun.write(path, "");
    await truncate(path, 2 ** 36);
    const terminal = openTerminal(["hash", path], { basePath });
    await waitFor(() => terminal.text().includes("[--------------------] hashing large.iso: "));
    const askedAtMs = performance.now();
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(130);
    expect(performance.now() - askedAtMs).toBeLessThan(2_000);
    expect(terminal.text()).toContain("multitap: ended by SIGINT (CLI_INTERRUPTED)");
  });

  test.each([1, 2])("chd extract leaves nothing after Ctrl-C, typed %d times", async (times) => {
    const path = join(folder.path, "zeros.chd");
    await storeZeroChd(path, ZEROS_BYTES);
    const to = join(folder.path, `made-${times}`);
    const terminal = openTerminal(["chd", "extract", path, "--to", join(to, "deep")], { basePath });
    await waitFor(() => terminal.text().includes(`extracting to ${to}`));
    terminal.type(CTRL_C.repeat(times));
    expect(await terminal.exited).toBe(130);
    expect(await readdir(folder.path)).not.toContain(`made-${times}`);
  });
});
