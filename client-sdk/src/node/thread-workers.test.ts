import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "@multitap/native/build";
import { requireProgram } from "../../../scripts/testing/require-program.ts";
import { openChd } from "../entries/native.ts";
import { installPacked } from "../testing/packed.ts";
import { createTempFolder, type TempFolder } from "../testing/temp-folder.ts";
import { CHD_FACTS, readChdVector } from "../testing/vectors.ts";
import { threadWorkers } from "./thread-workers.ts";

const ID = "cd-psx-default";
const node = requireProgram("node");

beforeAll(async () => {
  await ensureBuilt();
}, 60_000);

/** Runs a file in a folder of its own process; gives what it printed. */
async function run(program: string, args: readonly string[], cwd: string): Promise<unknown> {
  const child = Bun.spawn([program, ...args], { cwd, stdout: "pipe", stderr: "pipe", timeout: 30_000 });
  const [out, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect([await child.exited, errors]).toEqual([0, ""]);
  return JSON.parse(out);
}

describe("threadWorkers", () => {
  test.each(["cd-psx-default", "cd-sat-cdlz", "raw-mix"])("verifies %s as one thread does", async (id) => {
    const bytes = await readChdVector(id);
    const workers = threadWorkers({ count: 2 });
    expect(workers.count).toBe(2);
    const shared = await (await openChd(bytes, { workers })).verify();
    await workers.close();
    expect(shared).toEqual(await (await openChd(bytes)).verify());
    expect(shared.isIntact).toBe(true);
  });
});

describe("the installed package", () => {
  let folder: TempFolder | null = null;
  beforeAll(async () => {
    folder = await createTempFolder();
    await installPacked(folder.path);
    const smoke = fileURLToPath(new URL("../testing/native-smoke.mjs", import.meta.url));
    await copyFile(smoke, folder.at("smoke.mjs"));
  }, 120_000);
  afterAll(() => folder?.[Symbol.asyncDispose]());

  const programs = [["Node", node] as const, ["Bun", process.execPath] as const];
  test.each(programs.filter(([, program]) => program !== null))(
    "hashes and verifies on %s, in threads too",
    async (_name, program) => {
      const { path, at } = folder ?? (await createTempFolder());
      const bytes = await readChdVector(ID);
      await writeFile(at("game.chd"), bytes);
      const { sha1, ra, raConsoleId } = CHD_FACTS[ID];
      expect((await openChd(bytes)).header.sha1).toBe(sha1);
      const verified = await (await openChd(bytes)).verify();
      expect(await run(program ?? "", ["smoke.mjs", at("game.chd")], path)).toEqual({
        alone: verified,
        shared: verified,
        sha1: new Bun.CryptoHasher("sha1").update(await readFile(at("game.chd"))).digest("hex"),
        game: { ra, raConsoleId },
        refused: true,
      });
    },
    60_000,
  );
});
