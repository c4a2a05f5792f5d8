import { MultitapError } from "../errors.ts";
import { type AppSaveStore, createIndexedStore } from "../sync/indexed-store.ts";
import type { RemoteSave, RomRef } from "../sync/types.ts";
import { type OpfsFolder, opfsPlace } from "./opfs-place.ts";

/** How saves of a page are kept. */
export interface OpfsSaveStoreOptions {
  /** The folder in the browser's own files; `multitap-saves` unless said. */
  readonly folder?: string | undefined;
  /** How the app names the rom of a version; null when it does not want it. Its id on the server unless said. */
  readonly toRom?: ((remote: RemoteSave) => RomRef | null) | undefined;
}

/**
 * Makes a store in the files that a browser keeps for a page. An emulator on the page puts its saves and opens them
 * again. One page at a time: two tabs know nothing of each other's writes.
 * @throws MultitapError (its functions) `unsupported` (`OPFS_UNSUPPORTED`) in a browser without such files.
 * @example
 * const store = opfsSaveStore();
 * await store.put({ rom: 42, kind: "save", slot: "main" }, [{ path: "game.srm", bytes }]);
 * await createSync(client, { deviceId, store }).run();
 */
export function opfsSaveStore(options: OpfsSaveStoreOptions = {}): AppSaveStore {
  const { folder = "multitap-saves", toRom = ({ romId }) => romId } = options;
  const open = async () => await (await openRoot()).getDirectoryHandle(folder, { create: true });
  return createIndexedStore({ place: opfsPlace(open), now: () => Date.now(), toRom });
}

async function openRoot(): Promise<OpfsFolder> {
  const { storage } = (globalThis.navigator ?? {}) as {
    readonly storage?: { getDirectory?(): Promise<unknown> } | undefined;
  };
  if (storage?.getDirectory === undefined) {
    throw new MultitapError("unsupported", "OPFS_UNSUPPORTED", {
      message: "This browser has no files of its own for a page",
    });
  }
  return (await storage.getDirectory()) as OpfsFolder;
}
