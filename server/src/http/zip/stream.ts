import { cutZip, type ZipCut, type ZipLayout, type ZipRange } from "./layout.ts";

/**
 * Opens the content of an entry, or a part of it. The stream must fail when it cannot give exactly that many
 * bytes.
 */
export type OpenEntry = (entryIndex: number, range: ZipRange) => Promise<ReadableStream<Uint8Array>>;

/**
 * Gives the bytes of an archive, or of a part of it, as they are drained: one chunk of one file is in memory, and
 * one file open. It closes that file at its end, on failure and on cancel.
 */
export function streamZip(
  layout: ZipLayout,
  range: ZipRange,
  openEntry: OpenEntry,
): ReadableStream<Uint8Array> {
  const chunks = readCuts(cutZip(layout, range), openEntry);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await chunks.next();
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

/** The same bytes for a writer that asks for them. */
export async function* readCuts(cuts: readonly ZipCut[], openEntry: OpenEntry): AsyncGenerator<Uint8Array> {
  for (const { piece, from, to } of cuts) {
    if (piece.kind === "bytes") {
      yield piece.bytes.subarray(from, to);
      continue;
    }
    const reader = (await openEntry(piece.entryIndex, { start: from, end: to })).getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        yield value;
      }
    } finally {
      // Closes the file when this generator ends early; harmless at its end.
      await reader.cancel();
    }
  }
}
