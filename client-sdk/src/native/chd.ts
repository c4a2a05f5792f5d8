import { type Chd as NativeChd, openChd } from "@multitap/native/chd";
import { NativeError } from "@multitap/native/errors";
import { toStorageError } from "../errors.ts";
import type { ByteSink, ByteSource, BytesInput } from "../transfers/types.ts";
import { noteContent } from "./chd-contents.ts";
import { guarded, toFailure } from "./failures.ts";
import { toSource } from "./inputs.ts";
import type { Chd, ChdVerification, NativeOptions, OpenChdOptions } from "./types.ts";
import { toDecodeWorkers } from "./workers.ts";

/** The inner side of each open CHD, for children that read from it. */
const opened = new WeakMap<Chd, NativeChd>();
/** Gives a source whose failures are of our one class. */
function toOuterSource(source: ByteSource): ByteSource {
  return { ...source, read: (start, end, signal) => guarded(signal, () => source.read(start, end, signal)) };
}

function toOuterStream(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await guarded(undefined, () => reader.read());
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Gives a sink whose failures are told apart from ours. */
function toInnerSink(sink: ByteSink, name: string): ByteSink {
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      throw toStorageError(thrown, `Writing ${name}`);
    }
  };
  return {
    async open(expected) {
      const writer = await attempt(() => sink.open(expected));
      return {
        get offsetBytes() {
          return writer.offsetBytes;
        },
        restart: () => attempt(() => writer.restart()),
        write: (chunk) => attempt(() => writer.write(chunk)),
        commit: () => attempt(() => writer.commit()),
        suspend: () => attempt(() => writer.suspend()),
      };
    },
  };
}

function toInnerOptions({ signal, onProgress, workers }: NativeOptions) {
  return { signal, onProgress, workers: toDecodeWorkers(workers) };
}

/** Gives an open CHD with failures of our one class. */
function toOuterChd(chd: NativeChd): Chd {
  const direct = <T>(work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      throw toFailure(thrown, undefined);
    }
  };
  const outer: Chd = {
    header: chd.header,
    tracks: chd.tracks,
    readHunk: (hunkIndex, signal) => guarded(signal, () => chd.readHunk(hunkIndex, signal)),
    read: (start, end, signal) => guarded(signal, () => chd.read(start, end, signal)),
    readSectors: (...at) => guarded(at[3], () => chd.readSectors(...at)),
    source(input) {
      const source = toOuterSource(direct(() => chd.source(input)));
      if (input?.trackNumber === undefined) noteContent(source, chd);
      return source;
    },
    stream: (input) => toOuterStream(direct(() => chd.stream(input))),
    verify: (options = {}) =>
      guarded(options.signal, async (): Promise<ChdVerification> => {
        const { isIntact, badHunks, sha1 } = await chd.verify(toInnerOptions(options));
        return { isIntact, badHunks, sha1 };
      }),
    extract: (format, to, options = {}) =>
      guarded(options.signal, () =>
        chd.extract(format, (name) => toInnerSink(to(name), name), toInnerOptions(options)),
      ),
    close: () => guarded(undefined, () => chd.close()),
  };
  opened.set(outer, chd);
  return outer;
}

/** Opens a CHD; what is thrown is not yet of our class. */
export async function openChdFile(source: BytesInput, options: OpenChdOptions): Promise<Chd> {
  const { parent, cacheBytes, signal, workers } = options;
  const inner = parent === undefined ? undefined : opened.get(parent);
  if (parent !== undefined && inner === undefined)
    throw new NativeError("CHD_PARENT_MISMATCH", "the parent was not opened by openChd");
  const chd = await openChd(toSource(source), {
    parent: inner,
    cacheBytes,
    signal,
    workers: toDecodeWorkers(workers),
  });
  return toOuterChd(chd);
}
