import { open } from "node:fs/promises";
import { basename } from "node:path";
import { MultitapError, toStorageError } from "../errors.ts";
import { throwIfAborted } from "../http/deadline.ts";
import type { ByteSource } from "../transfers/types.ts";

/**
 * Opens a file for reads at any place; `close` it when done.
 * @throws MultitapError `storage` when it cannot be opened, or (a read) when it ends early.
 * @example
 * const disc = await fileSource("/in/disc.chd");
 * const header = await disc.read(0, 124);
 * await disc.close?.();
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const what = `Reading ${path}`;
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      throw toStorageError(thrown, what);
    }
  };
  const file = await attempt(() => open(path, "r"));
  const { size, mtime } = await attempt(() => file.stat());
  return {
    name: basename(path),
    sizeBytes: size,
    modifiedAt: mtime.toISOString(),
    read: (start, end, signal) =>
      attempt(async () => {
        const bytes = new Uint8Array(end - start);
        let filled = 0;
        while (filled < bytes.length) {
          throwIfAborted(signal);
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
          if (bytesRead === 0) throw endedEarly(start + filled, end);
          filled += bytesRead;
        }
        return bytes;
      }),
    close: () => attempt(() => file.close()),
  };
}

function endedEarly(at: number, wanted: number): MultitapError {
  return new MultitapError("storage", "STORAGE_FAILED", {
    message: `The file ends at ${at}, before byte ${wanted}`,
  });
}
