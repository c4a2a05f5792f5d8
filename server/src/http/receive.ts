import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import busboy, { type FileInfo } from "busboy";
import { AppError } from "../base/errors.ts";
import type { ReceivedFile } from "../base/received-file.ts";
import type { Files } from "../ports/files/port.ts";
import { FORM_FIELD_BYTES_MAX, FORM_FIELDS_MAX, RECEIVED_IN_MEMORY_BYTES } from "./limits.ts";

/** What a form may hold. */
export interface FormLimits {
  /** Of one file; `Number.POSITIVE_INFINITY` leaves it to the disk. */
  readonly fileBytesMax: number;
  readonly filesMax: number;
  /** What a file over the limit is told; a general sentence unless said. */
  readonly tooLarge?: ((file: { readonly fieldName: string }) => AppError<"too_large">) | undefined;
}

/** A form with files, taken off the network. */
export interface ReceivedForm {
  readonly fields: URLSearchParams;
  readonly files: readonly ReceivedFile[];
}

/** Takes forms with files off the network without holding them in memory. */
export interface FormReceiver {
  /**
   * Reads a multipart or url-encoded form to its end. Files beyond a few hundred kilobytes lie on disk until
   * `discard`.
   * @throws AppError `INPUT_INVALID` for a damaged form or too many parts, `BODY_TOO_LARGE`, and `STORAGE_FULL`.
   */
  receive(request: Request, limits: FormLimits): Promise<ReceivedForm>;
  /** Removes what was not taken away; never fails. */
  discard(): Promise<void>;
}

export interface FormReceiverOptions {
  readonly files: Pick<Files, "createFolder" | "writeAtomic" | "remove">;
  /** Where larger files wait; made when it is needed. */
  readonly folder: string;
  /** Asked with the length of a body before it is read, when it is known. */
  readonly assertSpace?: ((neededBytes: number) => Promise<void>) | undefined;
}

/** Makes the receiver of one request. */
export function createFormReceiver(options: FormReceiverOptions): FormReceiver {
  const { files, folder } = options;
  const paths: string[] = [];
  const storeOnDisk = async (content: AsyncIterable<Uint8Array>) => {
    await files.createFolder(folder, { mode: 0o700 });
    const path = join(folder, `${randomBytes(12).toString("hex")}.received`);
    paths.push(path);
    await files.writeAtomic(path, content);
    return path;
  };
  return {
    async receive(request, limits) {
      const lengthBytes = Number(request.headers.get("content-length") ?? "0");
      if (lengthBytes > RECEIVED_IN_MEMORY_BYTES) {
        await files.createFolder(folder, { mode: 0o700 });
        await options.assertSpace?.(lengthBytes);
      }
      return await receiveForm(request, limits, storeOnDisk);
    },
    async discard() {
      // What was stored has been renamed away; what cannot be removed now is swept later.
      await Promise.allSettled(paths.map((path) => files.remove(path)));
    },
  };
}

/** Stores bytes in a new file of ours, durably, and tells where. */
type StoreOnDisk = (content: AsyncIterable<Uint8Array>) => Promise<string>;

async function receiveForm(
  request: Request,
  limits: FormLimits,
  storeOnDisk: StoreOnDisk,
): Promise<ReceivedForm> {
  const fields = new URLSearchParams();
  const waiting: Promise<ReceivedFile>[] = [];
  if (request.body === null) return { fields, files: [] };
  const parser = openParser(request, limits);
  const failed = Promise.withResolvers<never>();
  // A failure of one part ends the whole form; whoever waits for another is told the first.
  failed.promise.catch(() => undefined);
  parser.on("field", (name, value, { valueTruncated }) => {
    if (valueTruncated) failed.reject(fieldTooLarge(name));
    fields.append(name, value);
  });
  parser.on("file", (fieldName, stream, info) => {
    const file = receiveFile(stream, { fieldName, info, limits, storeOnDisk });
    file.catch(failed.reject);
    waiting.push(file);
  });
  for (const event of ["partsLimit", "filesLimit", "fieldsLimit"] as const) {
    parser.on(event, () => failed.reject(damagedForm("The form has too many parts")));
  }
  const stop = new AbortController();
  try {
    await Promise.race([feed(request, parser, stop.signal), failed.promise]);
    const files = await Promise.race([Promise.all(waiting), failed.promise]);
    return { fields, files };
  } catch (cause) {
    stop.abort();
    parser.destroy();
    await Promise.allSettled(waiting);
    throw cause instanceof AppError ? cause : damagedForm("There was an error parsing the body", cause);
  }
}

/** Gives a body to the parser; a small one whole, since a stream of web streams costs more than all of its bytes. */
async function feed(request: Request, parser: busboy.Busboy, signal: AbortSignal): Promise<void> {
  const lengthBytes = Number(request.headers.get("content-length") ?? Number.NaN);
  if (lengthBytes <= RECEIVED_IN_MEMORY_BYTES) {
    parser.end(await request.bytes());
    await finished(parser, { signal });
  } else {
    await pipeline(Readable.fromWeb(request.body as never), parser, { signal });
  }
}

function openParser(request: Request, limits: FormLimits): busboy.Busboy {
  try {
    return busboy({
      headers: { "content-type": request.headers.get("content-type") ?? "" },
      // Names are the last part of a path only when a service says so: some apps send folders.
      preservePath: true,
      defParamCharset: "utf8",
      limits: {
        fileSize: limits.fileBytesMax,
        files: limits.filesMax,
        fields: FORM_FIELDS_MAX,
        fieldSize: FORM_FIELD_BYTES_MAX,
        parts: limits.filesMax + FORM_FIELDS_MAX + 1,
      },
    });
  } catch (cause) {
    throw damagedForm("There was an error parsing the body", cause);
  }
}

interface FilePart {
  readonly fieldName: string;
  readonly info: FileInfo;
  readonly limits: FormLimits;
  readonly storeOnDisk: StoreOnDisk;
}

async function receiveFile(
  stream: Readable,
  { fieldName, info, limits, storeOnDisk }: FilePart,
): Promise<ReceivedFile> {
  stream.on("limit", () => stream.destroy(limits.tooLarge?.({ fieldName }) ?? fileTooLarge(limits)));
  const held: Uint8Array[] = [];
  let sizeBytes = 0;
  const chunks = countBytes(stream, (bytes) => {
    sizeBytes += bytes;
  });
  const about = () => ({ fieldName, fileName: info.filename ?? "", contentType: info.mimeType, sizeBytes });
  while (sizeBytes <= RECEIVED_IN_MEMORY_BYTES) {
    const next = await chunks.next();
    if (next.done === true) return { ...about(), content: { bytes: Buffer.concat(held) } };
    held.push(next.value);
  }
  const path = await storeOnDisk(chain(held, chunks));
  return { ...about(), content: { path } };
}

async function* countBytes(
  stream: AsyncIterable<Uint8Array>,
  add: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of stream) {
    add(chunk.byteLength);
    yield chunk;
  }
}

async function* chain(
  first: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* first;
  yield* rest;
}

function fileTooLarge({ fileBytesMax }: FormLimits): AppError<"too_large"> {
  return new AppError("too_large", "BODY_TOO_LARGE", {
    message: `A file of this form may have ${fileBytesMax} bytes at most`,
    details: { bytesMax: fileBytesMax },
  });
}

function fieldTooLarge(name: string): AppError<"too_large"> {
  return new AppError("too_large", "BODY_TOO_LARGE", {
    message: `The form field ${JSON.stringify(name.slice(0, 40))} may have ${FORM_FIELD_BYTES_MAX} bytes at most`,
    details: { bytesMax: FORM_FIELD_BYTES_MAX },
  });
}

function damagedForm(message: string, cause?: unknown): AppError<"invalid"> {
  return new AppError("invalid", "INPUT_INVALID", { message, ...(cause === undefined ? {} : { cause }) });
}
