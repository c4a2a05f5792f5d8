import { AppError } from "../base/errors.ts";
import { BODY_BYTES_MAX } from "./limits.ts";
import { toTrpcError } from "./procedures.ts";

/**
 * The same request with a body that fails with `BODY_TOO_LARGE` as soon as more than the limit came, for the
 * protocol reads it whole into memory.
 */
export function limitBody(request: Request): Request {
  if (request.body === null) return request;
  // The network layer holds a body to the length it announces, so a small one needs no counting.
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) <= BODY_BYTES_MAX) return request;
  const body = request.body.pipeThrough(countBytes());
  return new Request(request, { body, duplex: "half" } as RequestInit);
}

function countBytes(): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      // The protocol passes its own kind of error on as it is.
      if (bytes > BODY_BYTES_MAX) throw toTrpcError(bodyTooLarge());
      controller.enqueue(chunk);
    },
  });
}

function bodyTooLarge(): AppError<"too_large"> {
  return new AppError("too_large", "BODY_TOO_LARGE", {
    message: `Request body is larger than ${BODY_BYTES_MAX} bytes`,
    details: { bytesMax: BODY_BYTES_MAX },
  });
}
