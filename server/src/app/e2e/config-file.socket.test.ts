import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createAdmin,
  endScenes,
  expectLibrary,
  makeBase,
  openClient,
  readLibrary,
  runScan,
} from "./scene.testing.ts";
import { findStatus, startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
/** How long a look at the file is believed, and a little more. */
const RECHECK_MS = 600;

afterAll(endScenes);

describe("config.yml", () => {
  test(
    "that is edited while we run takes effect, and a broken one stops nothing",
    async () => {
      const { basePath, library } = await makeBase("config", { files: 30, platforms: 3 });
      const path = join(basePath, "config", "config.yml");
      const [first, second] = library.platforms;
      const server = await startServer({ basePath });
      const token = await createAdmin(server.url);
      const client = openClient(server, token);
      const write = async (text: string) => {
        writeFileSync(path, text);
        await Bun.sleep(RECHECK_MS);
      };

      await write(`exclude:\n  platforms: [${first?.platformSlug}, ${second?.platformSlug}]\n`);
      expect(await runScan(client)).toMatchObject({ status: "done", romsNew: 10, platformsTotal: 1 });
      await write(`exclude:\n  platforms: [${first?.platformSlug}]\n`);
      expect(await runScan(client)).toMatchObject({ status: "done", romsNew: 10, platformsTotal: 2 });

      const broken = ["exclude: [", "exclude:\n  platforms: 7\n", "- just\n- a list\n"];
      for (const text of broken) {
        await write(text);
        expect(await runScan(client)).toMatchObject({ status: "done", platformsTotal: 3 });
        expect(await findStatus(`${server.url}/health/ready`)).toBe(200);
      }
      expect(server.output()).toContain("config.yml is only partly used");
      const whole = await readLibrary(client);
      expect(whole.files).toEqual(await expectLibrary(library));
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });

      writeFileSync(path, broken[0] ?? "");
      const next = await startServer({ basePath });
      const nextClient = openClient(next, token);
      expect(await readLibrary(nextClient)).toEqual(whole);
      rmSync(path);
      expect(await runScan(nextClient)).toMatchObject({ status: "done", romsNew: 0, platformsTotal: 3 });
      await nextClient.close();
      expect(await next.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});
