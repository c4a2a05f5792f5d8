import { basename, dirname, join } from "node:path";
import { walkLooseFiles } from "../../assets/loose-files/service.ts";
import { AppError } from "../../base/errors.ts";
import { type Files, isPartialName } from "../../ports/files/port.ts";
import { FOLDERS_DEPTH_MAX, SMALL_FILES_MAX } from "../limits.ts";
import { listAssetPaths, type Snapshot } from "../queries.ts";

/** Where what is saved lies. */
export interface BackupFolders {
  readonly basePath: string;
  readonly assetsPath: string;
  readonly resourcesPath: string;
  /** Private SSH keys for devices, and the host keys that these may show. */
  readonly keysPath: string;
  readonly knownHostsPath: string;
  /** Where uploads wait: below the resources perhaps, and no part of a backup. */
  readonly tempPath: string;
}

/** One file that belongs to a backup. */
export interface SourceFile {
  /** Absolute. */
  readonly source: string;
  /** Below the backup's folder. */
  readonly path: string;
}

/** The key to a running server is worthless as soon as that ends. */
const FLEETING_SECRETS: ReadonlySet<string> = new Set(["control.json"]);

type Reading = Pick<Files, "list" | "find">;

/** The configuration. */
export async function listConfig(files: Reading, folders: BackupFolders): Promise<readonly SourceFile[]> {
  return await gather(walkFolder(files, join(folders.basePath, "config"), "config"));
}

/** Everything that must stay secret: keys of our own, and those with which devices are reached. */
export async function listSecrets(files: Reading, folders: BackupFolders): Promise<readonly SourceFile[]> {
  const { basePath, keysPath, knownHostsPath } = folders;
  const own = await gather(walkFolder(files, join(basePath, "secrets"), "secrets/base"));
  const keys = await gather(walkFolder(files, keysPath, "secrets/ssh/keys"));
  const hosts = await files.find(knownHostsPath);
  const known = { source: knownHostsPath, path: "secrets/ssh/known_hosts" };
  return [
    ...own.filter(({ source }) => !FLEETING_SECRETS.has(basename(source))),
    ...keys,
    ...(hosts?.kind === "file" ? [known] : []),
  ];
}

/** Where a file of a backup belongs when it is restored; null for what is not put anywhere as a file. */
export function placeOf(path: string, folders: BackupFolders): string | null {
  const places: readonly (readonly [string, string])[] = [
    ["config/", join(folders.basePath, "config")],
    ["secrets/base/", join(folders.basePath, "secrets")],
    ["secrets/ssh/keys/", folders.keysPath],
    ["secrets/ssh/known_hosts", folders.knownHostsPath],
    ["assets/", folders.assetsPath],
    ["resources/", folders.resourcesPath],
  ];
  const place = places.find(([prefix]) => path.startsWith(prefix));
  return place === undefined ? null : join(place[1], path.slice(place[0].length));
}

/** Files of users that rows of the snapshot name, then those that no row can name. Some of the first may be gone. */
export async function* walkAssets(
  files: Reading,
  folders: BackupFolders,
  snapshot: Snapshot,
): AsyncGenerator<SourceFile & { readonly isNamed: boolean }> {
  const { assetsPath } = folders;
  const toSource = (path: string) => ({ source: join(assetsPath, path), path: `assets/${path}` });
  let paths = await listAssetPaths(snapshot, "");
  while (paths.length > 0) {
    for (const path of paths) yield { ...toSource(path), isNamed: true };
    paths = await listAssetPaths(snapshot, paths.at(-1) ?? "");
  }
  for await (const path of walkLooseFiles(files, assetsPath)) yield { ...toSource(path), isNamed: false };
}

/** Artwork and other files that can be fetched again. */
export async function* walkResources(files: Reading, folders: BackupFolders): AsyncGenerator<SourceFile> {
  for await (const file of walkFolder(files, folders.resourcesPath, "resources")) {
    if (!isBelow(file.source, folders.tempPath)) yield file;
  }
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

async function* walkFolder(files: Reading, folder: string, path: string): AsyncGenerator<SourceFile> {
  if (path.split("/").length > FOLDERS_DEPTH_MAX) return;
  if ((await files.find(folder))?.kind !== "folder") return;
  for (const { name, kind, isLink } of await files.list(folder)) {
    if (name === null || isPartialName(name) || (isLink && kind !== "file")) continue;
    const inner = { source: join(folder, name), path: `${path}/${name}` };
    if (kind === "folder") yield* walkFolder(files, inner.source, inner.path);
    else if (kind === "file") yield inner;
  }
}

async function gather(found: AsyncIterable<SourceFile>): Promise<readonly SourceFile[]> {
  const all: SourceFile[] = [];
  for await (const file of found) {
    all.push(file);
    if (all.length <= SMALL_FILES_MAX) continue;
    const message = `${dirname(file.source)} holds more than ${SMALL_FILES_MAX} files, so it is not what belongs there`;
    throw new AppError("too_large", "BACKUP_TOO_MANY_FILES", { message });
  }
  return all;
}
