/**
 * Lays out what the image holds, from a built checkout with nothing but its run-time packages:
 * `bun scripts/image/assemble.ts FOLDER`. The folder becomes the root of the image.
 */
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../package.json" with { type: "json" };
import { belongsInImage, IMAGE_PARTS } from "./contents.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
/** Where the image keeps us. */
const APP = "opt/multitap";
const LAUNCHER = "scripts/image/launcher.ts";
/** The build for machines without AVX2, which the usual package of this machine may not be. */
const BASELINE = "@oven/bun-linux-x64-baseline";

/** Something the image needs could not be had. */
class AssemblyError extends Error {
  override readonly name = "AssemblyError";
}

function run(words: string[], folder: string): void {
  const { success, stderr } = Bun.spawnSync(words, { cwd: folder, stdout: "ignore", stderr: "pipe" });
  if (!success) throw new AssemblyError(`${words.join(" ")}: ${stderr.toString()}`);
}

function copyParts(root: string): void {
  for (const part of IMAGE_PARTS) {
    cpSync(join(checkout, part), join(root, APP, part), {
      recursive: true,
      // The links between our packages are relative and stay so.
      verbatimSymlinks: true,
      filter: (source) => belongsInImage(relative(checkout, source), arch()),
    });
  }
}

async function digest(path: string): Promise<string> {
  return new Bun.CryptoHasher("sha256").update(await Bun.file(path).arrayBuffer()).digest("hex");
}

/** The Bun of this machine's kind that runs on the oldest processors of it. */
async function placeRuntime(root: string): Promise<void> {
  const installed = join(checkout, "node_modules/bun/bin/bun.exe");
  const target = join(root, "usr/local/bin/bun");
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(installed, target);
  if (arch() === "x64") {
    const scratch = mkdtempSync(join(tmpdir(), "multitap-bun-"));
    run(["npm", "pack", "--silent", `${BASELINE}@${manifest.dependencies.bun}`], scratch);
    const [packed = ""] = new Bun.Glob("*.tgz").scanSync({ cwd: scratch });
    run(["tar", "-xzf", packed], scratch);
    copyFileSync(join(scratch, "package/bin/bun"), target);
    rmSync(scratch, { recursive: true });
    const isSame = (await digest(installed)) === (await digest(target));
    console.log(
      `Bun ${manifest.dependencies.bun}, baseline: ${isSame ? "the same bytes as" : "not"} the usual build`,
    );
  }
  chmodSync(target, 0o755);
}

async function assemble(root: string): Promise<void> {
  copyParts(root);
  await placeRuntime(root);
  symlinkSync(join("/", APP, LAUNCHER), join(root, "usr/local/bin/multitap"));
  chmodSync(join(root, APP, LAUNCHER), 0o755);
  // A volume takes over the mode of the folder below it, and any user may be the one who writes there.
  mkdirSync(join(root, "romm"));
  chmodSync(join(root, "romm"), 0o777);
}

const [target] = process.argv.slice(2);
if (target === undefined) throw new AssemblyError("name the folder that becomes the image's root");
await assemble(target);
