// The package of the client as npm publishes it, installed into empty projects and run on a real server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openChromium, requireChromium } from "../../../../scripts/testing/chromium.ts";
import { requireProgram } from "../../../../scripts/testing/require-program.ts";
import { runProcess } from "../../../../scripts/testing/run-process.ts";
import { createAdmin, endScenes, makeBase, makeFolder } from "./scene.testing.ts";
import { type RunningServer, startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 180_000;
const RUN_TIMEOUT_MS = 60_000;
const INSTALL_TIMEOUT_MS = 120_000;
const ROMS = 3;
const ROOT = join(import.meta.dir, "../../../..");
const SCRIPTS = join(ROOT, "client-sdk", "scripts");
/** Programs that are no part of the checkout; npm has them in its cache or fetches them. */
const VITE = "vite@7.3.8";
const DENO = "deno@2.9.6";

const node = requireProgram("node");
const npm = requireProgram("npm");
const chromium = requireChromium();

interface Scene {
  readonly tarball: string;
  readonly server: RunningServer;
  readonly token: string;
}

let scene: Scene | null = null;

function getScene(): Scene {
  if (scene === null) throw new TypeError("the scene was opened before");
  return scene;
}

async function run(command: readonly string[], cwd: string, timeoutMs = RUN_TIMEOUT_MS) {
  return await runProcess(command, { cwd, timeoutMs, output: "keep" });
}

async function pack(): Promise<string> {
  const to = makeFolder("tarball");
  const { exitCode, output } = await run([process.execPath, join(SCRIPTS, "pack.ts"), to], ROOT);
  expect([exitCode, output]).toEqual([0, expect.stringMatching(/\.tgz\n$/)]);
  return join(to, readdirSync(to)[0] ?? "");
}

/** An empty project with the package in it, from the tarball alone. */
async function makeProject(name: string, install: readonly string[]): Promise<string> {
  const folder = makeFolder(name);
  const dependencies = { "@multitap/client": `file:${getScene().tarball}` };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }),
  );
  for (const file of readdirSync(join(SCRIPTS, "installed"))) {
    cpSync(join(SCRIPTS, "installed", file), join(folder, file));
  }
  const { exitCode, output } = await run(install, folder, INSTALL_TIMEOUT_MS);
  expect([exitCode, output]).toEqual([0, output]);
  // What it needs is in it.
  expect(readdirSync(join(folder, "node_modules")).filter((each) => !each.startsWith("."))).toEqual([
    "@multitap",
  ]);
  return folder;
}

const NPM_INSTALL = ["npm", "install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"];

/** Adds a program from npm; false, with the reason printed, when npm cannot get it here. */
async function addProgram(folder: string, what: string): Promise<boolean> {
  const command = ["npm", "install", "--no-save", "--prefer-offline", "--no-audit", "--no-fund", what];
  const { exitCode, output } = await run(command, folder, INSTALL_TIMEOUT_MS);
  if (exitCode === 0) return true;
  const reason = `npm cannot install ${what} here: ${/npm error (?!code)(.*)/.exec(output)?.[1] ?? output.slice(-200)}`;
  if (process.env.MULTITAP_CI === "1") throw new TypeError(reason);
  console.warn(`skipped: ${reason}`);
  return false;
}

const FOUND = {
  version: expect.any(String),
  scan: "done",
  roms: ROMS,
  sizeBytes: true,
  sha1: true,
  refused: "ROMS_NOT_FOUND",
  state: null,
};

/** What compilers say of the runtimes' own typings, whose versions do not all fit each other. */
const OF_OTHERS = /^(?: |\S*node_modules\/(?:@types|bun-types)\/)/;

/** A server with roms that it has not scanned yet. */
async function openServer(name: string, environment: Readonly<Record<string, string>> = {}) {
  const { basePath } = await makeBase(name, { files: ROMS, platforms: 1 });
  const server = await startServer({ basePath, environment });
  return { server, token: await createAdmin(server.url) };
}

async function expectRuns(program: readonly string[], folder: string): Promise<void> {
  const { server, token } = getScene();
  const { exitCode, output } = await run([...program, "program.mjs", server.url, token], folder);
  expect([exitCode, output.trim()]).toEqual([0, expect.stringMatching(/^\{.*\}$/)]);
  expect(JSON.parse(output)).toEqual({ ...FOUND, file: true });
}

beforeAll(async () => {
  if (npm === null) return;
  scene = { tarball: await pack(), ...(await openServer("packed")) };
}, TEST_MAX_MS);

afterAll(endScenes);

describe.skipIf(npm === null)("the packed client", () => {
  test.skipIf(node === null)(
    "runs in an empty Node project",
    async () => {
      await expectRuns(["node"], await makeProject("node", NPM_INSTALL));
    },
    TEST_MAX_MS,
  );

  test(
    "runs in an empty Bun project",
    async () => {
      const bun = process.execPath;
      await expectRuns([bun], await makeProject("bun", [bun, "install", "--no-save"]));
    },
    TEST_MAX_MS,
  );

  test(
    "runs in an empty Deno project",
    async () => {
      const folder = await makeProject("deno", NPM_INSTALL);
      const programs = makeFolder("deno-program");
      if (!(await addProgram(programs, DENO))) return;
      const deno = join(programs, "node_modules", ".bin", "deno");
      await expectRuns([deno, "run", "--no-remote", "--allow-all"], folder);
    },
    TEST_MAX_MS,
  );

  test.skipIf(node === null || chromium === null)(
    "runs in a page that Vite built of an empty project, its worker not left out",
    async () => {
      const folder = await makeProject("vite", NPM_INSTALL);
      if (!(await addProgram(folder, VITE))) return;
      const built = await run(
        [join(folder, "node_modules", ".bin", "vite"), "build", "--logLevel", "warn"],
        folder,
      );
      // Not a warning: nothing of the package is strange to a bundler.
      expect(built).toEqual({ exitCode: 0, output: "" });
      const assets = join(folder, "dist", "assets");
      const worker = readdirSync(assets).find((file) => /worker/.test(file)) ?? "";
      expect(readFileSync(join(assets, worker), "utf8")).toContain("postMessage");
      const { server, token } = await openServer("vite", { MULTITAP_WEB_DIR: join(folder, "dist") });
      await using browser = await openChromium();
      const page = await browser.openPage();
      await page.goto(`${server.url}/#${token}`);
      await page.waitForFunction("globalThis.found !== undefined", { timeout: RUN_TIMEOUT_MS });
      expect(await page.evaluate("globalThis.found")).toEqual(FOUND);
    },
    TEST_MAX_MS,
  );

  const DOM = { lib: ["ES2022", "DOM", "DOM.AsyncIterable"], types: [] };
  const surroundings = [
    ["a page", DOM],
    ["Node", { lib: ["ES2022"], types: ["node"] }],
    ["Bun", { lib: ["ES2022"], types: ["bun-types"] }],
  ] as const;
  const compilers = ["node_modules/typescript/bin/tsc", "client-sdk/node_modules/typescript/bin/tsc"];
  test.each(surroundings.flatMap((row) => compilers.map((compiler) => [...row, compiler] as const)))(
    "has types for %s that hold without skipLibCheck (%o, %s)",
    async (_name, options, compiler) => {
      const folder = await makeProject("types", NPM_INSTALL);
      for (const typings of ["@types/node", "undici-types", "bun-types"]) {
        mkdirSync(dirname(join(folder, "node_modules", typings)), { recursive: true });
        symlinkSync(join(ROOT, "node_modules", typings), join(folder, "node_modules", typings));
      }
      const compilerOptions = {
        target: "ES2022",
        module: "NodeNext",
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
        ...options,
      };
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions, files: ["all-types.ts"] }),
      );
      const { output } = await run([process.execPath, join(ROOT, compiler), "-p", "."], folder);
      const complaints = output.split("\n").filter((line) => line !== "" && !OF_OTHERS.test(line));
      expect(complaints).toEqual([]);
    },
    TEST_MAX_MS,
  );
});
