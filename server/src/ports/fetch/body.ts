import { Readable, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { AppError } from "../../base/errors.ts";
import { maskCause } from "./masking.ts";

export interface BodyOptions {
  readonly host: string;
  readonly maxBytes: number;
}

/** An answer that cannot be used. */
export function invalidAnswer(host: string, why: string, cause?: unknown): AppError<"upstream"> {
  return new AppError("upstream", "FETCH_ANSWER_INVALID", {
    message: `the answer of ${host} ${why}`,
    details: { host },
    cause,
  });
}

/**
 * The decompressed bytes of an answer, bounded before and after decompression, so that neither an endless answer
 * nor a bomb costs more than `maxBytes` and one chunk.
 */
export async function* readBody(response: Response, options: BodyOptions): AsyncGenerator<Uint8Array> {
  const { host, maxBytes } = options;
  // The head of an answer to HEAD speaks of a body that does not come.
  if (response.body === null) return;
  const decoder = chooseDecoder(response.headers);
  const isLong = Number(response.headers.get("content-length") ?? 0) > maxBytes;
  if (isLong || decoder === undefined) {
    await response.body.cancel();
    throw isLong ? tooLarge(options) : invalidAnswer(host, "is encoded in a way we cannot read");
  }
  const raw = bounded(response.body, options);
  yield* decoder === null ? raw : bounded(decode(raw, decoder, host), options);
}

function tooLarge({ host, maxBytes }: BodyOptions): AppError<"upstream"> {
  return invalidAnswer(host, `is larger than ${maxBytes} bytes`);
}

/** Null for bytes as they are; undefined for an encoding that we cannot read, such as several at once. */
function chooseDecoder(headers: Headers): Transform | null | undefined {
  const names = (headers.get("content-encoding") ?? "").toLowerCase().split(",");
  const [encoding, ...more] = names.map((name) => name.trim()).filter((name) => !/^(identity)?$/.test(name));
  if (encoding === undefined) return null;
  return more.length > 0 ? undefined : createDecoder(encoding);
}

function createDecoder(encoding: string): Transform | undefined {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, options: BodyOptions): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > options.maxBytes) throw tooLarge(options);
    yield chunk;
  }
}

async function* decode(
  raw: AsyncGenerator<Uint8Array>,
  decoder: Transform,
  host: string,
): AsyncGenerator<Uint8Array> {
  const failure: { value: unknown } = { value: null };
  const source = Readable.from(raw);
  source.on("error", (error) => {
    failure.value = error;
    decoder.destroy(error);
  });
  source.pipe(decoder);
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
  } catch (error) {
    // What broke before the decoder is told as it is; what the decoder refuses is a damaged answer.
    throw failure.value ?? invalidAnswer(host, "cannot be decompressed", maskCause(error));
  } finally {
    source.destroy();
    decoder.destroy();
  }
}
