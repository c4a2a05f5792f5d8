import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAdmin, endScenes, makeBase, makeFolder, openClient } from "./scene.testing.ts";
import { startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
const EXAMPLES = join(import.meta.dir, "../../../../client-sdk/examples");
const FILES = 600;

afterAll(endScenes);

/** Starts an example as its users do. */
function startExample(name: string, args: readonly string[]) {
  return Bun.spawn([process.execPath, join(EXAMPLES, `${name}.ts`), ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs an example to its end. */
async function runExample(name: string, args: readonly string[]) {
  const child = startExample(name, args);
  const [output, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, output, errors };
}

describe("the examples of the client", () => {
  test(
    "live-scan tells a scan to its end, and mirror-platform copies a platform and only what is missing",
    async () => {
      const { basePath, library } = await makeBase("examples", { files: FILES });
      const server = await startServer({ basePath });
      const token = await createAdmin(server.url);

      const scan = await runExample("live-scan", [server.url, token]);
      expect(scan).toMatchObject({ exitCode: 0, errors: "" });
      expect(scan.output.trimEnd().split("\n").at(-1)).toBe(`done: ${FILES} roms, ${FILES} new, 0 problems`);

      const slug = library.platforms[1]?.platformSlug ?? "";
      const files = library.files.filter((file) => file.platformSlug === slug);
      const target = join(makeFolder("mirror"), "roms");
      const args = [server.url, token, slug, target];
      const mirror = await runExample("mirror-platform", args);
      expect(mirror).toMatchObject({ exitCode: 0, errors: "" });
      expect(mirror.output.match(/ is there\n/g)).toHaveLength(files.length);
      expect(readdirSync(target).sort()).toEqual(files.map((file) => file.fsName).sort());
      for (const file of files) {
        expect(readFileSync(join(target, file.fsName)).equals(readFileSync(file.path))).toBe(true);
      }
      expect(await runExample("mirror-platform", args)).toEqual({ exitCode: 0, output: "", errors: "" });
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );

  test(
    "upload-folder stores what is new and makes roms of it, and a second time nothing",
    async () => {
      const { basePath, library } = await makeBase("upload-folder", { files: 3, platforms: 1 });
      const server = await startServer({ basePath });
      const token = await createAdmin(server.url);
      expect((await runExample("live-scan", [server.url, token])).exitCode).toBe(0);
      const slug = library.platforms[0]?.platformSlug ?? "";
      const folder = makeFolder("to-upload");
      mkdirSync(join(folder, "Set"));
      const names = ["New Game.bin", "Set/Disc 1.bin", "Set/Disc 2.bin"];
      for (const [index, name] of names.entries()) writeFileSync(join(folder, name), `bytes ${index}`);

      const args = [server.url, token, folder, slug];
      const first = await runExample("upload-folder", args);
      expect(first).toMatchObject({ exitCode: 0, errors: "" });
      expect(first.output.match(/ is stored\n/g)).toHaveLength(3);
      expect(first.output.trimEnd().split("\x1b[K").at(-1)).toBe("scan done: 2 new");
      const stored = join(basePath, "library", "roms", slug);
      for (const name of names) {
        expect(readFileSync(join(stored, name)).equals(readFileSync(join(folder, name)))).toBe(true);
      }
      const again = await runExample("upload-folder", args);
      expect(again).toMatchObject({ exitCode: 0, errors: "" });
      expect(again.output.match(/ is there as (?:New Game\.bin|Set)\n/g)).toHaveLength(3);
      expect(again.output).not.toContain("scan");
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );

  test(
    "device-login is signed in once another client has approved its code, and stays so",
    async () => {
      const { basePath } = await makeBase("device-login", { files: 0 });
      const server = await startServer({ basePath });
      const client = openClient(server, await createAdmin(server.url));
      const file = join(makeFolder("credentials"), "device.json");
      const args = [server.url, file, "Deck"];

      const child = startExample("device-login", args);
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { value: shown = "" } = await reader.read();
      const [, userCode = "", verificationUrl] = /^Enter (\w+) at (\S+)\n$/.exec(shown) ?? [];
      expect(verificationUrl).toBe(`${server.url}/pair/device`);
      const pending = await client.deviceFlow.pending(userCode);
      expect(pending).toMatchObject({ name: "Deck", client: "device-login", clientVersion: "1.0.0" });
      const { allowedScopes: scopes } = pending;
      const { deviceId } = await client.deviceFlow.approve(userCode, { scopes, expiresIn: "30d" });
      expect((await reader.read()).value).toBe("signed in as operator\n");
      expect(await child.exited).toBe(0);
      expect(await client.clientTokens.list()).toMatchObject([{ name: "Deck", deviceId, scopes }]);

      const again = await runExample("device-login", args);
      expect(again).toEqual({ exitCode: 0, output: "signed in as operator\n", errors: "" });
      // Removed on the server, the sign-in ends on the device.
      for (const { id } of await client.clientTokens.list()) await client.clientTokens.remove(id);
      expect(await runExample("device-login", args)).toMatchObject({ exitCode: 1 });
      await client.close();
      expect(await server.stop()).toMatchObject({ exitCode: 0 });
    },
    TEST_MAX_MS,
  );
});
