import { afterAll, describe, expect, test } from "bun:test";
import {
  createAdmin,
  downloadAll,
  endScenes,
  expectLibrary,
  FILES,
  followScan,
  makeBase,
  openClient,
  readLibrary,
  runScan,
  SLACK,
} from "./scene.testing.ts";
import { startServer } from "./server-process.testing.ts";

afterAll(endScenes);

const TEST_MAX_MS = 300_000;
/** What downloading 5,000 small files may take. */
const DOWNLOAD_BUDGET_MS = 60_000;

describe("a new server with a library", () => {
  test(
    "takes its first account over REST, scans through the client, and hands out every byte as it is on disk",
    async () => {
      const { basePath, library } = await makeBase("library");
      const server = await startServer({ basePath });
      const client = openClient(server, await createAdmin(server.url));

      const scanAtMs = performance.now();
      const steps = await followScan(client);
      const scanMs = performance.now() - scanAtMs;
      expect(new Set(steps.map((step) => step.phase))).toContain("hashing");
      expect(steps.at(-1)).toMatchObject({ status: "done", romsNew: FILES, filesHashed: FILES, problems: 0 });

      const known = await readLibrary(client);
      expect(known.files).toEqual(await expectLibrary(library));
      expect(new Set(known.romIds.values()).size).toBe(FILES);

      const again = await runScan(client);
      expect(again).toMatchObject({ status: "done", romsNew: 0, filesHashed: 0, romsDone: FILES });

      const downloadAtMs = performance.now();
      expect(await downloadAll(client, library, known)).toEqual([]);
      const downloadMs = performance.now() - downloadAtMs;
      expect(downloadMs).toBeLessThan(DOWNLOAD_BUDGET_MS * SLACK);

      const figures = { startMs: server.startedMs, scanMs, downloadMs };
      console.log(`${FILES} files: ${formatFigures(figures)}`);
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});

function formatFigures(figures: Record<string, number>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Math.round(value)}`)
    .join(", ");
}
