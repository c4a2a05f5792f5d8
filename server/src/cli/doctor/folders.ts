import { dirname, join } from "node:path";
import { compileExclusions } from "../../base/exclusions.ts";
import { listPlatformFolders, readLayout } from "../../platforms/folders/service.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import type { FileFacts } from "../../ports/files/port.ts";
import type { Log } from "../../ports/log/port.ts";
import { createFileSettings } from "../../ports/settings/file.ts";
import { formatBytes, formatNumber } from "../scan-progress.ts";
import { type Check, type CheckScene, type Finding, finding } from "./check.ts";

const files = createDiskFiles();

/** Folders of the base folder that the server makes and writes. */
const OWN_FOLDERS = ["resources", "assets", "config", "backups", "secrets"] as const;

/** The folder that holds everything: exists, is ours to write, has room. */
export const baseFolderCheck: Check = {
  name: "base folder",
  async run({ config: { basePath, minFreeBytes } }) {
    const facts = await files.find(basePath);
    if (facts === null) return await judgeAbsentBase(basePath);
    const problem = await findFolderProblem(basePath, facts);
    if (problem !== null)
      return finding("base folder", { status: "fail", message: problem, code: "E_BASE_PATH" });
    const { freeBytes } = await files.freeSpace(basePath);
    const place = await describePlace(basePath);
    if (freeBytes >= minFreeBytes) return finding("base folder", { status: "ok", message: place });
    const message = `${place}: less than MULTITAP_MIN_FREE (${formatBytes(minFreeBytes)})`;
    return finding("base folder", { status: "warn", message, code: "STORAGE_FULL" });
  },
};

async function judgeAbsentBase(basePath: string): Promise<Finding> {
  let parent = dirname(basePath);
  while ((await files.find(parent)) === null && parent !== dirname(parent)) parent = dirname(parent);
  if (await files.canWrite(parent)) {
    return finding("base folder", {
      status: "warn",
      message: `${basePath} does not exist yet; a start makes it`,
    });
  }
  const message = `${basePath} does not exist, and uid ${ownUid()} cannot make it: ${parent} is not writable`;
  return finding("base folder", { status: "fail", message, code: "E_BASE_PATH" });
}

/** Why the server cannot use a folder that is there; null when it can. */
async function findFolderProblem(path: string, facts: FileFacts): Promise<string | null> {
  if (facts.kind !== "folder") return `${path} is not a folder`;
  if (await files.canWrite(path)) return null;
  return `${path} is not writable by uid ${ownUid()}: owner ${formatOwner(facts)}`;
}

function formatOwner({ uid, gid, mode }: FileFacts): string {
  return `${uid}:${gid}, mode 0${mode.toString(8)}`;
}

function ownUid(): string {
  return `${process.getuid?.() ?? "?"}:${process.getgid?.() ?? "?"}`;
}

async function describePlace(path: string): Promise<string> {
  const { freeBytes, fsType } = await files.freeSpace(path);
  return `${path}: ${fsType ?? "unknown file system"}, ${formatBytes(freeBytes)} free`;
}

/** The folders that the server keeps its own things in. */
export const ownFoldersCheck: Check = {
  name: "folders",
  async run({ config: { basePath } }) {
    const found = await Promise.all(OWN_FOLDERS.map((name) => checkOwnFolder(name, join(basePath, name))));
    const bad = found.filter(({ status }) => status !== "ok");
    if (bad.length > 0) return bad;
    return finding("folders", {
      status: "ok",
      message: `${OWN_FOLDERS.join(", ")}: writable, or made at a start`,
    });
  },
};

async function checkOwnFolder(name: string, path: string): Promise<Finding> {
  const facts = await files.find(path);
  if (facts === null) return finding(name, { status: "ok", message: `${path} is made at a start` });
  const problem = await findFolderProblem(path, facts);
  if (problem !== null) return finding(name, { status: "fail", message: problem, code: "E_BASE_PATH" });
  if (name === "secrets" && (facts.mode & 0o077) !== 0) {
    const message = `${path} is open to other users (mode 0${facts.mode.toString(8)}); a start closes it`;
    return finding(name, { status: "warn", message });
  }
  return finding(name, { status: "ok", message: path });
}

/** The operator's games: there, readable, and laid out in a way we know. */
export const libraryCheck: Check = {
  name: "library",
  async run(scene) {
    const path = libraryPath(scene);
    const facts = await files.find(path);
    if (facts === null)
      return finding("library", { status: "warn", message: `${path} does not exist; a start makes it` });
    if (facts.kind !== "folder") {
      return finding("library", { status: "fail", message: `${path} is not a folder`, code: "E_BASE_PATH" });
    }
    const place = await describePlace(path);
    const access = (await files.canWrite(path)) ? "" : ", read-only: no uploads or renames";
    const { structure, folderCount } = await countPlatformFolders(scene);
    if (structure === null || folderCount === 0) {
      const message = `${place}${access}; no platform folders. Put games into ${join(path, "roms", "<platform>")}`;
      return finding("library", { status: "warn", message });
    }
    const layout = structure === "a" ? "roms/<platform>" : "<platform>/roms";
    const count = `${formatNumber(folderCount)} platform folder${folderCount === 1 ? "" : "s"}`;
    return finding("library", { status: "ok", message: `${place}${access}; ${count} as ${layout}` });
  },
};

function libraryPath({ config }: CheckScene): string {
  return join(config.basePath, "library");
}

const unheard = () => undefined;
/** What is wrong with the file is a finding already. */
const SILENT: Log = { debug: unheard, info: unheard, warn: unheard, error: unheard, child: () => SILENT };

function openSettings({ config }: CheckScene) {
  return createFileSettings({ path: join(config.basePath, "config", "config.yml"), files, log: SILENT });
}

/** How the library is laid out, and how many platforms it has on disk after exclusions. */
export async function countPlatformFolders(
  scene: CheckScene,
): Promise<{ readonly structure: "a" | "b" | null; readonly folderCount: number }> {
  const ctx = { ports: { files }, facts: { libraryPath: libraryPath(scene) } };
  const config = await openSettings(scene).read();
  const layout = await readLayout(ctx, config);
  const folders = await listPlatformFolders(ctx, config, layout);
  return { structure: layout.structure, folderCount: folders.length };
}

/** The operator's `config.yml`: what is wrong with it never stops a server, but is not used either. */
export const configFileCheck: Check = {
  name: "config.yml",
  async run(scene) {
    const path = join(scene.config.basePath, "config", "config.yml");
    const facts = await files.find(path);
    if (facts === null)
      return finding("config.yml", { status: "ok", message: `${path} is not there; defaults are used` });
    if (facts.kind === "folder") {
      const message = `${path} is a folder; mount a file there or remove the mount`;
      return finding("config.yml", { status: "fail", message, code: "E_CONFIG" });
    }
    const settings = openSettings(scene);
    const problem = await settings.problem();
    if (problem !== null)
      return finding("config.yml", { status: "warn", message: `${path} is only partly used: ${problem}` });
    compileExclusions(await settings.read());
    return finding("config.yml", { status: "ok", message: path });
  },
};
