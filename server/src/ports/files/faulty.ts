import { type FileErrno, toFilesFailure } from "./failures.ts";
import type { FileContent, Files } from "./port.ts";

/** A failure to be met instead of, or in the middle of, an operation. */
export interface Fault {
  operation: keyof Files;
  /** The whole path, or a pattern that the path must match. */
  path: string | RegExp;
  error: FileErrno;
  /** How many calls meet it; absent means all. */
  times?: number | undefined;
  /** For `writeAtomic` and `openRead`: the failure comes after so many bytes, not at once. */
  afterBytes?: number | undefined;
}

/** A files port for tests whose disk fails on demand. */
export interface FaultyFiles extends Files {
  /** Adds a fault; the one added first wins. */
  inject(fault: Fault): void;
  /** Forgets all faults. */
  heal(): void;
}

/** Wraps a driver; without faults it behaves as the wrapped one does. */
export function createFaultyFiles(inner: Files): FaultyFiles {
  let faults: Fault[] = [];
  const meet = (operation: keyof Files, path: string): Fault | null => {
    const fault = faults.find((each) => each.operation === operation && matches(each.path, path));
    if (fault === undefined) return null;
    if (fault.times !== undefined) {
      fault.times -= 1;
      if (fault.times <= 0) faults = faults.filter((each) => each !== fault);
    }
    return fault;
  };
  const guard = async <T>(operation: keyof Files, path: string, run: () => Promise<T>): Promise<T> => {
    const fault = meet(operation, path);
    if (fault !== null) throw await toFailure(fault, path);
    return run();
  };
  return {
    inject: (fault) => void faults.push({ ...fault }),
    heal() {
      faults = [];
    },
    list: (folder) => guard("list", folder, () => inner.list(folder)),
    find: (path) => guard("find", path, () => inner.find(path)),
    canWrite: (path) => guard("canWrite", path, () => inner.canWrite(path)),
    readText: (path, options) => guard("readText", path, () => inner.readText(path, options)),
    async writeAtomic(path, content, options) {
      const fault = meet("writeAtomic", path);
      if (fault === null) return inner.writeAtomic(path, content, options);
      if (fault.afterBytes === undefined) throw await toFailure(fault, path);
      return inner.writeAtomic(path, failAfter(content, fault, path), options);
    },
    concatenate: (parts, path) => guard("concatenate", path, () => inner.concatenate(parts, path)),
    publish: (from, to) => guard("publish", to, () => inner.publish(from, to)),
    createFolder: (path, options) => guard("createFolder", path, () => inner.createFolder(path, options)),
    remove: (path, options) => guard("remove", path, () => inner.remove(path, options)),
    rename: (from, to) => guard("rename", from, () => inner.rename(from, to)),
    async openRead(path, range) {
      const fault = meet("openRead", path);
      if (fault === null) return inner.openRead(path, range);
      if (fault.afterBytes === undefined) throw await toFailure(fault, path);
      const stream = await inner.openRead(path, range);
      return toStream(failAfter(stream, fault, path));
    },
    openBlob: (path, range) => guard("openBlob", path, () => inner.openBlob(path, range)),
    realPath: (path) => guard("realPath", path, () => inner.realPath(path)),
    freeSpace: (path) => guard("freeSpace", path, () => inner.freeSpace(path)),
  };
}

function matches(pattern: string | RegExp, path: string): boolean {
  return typeof pattern === "string" ? pattern === path : pattern.test(path);
}

function toFailure({ operation, error }: Fault, path: string): Promise<unknown> {
  const injected = Object.assign(new Error(`${error}: injected`), { code: error });
  return toFilesFailure(injected, { verb: operation, path });
}

/** Passes so many bytes on and then fails as the disk would. */
async function* failAfter(
  content: FileContent | ReadableStream<Uint8Array>,
  fault: Fault,
  path: string,
): AsyncGenerator<Uint8Array> {
  let leftBytes = fault.afterBytes ?? 0;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for await (const chunk of bytes instanceof Uint8Array ? [bytes] : bytes) {
    if (chunk.length > leftBytes) {
      if (leftBytes > 0) yield chunk.subarray(0, leftBytes);
      throw await toFailure(fault, path);
    }
    leftBytes -= chunk.length;
    yield chunk;
  }
}

function toStream(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
