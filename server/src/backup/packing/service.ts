/** The runtime knows it; its published types do not. */
const ZSTD = "zstd" as CompressionFormat;

/** Packs a stream with zstd. */
export function packStream(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return toStream(chunks).pipeThrough(new CompressionStream(ZSTD));
}

/**
 * Unpacks what `packStream` made. The runtime takes the middle of a stream for its end without a word: whoever reads
 * compares the digest of what was packed, or counts.
 */
export function unpackStream(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return toStream(chunks).pipeThrough(new DecompressionStream(ZSTD));
}

function toStream(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      },
      async cancel() {
        await iterator.return?.(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
