import { AppError } from "../base/errors.ts";
import { invalidInput } from "../base/operation.ts";
import { findJsonFault } from "./json-fault.ts";
import { BODY_BYTES_MAX } from "./limits.ts";

/**
 * Reads a whole JSON body.
 * @throws AppError `INPUT_INVALID` for an absent or damaged one, `BODY_TOO_LARGE`.
 */
export async function readJson(request: Request): Promise<unknown> {
  const text = new TextDecoder().decode(await readBytes(request));
  if (text === "") {
    throw invalidInput([{ path: ["body"], type: "missing", message: "Field required", input: null }]);
  }
  try {
    return JSON.parse(text);
  } catch {
    // The runtime's own message names no position; the fault found again does.
    const { position, reason } = findJsonFault(text);
    const message = `JSON decode error: ${reason}`;
    throw invalidInput([{ path: ["body", position], type: "json_invalid", message, input: {} }]);
  }
}

/**
 * Reads the text fields of a url-encoded or multipart form; files in it are left out.
 * @throws AppError `INPUT_INVALID` for a damaged one, `BODY_TOO_LARGE`.
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type") ?? "";
  const bytes = await readBytes(request);
  if (!/^multipart\/form-data\b/i.test(type)) return new URLSearchParams(new TextDecoder().decode(bytes));
  const fields = new URLSearchParams();
  for (const [name, value] of (await parseMultipart(bytes, type)).entries()) {
    if (typeof value === "string") fields.append(name, value);
  }
  return fields;
}

async function parseMultipart(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw new AppError("invalid", "INPUT_INVALID", { message: "There was an error parsing the body", cause });
  }
}

/** Reads a body without ever holding more than the limit. */
async function readBytes(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("content-length") ?? "0") > BODY_BYTES_MAX) throw bodyTooLarge();
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) throw bodyTooLarge();
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function bodyTooLarge(): AppError<"too_large"> {
  return new AppError("too_large", "BODY_TOO_LARGE", {
    message: `Request body is larger than ${BODY_BYTES_MAX} bytes`,
    details: { bytesMax: BODY_BYTES_MAX },
  });
}
