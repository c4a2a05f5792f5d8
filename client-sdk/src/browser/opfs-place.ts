import { MultitapError } from "../errors.ts";
import type { BlobPlace } from "../sync/indexed-store.ts";

/** What is needed of a folder of the browser's own; written here because not every runtime's types know it. */
export interface OpfsFolder {
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<OpfsFolder>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<OpfsFile>;
  removeEntry(name: string): Promise<void>;
  keys(): AsyncIterable<string>;
}

interface OpfsFile {
  getFile(): Promise<Blob>;
  createWritable?(): Promise<OpfsWritable>;
}

interface OpfsWritable {
  write(bytes: Uint8Array): Promise<void>;
  /** Only now the file has the new bytes, all of them. */
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** Makes a place for bytes out of a folder; it is opened at first need. */
export function opfsPlace(open: () => Promise<OpfsFolder>): BlobPlace {
  let opened: Promise<OpfsFolder> | null = null;
  const folder = () => {
    opened ??= open();
    return opened;
  };
  return {
    async read(name) {
      try {
        const file = await (await folder()).getFileHandle(name);
        return new Uint8Array(await (await file.getFile()).arrayBuffer());
      } catch (thrown) {
        if (isMissing(thrown)) return null;
        throw thrown;
      }
    },
    async write(name, bytes) {
      const file = await (await folder()).getFileHandle(name, { create: true });
      const writable = await file.createWritable?.();
      if (writable === undefined) throw notWritable();
      try {
        await writable.write(bytes);
      } catch (thrown) {
        await writable.abort();
        throw thrown;
      }
      await writable.close();
    },
    async remove(name) {
      try {
        await (await folder()).removeEntry(name);
      } catch (thrown) {
        if (!isMissing(thrown)) throw thrown;
      }
    },
    async list() {
      const names: string[] = [];
      for await (const name of (await folder()).keys()) names.push(name);
      return names;
    },
  };
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "NotFoundError";
}

function notWritable(): MultitapError<"unsupported"> {
  return new MultitapError("unsupported", "OPFS_UNSUPPORTED", {
    message: "This browser has no files of its own that a page can write",
  });
}
