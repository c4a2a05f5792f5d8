import type { ByteSink, ExpectedContent } from "../transfers/types.ts";

/** A sink in memory that keeps what was suspended, and tells what was done to it. */
export interface MemorySink extends ByteSink {
  /** What was committed; null before. */
  readonly result: Uint8Array | null;
  readonly log: string[];
  readonly expected: ExpectedContent[];
  /** Fails the next write. */
  failNextWrite: Error | null;
  /** Bytes an earlier transfer left, with the validator they came under. */
  keep(bytes: Uint8Array, validator: string): void;
  readonly kept: Uint8Array | null;
}

/** Makes an empty sink. */
export function createMemorySink(options: { readonly canReadBack?: boolean } = {}): MemorySink {
  let kept: { bytes: number[]; validator: string } | null = null;
  let result: Uint8Array | null = null;
  const sink: MemorySink = {
    get result() {
      return result;
    },
    get kept() {
      return kept === null ? null : Uint8Array.from(kept.bytes);
    },
    log: [],
    expected: [],
    failNextWrite: null,
    keep(bytes, validator) {
      kept = { bytes: [...bytes], validator };
    },
    async open(expected) {
      sink.expected.push(expected);
      let bytes = kept !== null && kept.validator === expected.validator ? kept.bytes : [];
      kept = null;
      return {
        get offsetBytes() {
          return bytes.length;
        },
        async restart() {
          sink.log.push(`restart ${bytes.length}`);
          bytes = [];
        },
        async write(chunk) {
          const failure = sink.failNextWrite;
          sink.failNextWrite = null;
          if (failure !== null) throw failure;
          for (const byte of chunk) bytes.push(byte);
        },
        async commit() {
          sink.log.push("commit");
          result = Uint8Array.from(bytes);
        },
        async suspend() {
          sink.log.push(`suspend ${bytes.length}`);
          kept = { bytes, validator: expected.validator ?? "" };
        },
        ...(options.canReadBack && {
          async *readBack() {
            yield Uint8Array.from(bytes);
          },
        }),
      };
    },
  };
  return sink;
}
