import { MultitapError } from "../errors.ts";
import { createRetries, toClientError } from "../http/calls.ts";
import { withDeadline } from "../http/deadline.ts";
import type { HttpParts } from "../http/rest.ts";
import { CALL_TIMEOUT_MS, SOURCE_READ_BYTES_MAX } from "../limits.ts";
import type { CallOptions } from "../options.ts";
import { type Content, type ContentPlace, discard, openContent, readPiece } from "./content.ts";
import type { ByteSource } from "./types.ts";

/**
 * Opens a content of the server for reads at any place, each of which is one request.
 * @throws MultitapError (a read) `protocol` (`CONTENT_CHANGED`) when the content is another one by now.
 */
export async function openRemoteSource(
  http: HttpParts,
  place: ContentPlace,
  options: CallOptions,
): Promise<ByteSource> {
  // Not HEAD: only a part proves that the server, and every proxy before it, sends parts.
  const range = { start: 0, end: 1, validator: null };
  const content = await openContent(http, place, { range, options });
  await discard(content);
  const { name, totalBytes, validator, modifiedAt, isPart } = content;
  if (totalBytes === null || validator === null || !isPart) {
    throw new MultitapError("unsupported", "CONTENT_NOT_SEEKABLE", {
      message: "The server sends this content only as a whole",
    });
  }
  const readOnce = async (start: number, end: number, readOptions: CallOptions): Promise<Uint8Array> => {
    const range = { start, end, validator };
    const content = await openContent(http, place, { range, options: { ...readOptions, retry: false } });
    return await readExactly(http, content, { start, end, validator, options: readOptions });
  };
  return {
    name,
    sizeBytes: totalBytes,
    modifiedAt,
    async read(start, end, signal) {
      refuseRange(start, end, totalBytes);
      if (start === end) return new Uint8Array(0);
      const readOptions = { ...options, signal: signal ?? options.signal };
      const retries = createRetries(http, { operation: place.operation, options: readOptions });
      for (;;) {
        try {
          return await readOnce(start, end, readOptions);
        } catch (thrown) {
          await retries.waitAfter(toClientError(thrown));
        }
      }
    },
  };
}

function refuseRange(start: number, end: number, sizeBytes: number): void {
  const isWhole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (isWhole && start >= 0 && start <= end && end <= sizeBytes && end - start <= SOURCE_READ_BYTES_MAX)
    return;
  const message = `Cannot read ${start} to ${end} of ${sizeBytes} bytes, at most ${SOURCE_READ_BYTES_MAX} at once`;
  throw new MultitapError("invalid", "RANGE_INVALID", { message });
}

interface ExactRead {
  readonly start: number;
  readonly end: number;
  readonly validator: string;
  readonly options: CallOptions;
}

async function readExactly(http: HttpParts, content: Content, wanted: ExactRead): Promise<Uint8Array> {
  const { start, end, validator, options } = wanted;
  const reader = content.body?.getReader();
  const limits = {
    environment: http.environment,
    signals: [options.signal, http.lifetime],
    timeoutMs: options.timeoutMs ?? http.timeoutMs ?? CALL_TIMEOUT_MS,
  };
  try {
    const hasChanged = content.start !== start || (content.validator ?? validator) !== validator;
    if (hasChanged)
      throw new MultitapError("protocol", "CONTENT_CHANGED", {
        message: "The content changed on the server",
      });
    const bytes = new Uint8Array(end - start);
    let filled = 0;
    while (filled < bytes.length) {
      const piece = await withDeadline(limits, () => readPiece(reader));
      if (piece === undefined) break;
      bytes.set(piece.subarray(0, bytes.length - filled), filled);
      filled += piece.length;
    }
    if (filled >= bytes.length) return bytes;
    throw new MultitapError("network", "NETWORK_FAILED", { message: "The answer was cut off" });
  } finally {
    // Also ends an answer that is not wanted any more; that this may fail changes nothing.
    await reader?.cancel().catch(() => undefined);
  }
}
