import { AppError } from "../base/errors.ts";
import { type InputIssue, invalidInput } from "../base/operation.ts";
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

/**
 * Reads a url-encoded or multipart form with its files into memory, so only where they are small.
 * @param bytesMax Of the whole body.
 * @throws AppError `INPUT_INVALID` for a damaged one, `BODY_TOO_LARGE`.
 */
export async function readSmallFiles(request: Request, bytesMax: number): Promise<FormData> {
  const type = request.headers.get("content-type") ?? "";
  const bytes = await readBytes(request, bytesMax);
  if (/^multipart\/form-data\b/i.test(type)) return await parseMultipart(bytes, type);
  const form = new FormData();
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(bytes))) form.append(name, value);
  return form;
}

async function parseMultipart(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw new AppError("invalid", "INPUT_INVALID", { message: "There was an error parsing the body", cause });
  }
}

/** Reads a body without ever holding more than the limit. */
async function readBytes(request: Request, bytesMax = BODY_BYTES_MAX): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("content-length") ?? "0") > bytesMax) throw bodyTooLarge(bytesMax);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw bodyTooLarge(bytesMax);
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

function bodyTooLarge(bytesMax: number): AppError<"too_large"> {
  return new AppError("too_large", "BODY_TOO_LARGE", {
    message: `Request body is larger than ${bytesMax} bytes`,
    details: { bytesMax },
  });
}

/** A file field of a form, and how much of it is of interest. */
export interface FileField {
  readonly name: string;
  readonly value: FormDataEntryValue | null;
  /** One byte more is read, which is enough to see that it is too large. */
  readonly bytesMax: number;
}

/**
 * Reads the bytes of a file field. A browser sends an empty file, and some apps an empty text, when nobody chose a
 * file: both count as none. Any other text is refused.
 */
export async function readFileField(
  { name, value, bytesMax }: FileField,
  refuse: (issue: InputIssue) => void,
): Promise<Uint8Array | undefined> {
  if (value === null || value === "") return undefined;
  if (typeof value === "string") {
    const message = "Value error, Expected UploadFile, received: <class 'str'>";
    refuse({ path: ["body", name], type: "value_error", message, input: null });
    return undefined;
  }
  if (value.size === 0 && value.name === "") return undefined;
  return new Uint8Array(await value.slice(0, bytesMax + 1).arrayBuffer());
}
