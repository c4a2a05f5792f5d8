import { MultitapError } from "../errors.ts";
import type { ByteSink } from "./types.ts";

/**
 * A sink that passes the bytes on to a stream, in order. It survives a lost connection, but cannot go on in
 * another call: aborting the transfer aborts the stream.
 * @example
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * void client.roms.download(42, streamSink(writable));
 * return new Response(readable);
 */
export function streamSink(stream: WritableStream<Uint8Array>): ByteSink {
  return {
    async open() {
      const writer = stream.getWriter();
      let offsetBytes = 0;
      return {
        get offsetBytes() {
          return offsetBytes;
        },
        async restart() {
          if (offsetBytes === 0) return;
          const message = "The content changed after some of it went through the stream";
          throw new MultitapError("storage", "SINK_FORWARD_ONLY", { message });
        },
        async write(chunk) {
          await writer.ready;
          await writer.write(chunk);
          offsetBytes += chunk.length;
        },
        commit: () => writer.close(),
        suspend: () =>
          writer.abort(new MultitapError("aborted", "ABORTED", { message: "The transfer stopped" })),
      };
    },
  };
}
