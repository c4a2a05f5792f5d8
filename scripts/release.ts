/**
 * Makes a release as far as a machine may: `bun scripts/release.ts 0.2.0 [--out FOLDER] [--skip-check] [--allow-dirty]`.
 * It looks at versions, tags and the changelog, runs the check, builds and judges the client's package, and lays
 * tarballs, lists of what is in them and their digests into `dist/release/<version>`. It publishes nothing: the last
 * lines are the commands for whoever may.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildPackage } from "../client-sdk/scripts/package/build-package.ts";
import { documentPackage } from "../client-sdk/scripts/package/documentation.ts";
import { findFaults } from "../client-sdk/scripts/package/faults.ts";
import { BuildError } from "../client-sdk/scripts/package/javascript.ts";
import { packPackage } from "../client-sdk/scripts/package/pack.ts";
import { formatSizes, isTooLarge, measureSizes } from "../client-sdk/scripts/package/sizes.ts";
import { findChanges, findManifestFaults, findVersionFaults, type Manifest } from "./release/rules.ts";
import { formatSbom, listLocked } from "./release/sbom.ts";
import { runProcess, stopOnSignals } from "./testing/run-process.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGES = [".", "db", "native", "server", "client-sdk"] as const;
const GIT_TIMEOUT_MS = 60_000;
const CHECK_TIMEOUT_MS = 45 * 60_000;

/** The release cannot be made; each line is one reason. */
class ReleaseError extends Error {
  override readonly name = "ReleaseError";
  constructor(reasons: readonly string[]) {
    super(reasons.join("\n"));
  }
}

interface Release {
  readonly version: string;
  readonly out: string;
  readonly skipsCheck: boolean;
  readonly allowsDirty: boolean;
}

function readRelease(args: readonly string[]): Release {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: "string" },
      "skip-check": { type: "boolean", default: false },
      "allow-dirty": { type: "boolean", default: false },
    },
  });
  const [version] = positionals;
  if (version === undefined)
    throw new ReleaseError(["usage: release <version> [--out FOLDER] [--skip-check]"]);
  return {
    version,
    out: resolve(values.out ?? join(ROOT, "dist", "release", version)),
    skipsCheck: values["skip-check"],
    allowsDirty: values["allow-dirty"],
  };
}

async function git(args: readonly string[]): Promise<string> {
  const { exitCode, output } = await runProcess(["git", ...args], {
    cwd: ROOT,
    timeoutMs: GIT_TIMEOUT_MS,
    output: "keep",
  });
  if (exitCode !== 0) throw new ReleaseError([`git ${args[0]} failed: ${output.trim()}`]);
  return output.trim();
}

const readJson = async <T>(path: string): Promise<T> =>
  JSON.parse(await readFile(join(ROOT, path), "utf8")) as T;

/** Versions, tags, changelog and the state of the checkout; gives what the changelog says. */
async function checkRepository({ version, allowsDirty }: Release): Promise<string> {
  const tags = (await git(["tag", "--list", "v*"])).split("\n").filter((tag) => tag !== "");
  const manifests = await Promise.all(PACKAGES.map((folder) => readJson<Manifest>(`${folder}/package.json`)));
  const faults = [...findVersionFaults(version, tags), ...findManifestFaults(version, manifests)];
  const locked = await readJson<{ readonly version: string }>("package-lock.json");
  if (locked.version !== version) faults.push(`package-lock.json has the version ${locked.version}`);
  const changes = findChanges(await readFile(join(ROOT, "client-sdk", "CHANGELOG.md"), "utf8"), version);
  if (changes === null) faults.push(`client-sdk/CHANGELOG.md says nothing of ${version}`);
  if (!allowsDirty && (await git(["status", "--porcelain"])) !== "")
    faults.push("there are uncommitted changes");
  if (faults.length > 0) throw new ReleaseError(faults);
  return changes ?? "";
}

async function runCheck(signal: AbortSignal): Promise<void> {
  const { exitCode } = await runProcess([process.execPath, "scripts/check.ts"], {
    cwd: ROOT,
    timeoutMs: CHECK_TIMEOUT_MS,
    signal,
    output: "show",
  });
  if (exitCode !== 0) throw new ReleaseError(["the check is not green"]);
}

/** Builds the client's package, judges it, and packs it. */
async function makeClient({ version, out }: Release): Promise<string> {
  const folder = join(out, "package");
  const { bundled } = await buildPackage(folder);
  const { path, bytes } = await packPackage(folder, out);
  const sizes = await measureSizes(folder);
  console.log(formatSizes(sizes));
  const { faults: undocumented } = await documentPackage(folder, null);
  const faults = [
    ...(await findFaults(folder, bytes)),
    ...undocumented,
    ...sizes.filter(isTooLarge).map(({ what }) => `${what} is too large`),
  ];
  if (faults.length > 0) throw new ReleaseError(faults);
  await rm(folder, { recursive: true });
  await writeFile(join(out, "client.cdx.json"), formatSbom({ name: "@multitap/client", version }, bundled));
  return path;
}

/** The sources as they are committed, and what a server that is installed from them runs with. */
async function makeSources({ version, out }: Release): Promise<void> {
  const name = `multitap-${version}`;
  const path = join(out, `${name}.tar.gz`);
  await git(["archive", "--format=tar.gz", `--prefix=${name}/`, "-o", path, "HEAD"]);
  const lock = await readJson<Parameters<typeof listLocked>[0]>("package-lock.json");
  await writeFile(join(out, "server.cdx.json"), formatSbom({ name: "multitap", version }, listLocked(lock)));
}

/** Digests in the form that `sha256sum --check` reads. */
async function writeDigests(out: string): Promise<string> {
  const names = (await readdir(out)).filter((name) => name !== "SHA256SUMS").sort();
  const lines = await Promise.all(
    names.map(async (name) => {
      const digest = new Bun.CryptoHasher("sha256").update(await readFile(join(out, name))).digest("hex");
      return `${digest}  ${name}\n`;
    }),
  );
  await writeFile(join(out, "SHA256SUMS"), lines.join(""));
  return lines.join("");
}

async function makeRelease(release: Release, signal: AbortSignal): Promise<void> {
  const { version, out } = release;
  const changes = await checkRepository(release);
  if (!release.skipsCheck) await runCheck(signal);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const tarball = await makeClient(release);
  await makeSources(release);
  await writeFile(join(out, "CHANGES.md"), `${changes}\n`);
  console.log(`\n${await writeDigests(out)}`);
  const tag = `v${version}`;
  const isPreview = version.includes("-");
  console.log(
    [
      `Nothing is published. In ${out}, whoever may runs:`,
      `  git tag -s ${tag} -F ${join(out, "CHANGES.md")} && git push origin ${tag}`,
      `  npm publish ${tarball} --access public --provenance${isPreview ? " --tag next" : ""}`,
      `  and attaches the files beside it to the release ${tag}.`,
    ].join("\n"),
  );
}

async function main(): Promise<number> {
  const { signal, exitCode } = stopOnSignals();
  try {
    await makeRelease(readRelease(process.argv.slice(2)), signal);
    return exitCode();
  } catch (error) {
    if (!(error instanceof ReleaseError || error instanceof BuildError)) throw error;
    console.error(error.message);
    return exitCode() || 1;
  }
}

if (import.meta.main) process.exit(await main());
