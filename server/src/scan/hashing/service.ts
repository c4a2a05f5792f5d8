import { join, relative } from "node:path";
import type { Context } from "../../base/context.ts";
import type { EnsuredPlatform } from "../../platforms/service.ts";
import type { HashRomInput, HashRomOutput, RaTarget } from "../../ports/compute/tasks/hash-rom-shape.ts";
import type {
  DiscoveredRom,
  HashedFile,
  HashedRom,
  PendingFile,
  PendingRom,
} from "../../roms/discovery/contract.ts";
import { readPendingRoms, storeHashes } from "../../roms/hashes/service.ts";
import { createHashStore, type HashStore } from "../hash-store/service.ts";
import { HASH_WINDOW_FILES } from "../limits.ts";
import type { Progress } from "../progress/service.ts";
import type { RomDigests } from "../rules.ts";
import { isArchiveName, toBatches } from "./rules.ts";

/** Whose files to hash. */
export interface HashPlatformOptions {
  readonly platform: EnsuredPlatform;
  readonly progress: Progress;
}

/**
 * Hashes every rom of a platform whose hashes are not known. What is stored stays stored: a scan that is killed
 * goes on with the roms that are left.
 */
export async function hashPlatform(ctx: Context, options: HashPlatformOptions): Promise<void> {
  let afterRomId = 0;
  for (;;) {
    options.progress.signal.throwIfAborted();
    const pending = await readPendingRoms(ctx.db, {
      platformId: options.platform.id,
      afterRomId,
      limit: HASH_WINDOW_FILES,
    });
    const last = pending.at(-1);
    if (last === undefined) return;
    afterRomId = last.romId;
    await hashWindow(ctx, pending, options);
  }
}

/** A rom that is one file to be read from end to end. */
interface PlainRom extends PendingFile {
  readonly romId: number;
}

type Job = () => Promise<void>;

/** Keeps every worker busy until the window is done: plain files in batches, everything else rom by rom. */
async function hashWindow(
  ctx: Context,
  pending: readonly PendingRom[],
  options: HashPlatformOptions,
): Promise<void> {
  const plain: PlainRom[] = [];
  const others: PendingRom[] = [];
  for (const rom of pending) {
    const [file, ...more] = rom.files;
    const isPlain = !rom.isFolder && file !== undefined && more.length === 0 && !isArchiveName(rom.fsName);
    if (isPlain) plain.push({ ...file, romId: rom.romId });
    else others.push(rom);
  }
  const byId = new Map(pending.map((rom) => [rom.romId, rom]));
  const packed: PendingRom[] = [];
  const store = createHashStore(ctx, options.progress);
  const batches = toBatches(plain, ctx.ports.compute.size).map(
    (batch): Job =>
      async () => {
        for (const romId of await hashBatch(ctx, batch, options)) {
          const rom = byId.get(romId);
          if (rom !== undefined) packed.push(rom);
        }
      },
  );
  await runJobs(ctx, [
    ...batches,
    ...others.map(
      (rom): Job =>
        () =>
          hashRom(ctx, rom, { ...options, store }),
    ),
  ]);
  await runJobs(
    ctx,
    packed.map(
      (rom): Job =>
        () =>
          hashRom(ctx, rom, { ...options, store }),
    ),
  );
  await store.drain();
}

async function runJobs(ctx: Context, jobs: readonly Job[]): Promise<void> {
  const lanes = Math.min(jobs.length, ctx.ports.compute.size * 2);
  let next = 0;
  const work = async () => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) await job();
  };
  // A failed lane must not leave the others running behind the scan's back.
  const results = await Promise.allSettled(Array.from({ length: lanes }, work));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Hashes plain files; gives the ids of roms whose content turned out to be packed. */
async function hashBatch(
  ctx: Context,
  batch: readonly PlainRom[],
  { platform, progress }: HashPlatformOptions,
): Promise<readonly number[]> {
  const files = batch.map((file) => ({
    id: file.fileId,
    path: absolutePath(ctx, file),
    expectedSizeBytes: file.sizeBytes,
  }));
  const input = { files, raConsoleId: platform.raConsoleId };
  const results = await ctx.ports.compute.run("hash-files", input, { signal: progress.signal });
  const byId = new Map(batch.map((file) => [file.fileId, file]));
  const hashed: { file: HashedFile; rom: HashedRom }[] = [];
  const packed: number[] = [];
  for (const result of results) {
    const file = byId.get(result.id);
    if (file === undefined) continue;
    if ("failure" in result) {
      const path = `${file.filePath}/${file.fileName}`;
      progress.report({ code: `hash_${result.failure.code}`, path, message: result.failure.message });
    } else if ("isPacked" in result) packed.push(file.romId);
    else {
      const { crc32, md5, sha1, raHash, chdSha1, sizeBytes, modifiedAtMs } = result;
      const digests = { crc32, md5, sha1 };
      hashed.push({
        file: {
          fileId: file.fileId,
          ...digests,
          chdSha1,
          isPacked: false,
          archiveMembers: null,
          sizeBytes,
          modifiedAtMs,
        },
        rom: { romId: file.romId, ...digests, raHash, isComplete: true },
      });
    }
  }
  await storeHashes(ctx.db, {
    files: hashed.map(({ file }) => file),
    roms: hashed.map(({ rom }) => rom),
  });
  const bytesHashed = hashed.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  progress.add({ filesHashed: hashed.length, bytesHashed });
  return packed;
}

function absolutePath(ctx: Context, file: { readonly filePath: string; readonly fileName: string }): string {
  return join(ctx.facts.libraryPath, file.filePath, file.fileName);
}

/** Hashes an archive, a folder or a disc with everything in it. */
async function hashRom(
  ctx: Context,
  rom: PendingRom,
  { platform, progress, store }: HashPlatformOptions & { readonly store: HashStore },
): Promise<void> {
  const output = await ctx.ports.compute.run("hash-rom", toInput(ctx, rom, platform), {
    signal: progress.signal,
  });
  for (const problem of output.problems) {
    progress.report({ ...problem, path: relative(ctx.facts.libraryPath, problem.path) });
  }
  const byId = new Map(rom.files.map((file) => [file.fileId, file]));
  const hashed: HashedFile[] = [];
  let isComplete = true;
  for (const result of output.files) {
    if ("failure" in result) {
      isComplete = false;
      const file = byId.get(result.id);
      const path = `${file?.filePath}/${file?.fileName}`;
      progress.report({ code: `hash_${result.failure.code}`, path, message: result.failure.message });
      continue;
    }
    const { id, members, ...hashes } = result;
    hashed.push({ fileId: id, archiveMembers: members, ...hashes });
  }
  const { crc32, md5, sha1, raHash } = output;
  const hashedRom = { romId: rom.romId, crc32, md5, sha1, raHash, isComplete };
  await store.add({ files: hashed, rom: hashedRom, isFolder: rom.isFolder });
}

function toInput(
  ctx: Context,
  rom: Pick<PendingRom, "fsPath" | "fsName" | "isFolder" | "files">,
  platform: EnsuredPlatform,
): HashRomInput {
  const romPath = `${rom.fsPath}/${rom.fsName}`;
  return {
    path: join(ctx.facts.libraryPath, romPath),
    isFolder: rom.isFolder,
    files: rom.files.map((file) => ({
      id: file.fileId,
      path: absolutePath(ctx, file),
      expectedSizeBytes: file.sizeBytes,
      isTopLevel: !rom.isFolder || file.filePath === romPath,
      isHashed: file.isHashed,
    })),
    ra: toRaTarget(platform),
  };
}

function toRaTarget({ raConsoleId, isDiscPlatform }: EnsuredPlatform): RaTarget | null {
  return raConsoleId === null ? null : { consoleId: raConsoleId, isDisc: isDiscPlatform };
}

/** A rom on disk that has no row yet. */
export interface Unlisted {
  readonly platform: EnsuredPlatform;
  readonly rom: DiscoveredRom;
  readonly signal: AbortSignal;
}

/** Hashes a rom before it is listed, to find out whether it is a known one; null when one of its files cannot be read. */
export async function hashUnlisted(
  ctx: Context,
  { platform, rom, signal }: Unlisted,
): Promise<RomDigests | null> {
  const files = rom.files.map((file, index) => ({ ...file, fileId: index + 1, isHashed: false }));
  const input = { ...toInput(ctx, { ...rom, files }, platform), ra: null };
  const output: HashRomOutput = await ctx.ports.compute.run("hash-rom", input, { signal });
  if (output.files.some((result) => "failure" in result)) return null;
  const { crc32, md5, sha1 } = output;
  return { crc32, md5, sha1 };
}
