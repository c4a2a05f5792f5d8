/** Keeps decoded hunks, those used last, within a number of bytes. */
export interface HunkCache {
  find(hunkIndex: number): Uint8Array | null;
  /** Keeps a hunk; the bytes must not change afterwards. */
  store(hunkIndex: number, bytes: Uint8Array): void;
  clear(): void;
}

/** Creates a cache of at most `bytesMax` bytes, but of one hunk at least. */
export function createHunkCache(hunkBytes: number, bytesMax: number): HunkCache {
  const hunksMax = Math.max(1, Math.floor(bytesMax / Math.max(1, hunkBytes)));
  // A map lists its keys in the order they were added, so the first is the one used longest ago.
  const hunks = new Map<number, Uint8Array>();
  return {
    find(hunkIndex) {
      const bytes = hunks.get(hunkIndex);
      if (bytes === undefined) return null;
      hunks.delete(hunkIndex);
      hunks.set(hunkIndex, bytes);
      return bytes;
    },
    store(hunkIndex, bytes) {
      hunks.delete(hunkIndex);
      hunks.set(hunkIndex, bytes);
      if (hunks.size <= hunksMax) return;
      for (const oldest of hunks.keys()) {
        hunks.delete(oldest);
        return;
      }
    },
    clear: () => hunks.clear(),
  };
}
