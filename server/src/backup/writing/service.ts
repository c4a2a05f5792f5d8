import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Database } from "@multitap/db";
import { AppError, isAppError } from "../../base/errors.ts";
import type { Files } from "../../ports/files/port.ts";
import type { Log } from "../../ports/log/port.ts";
import {
  type BackupFolders,
  listConfig,
  listSecrets,
  type SourceFile,
  walkAssets,
  walkResources,
} from "../collecting/service.ts";
import {
  BACKUP_FORMAT,
  type BackupFile,
  type BackupPhase,
  type BackupReason,
  type BackupSummary,
  type Manifest,
} from "../contract.ts";
import { encryptSecret } from "../encryption/service.ts";
import { FILES_MAX, PACKED_SHARE, SECRET_BYTES_MAX } from "../limits.ts";
import { packStream } from "../packing/service.ts";
import { type Snapshot, sumAssetBytes, takeSnapshot } from "../queries.ts";
import { readFileList, verifyBackup } from "../reading/service.ts";
import {
  countLines,
  FILE_LIST_NAME,
  formatListLine,
  formatManifest,
  MANIFEST_NAME,
  PARTIAL_SUFFIX,
  summarize,
  toTablePath,
} from "../rules.ts";

/** What a backup is made of. */
export interface BackupScene {
  readonly files: Files;
  readonly database: Database;
  readonly log: Log;
  readonly folders: BackupFolders;
  readonly appVersion: string;
  /** Aborted when it is to end early; then nothing of it stays. */
  readonly signal: AbortSignal;
}

/** What is to be made. */
export interface BackupPlan {
  /** Absolute path of the folder that is to be made. */
  readonly outputPath: string;
  readonly reason: BackupReason;
  readonly at: Date;
  readonly withResources: boolean;
  readonly passphrase: string | null;
  /** An earlier backup on the same file system: files that are the same become one on disk. */
  readonly previousPath: string | null;
  /** Files of users, which never change, become one with those in use where the file system can. */
  readonly isLinking: boolean;
  readonly onProgress: (progress: BackupProgress) => void;
  /** Rejects where the needed room is not there. */
  readonly assertSpace: (neededBytes: number) => Promise<void>;
}

/** How far a backup is. */
export interface BackupProgress {
  readonly phase: BackupPhase;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

/**
 * Makes a backup of what the database holds at this moment. Whoever calls sees to it that no file of users is
 * removed meanwhile. It has its name only once it is whole, on disk and read back.
 * @throws AppError `BACKUP_EXISTS`, `BACKUP_DAMAGED` when the disk gives back something else, `STORAGE_FULL`;
 *   DbError. Nothing stays then.
 */
export async function writeBackup(scene: BackupScene, plan: BackupPlan): Promise<BackupSummary> {
  const { files } = scene;
  const { outputPath } = plan;
  if ((await files.find(outputPath)) !== null) {
    throw new AppError("conflict", "BACKUP_EXISTS", {
      message: `${outputPath} is there already. Name a folder that is not`,
    });
  }
  const partialPath = outputPath + PARTIAL_SUFFIX;
  await files.remove(partialPath, { recursive: true });
  await files.createFolder(dirname(outputPath));
  try {
    await files.createFolder(partialPath, { mode: 0o700 });
    const manifest = await new Writer(scene, plan, partialPath).write();
    scene.signal.throwIfAborted();
    await verifyBackup(scene, partialPath, (doneBytes) =>
      plan.onProgress({
        phase: "verifying",
        doneBytes,
        totalBytes: summarize(manifest, "", "").sizeBytes,
      }),
    );
    scene.signal.throwIfAborted();
    plan.onProgress({ phase: "ending", doneBytes: 0, totalBytes: null });
    await files.rename(partialPath, outputPath);
    return summarize(manifest, basename(outputPath), outputPath);
  } catch (error) {
    await removeQuietly(scene, partialPath);
    throw error;
  }
}

async function removeQuietly({ files, log }: BackupScene, path: string): Promise<void> {
  try {
    await files.remove(path, { recursive: true });
  } catch (error) {
    log.warn("what is left of a backup cannot be removed", { path, error });
  }
}

/** What was counted of one part. */
interface Part {
  fileCount: number;
  sizeBytes: number;
}

/** Writes one backup into its folder: a class, because every step adds to the same list. */
class Writer {
  private readonly written: BackupFile[] = [];
  private previous: ReadonlyMap<string, string> = new Map();
  private phase: BackupPhase = "database";
  private doneBytes = 0;
  private totalBytes: number | null = null;

  constructor(
    private readonly scene: BackupScene,
    private readonly plan: BackupPlan,
    private readonly folder: string,
  ) {}

  async write(): Promise<Manifest> {
    const { scene, plan } = this;
    this.enter("database", null);
    const snapshot = await takeSnapshot(scene.database);
    try {
      const assetBytes = await sumAssetBytes(snapshot);
      await this.expectSpace(snapshot, assetBytes);
      const database = await this.writeTables(snapshot);
      this.enter("config", null);
      const config = await this.copyAll(await listConfig(scene.files, scene.folders));
      const secrets = await this.writeSecrets();
      this.enter("assets", assetBytes);
      const assets = await this.copyAssets(snapshot);
      const resources = plan.withResources ? await this.copyResources() : null;
      return await this.finish(snapshot, { database, config, secrets, assets, resources });
    } finally {
      await snapshot.close();
    }
  }

  private enter(phase: BackupPhase, totalBytes: number | null): void {
    this.phase = phase;
    this.totalBytes = totalBytes;
    this.doneBytes = 0;
    this.advance(0);
  }

  private advance(bytes: number): void {
    this.doneBytes += bytes;
    const { phase, doneBytes, totalBytes } = this;
    this.plan.onProgress({ phase, doneBytes, totalBytes });
  }

  /** Files that an earlier backup has need no room of their own. */
  private async expectSpace(snapshot: Snapshot, assetBytes: number): Promise<void> {
    const { previousPath, isLinking } = this.plan;
    if (previousPath !== null) this.previous = await readFileList(this.scene, previousPath);
    const copied = isLinking || this.previous.size > 0 ? 0 : assetBytes;
    await this.plan.assertSpace(Math.ceil(snapshot.sizeBytes * PACKED_SHARE) + copied);
  }

  private async writeTables(snapshot: Snapshot) {
    const part: Part = { fileCount: 0, sizeBytes: 0 };
    const tables: Manifest["database"]["tables"] = [];
    await this.scene.files.createFolder(join(this.folder, "tables"), { mode: 0o700 });
    for (const table of snapshot.tables) {
      let rowCount = 0;
      const rows = async function* () {
        for await (const chunk of snapshot.copyOut(table)) {
          rowCount += countLines(chunk);
          yield chunk;
        }
      };
      const packed = packStream(rows());
      add(part, await this.store(toTablePath(table.name), packed, 0o600));
      tables.push({ name: table.name, columns: [...table.columns], rowCount });
    }
    return { part, tables };
  }

  private async writeSecrets(): Promise<Part & { isEncrypted: boolean }> {
    const { scene, plan } = this;
    const { passphrase } = plan;
    const part: Part = { fileCount: 0, sizeBytes: 0 };
    for (const { source, path } of await listSecrets(scene.files, scene.folders)) {
      await this.makeFolderOf(path);
      const bytes = await readWhole(scene.files, source);
      if (bytes === null) continue;
      const stored = passphrase === null ? path : `${path}.enc`;
      const content = passphrase === null ? bytes : await encryptSecret(bytes, stored, passphrase);
      add(part, await this.store(stored, [content], 0o600));
    }
    return { ...part, isEncrypted: passphrase !== null };
  }

  private async copyAssets(snapshot: Snapshot): Promise<Part & { missingCount: number }> {
    const { scene } = this;
    const part: Part = { fileCount: 0, sizeBytes: 0 };
    let missingCount = 0;
    for await (const file of walkAssets(scene.files, scene.folders, snapshot)) {
      // A folder that was taken over has files that rows name although they are not called as ours are.
      if (!file.isNamed && (await scene.files.find(join(this.folder, file.path))) !== null) continue;
      const sizeBytes = await this.copy(file, this.plan.isLinking && file.isNamed);
      if (sizeBytes !== null) add(part, sizeBytes);
      else if (file.isNamed) {
        missingCount += 1;
        if (missingCount === 1) scene.log.warn("a file of a user is gone", { path: file.source });
      }
    }
    if (missingCount > 0) scene.log.warn("the backup lacks files that are gone", { missingCount });
    return { ...part, missingCount };
  }

  private async copyResources(): Promise<Part> {
    this.enter("resources", null);
    return await this.copyAll(walkResources(this.scene.files, this.scene.folders));
  }

  private async copyAll(found: Iterable<SourceFile> | AsyncIterable<SourceFile>): Promise<Part> {
    const part: Part = { fileCount: 0, sizeBytes: 0 };
    for await (const file of found) {
      const sizeBytes = await this.copy(file, false);
      if (sizeBytes !== null) add(part, sizeBytes);
    }
    return part;
  }

  /** @returns The size, or null when it is gone meanwhile. */
  private async copy({ source, path }: SourceFile, isLinked: boolean): Promise<number | null> {
    try {
      await this.makeFolderOf(path);
      if (isLinked) return await this.link(source, path, null);
      return (await this.share(source, path)) ?? (await this.store(path, await this.open(source)));
    } catch (error) {
      if (isAppError(error) && error.code === "FILES_NOT_FOUND") return null;
      throw error;
    }
  }

  private open(source: string): Promise<ReadableStream<Uint8Array>> {
    return this.scene.files.openRead(source);
  }

  /** Takes what the earlier backup has, when it is the same. @returns Null when it is not. */
  private async share(source: string, path: string): Promise<number | null> {
    const known = this.previous.get(path);
    if (known === undefined || (await this.digest(source)).sha256 !== known) return null;
    try {
      return await this.link(join(this.plan.previousPath ?? "", path), path, known);
    } catch (error) {
      if (isAppError(error) && error.code === "FILES_NOT_FOUND") return null;
      throw error;
    }
  }

  /** @param expected What the file has to hold, where that is known; null is given for another content. */
  private async link(from: string, path: string, expected: string): Promise<number | null>;
  private async link(from: string, path: string, expected: null): Promise<number>;
  private async link(from: string, path: string, expected: string | null): Promise<number | null> {
    const target = join(this.folder, path);
    await this.scene.files.concatenate([from], target);
    const { sha256, sizeBytes } = await this.digest(target);
    if (expected !== null && sha256 !== expected) {
      this.scene.log.warn("a file of an earlier backup is damaged; it is copied anew", { path: from });
      await this.scene.files.remove(target);
      return null;
    }
    this.note({ path, sha256 });
    this.advance(sizeBytes);
    return sizeBytes;
  }

  private async digest(path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    for await (const chunk of await this.scene.files.openRead(path)) {
      this.scene.signal.throwIfAborted();
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
    }
    return { sha256: hash.digest("hex"), sizeBytes };
  }

  private async store(
    path: string,
    content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    mode?: number,
  ): Promise<number> {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const { signal } = this.scene;
    const advance = (bytes: number) => this.advance(bytes);
    const counted = async function* () {
      for await (const chunk of content) {
        signal.throwIfAborted();
        hash.update(chunk);
        sizeBytes += chunk.byteLength;
        advance(chunk.byteLength);
        yield chunk;
      }
    };
    await this.scene.files.writeAtomic(join(this.folder, path), counted(), { mode });
    this.note({ path, sha256: hash.digest("hex") });
    return sizeBytes;
  }

  private note(file: BackupFile): void {
    this.written.push(file);
    if (this.written.length <= FILES_MAX) return;
    throw new AppError("too_large", "BACKUP_TOO_MANY_FILES", {
      message: `A backup holds ${FILES_MAX} files at most`,
    });
  }

  private async makeFolderOf(path: string): Promise<void> {
    await this.scene.files.createFolder(join(this.folder, dirname(path)));
  }

  private async finish(snapshot: Snapshot, made: MadeParts): Promise<Manifest> {
    const { plan, scene } = this;
    const list = this.written;
    const lines = async function* () {
      for (const file of list) yield Buffer.from(formatListLine(file));
    };
    // The list is not in itself.
    await this.store(FILE_LIST_NAME, lines(), 0o600);
    const filesSha256 = this.written.pop()?.sha256 ?? "";
    const { database, ...parts } = made;
    const manifest: Manifest = {
      kind: "multitap-backup",
      format: BACKUP_FORMAT,
      appVersion: scene.appVersion,
      createdAt: plan.at.toISOString(),
      reason: plan.reason,
      database: {
        serverVersion: snapshot.serverVersion,
        level: snapshot.history.length,
        history: snapshot.history.map((entry) => ({ ...entry })),
        tables: database.tables,
        sequences: snapshot.sequences.map((sequence) => ({ ...sequence })),
      },
      parts: { database: database.part, ...parts },
      filesSha256,
      sha256: "",
    };
    await scene.files.writeAtomic(join(this.folder, MANIFEST_NAME), formatManifest(manifest), {
      mode: 0o600,
    });
    return manifest;
  }
}

interface MadeParts extends Omit<Manifest["parts"], "database"> {
  readonly database: { readonly part: Part; readonly tables: Manifest["database"]["tables"] };
}

function add(part: Part, sizeBytes: number): void {
  part.fileCount += 1;
  part.sizeBytes += sizeBytes;
}

/** A small file as a whole; null when it is gone meanwhile. */
async function readWhole(files: Files, path: string): Promise<Uint8Array | null> {
  const facts = await files.find(path);
  if (facts === null) return null;
  if (facts.sizeBytes > SECRET_BYTES_MAX) {
    throw new AppError("too_large", "BACKUP_SECRET_TOO_LARGE", {
      message: `${path} has more than ${SECRET_BYTES_MAX} bytes, so it is no key. Move it elsewhere`,
    });
  }
  return Buffer.concat(await Array.fromAsync(await files.openRead(path)));
}
