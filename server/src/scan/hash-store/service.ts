import type { Context } from "../../base/context.ts";
import { settleFiles } from "../../roms/discovered-files/service.ts";
import type { HashedFile, HashedRom } from "../../roms/discovery/contract.ts";
import { storeHashes } from "../../roms/hashes/service.ts";
import { HASHES_WAITING_MAX } from "../limits.ts";
import type { Progress } from "../progress/service.ts";

/** What hashing a rom as a whole gave. */
export interface RomToStore {
  readonly files: readonly HashedFile[];
  readonly rom: HashedRom;
  readonly isFolder: boolean;
}

/** Stores hashes behind the hashing. */
export interface HashStore {
  /** Takes the hashes of a rom; waits only while many are waiting already. */
  add(hashes: RomToStore): Promise<void>;
  /** Waits until all that was taken is stored. */
  drain(): Promise<void>;
}

/**
 * Opens a store that writes whatever has come meanwhile in one transaction: a small archive is hashed in less time
 * than a disk takes to make a transaction durable. What could not be written fails the next call.
 */
export function createHashStore(ctx: Context, progress: Progress): HashStore {
  let waiting: RomToStore[] = [];
  let writing: Promise<void> | null = null;
  let failure: { readonly cause: unknown } | null = null;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const some = waiting;
      waiting = [];
      await writeSome(ctx, progress, some);
    }
  }
  function write(): Promise<void> {
    writing ??= writeAll()
      .catch((cause: unknown) => {
        failure = { cause };
        waiting = [];
      })
      .finally(() => {
        writing = null;
      });
    return writing;
  }
  function check(): void {
    if (failure !== null) throw failure.cause;
  }
  return {
    async add(hashes) {
      check();
      waiting.push(hashes);
      const written = write();
      if (waiting.length >= HASHES_WAITING_MAX) await written;
      check();
    },
    async drain() {
      // What came in the moment in which the last writing ended is written by another one.
      while (writing !== null || waiting.length > 0) await write();
      check();
    },
  };
}

async function writeSome(ctx: Context, progress: Progress, some: readonly RomToStore[]): Promise<void> {
  const files = some.flatMap((each) => each.files);
  await storeHashes(ctx.db, { files, roms: some.map((each) => each.rom) });
  for (const { rom, isFolder } of some) {
    if (isFolder && rom.isComplete) await settleFiles(ctx.db, rom.romId);
  }
  const bytesHashed = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  progress.add({ filesHashed: files.length, bytesHashed });
}
