import { type AppSaveStore, type BlobPlace, createIndexedStore } from "./indexed-store.ts";

/**
 * Makes a store in memory, for tests and for apps that keep saves themselves. Every version is wanted; roms that are
 * unknown here go by their ids on the server.
 * @example
 * const store = memorySaveStore();
 * await store.put({ rom: 42, kind: "save", slot: "main" }, [{ path: "game.srm", bytes }]);
 */
export function memorySaveStore(): AppSaveStore {
  return createIndexedStore({ place: memoryPlace(), now: () => Date.now(), toRom: ({ romId }) => romId });
}

/** Bytes by name; what goes in and out are copies. */
export function memoryPlace(): BlobPlace {
  const blobs = new Map<string, Uint8Array>();
  return {
    read: async (name) => blobs.get(name)?.slice() ?? null,
    async write(name, bytes) {
      blobs.set(name, bytes.slice());
    },
    async remove(name) {
      blobs.delete(name);
    },
    list: async () => [...blobs.keys()],
  };
}
