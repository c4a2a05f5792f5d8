import { AppError } from "../base/errors.ts";
import type { ReceivedFile } from "../base/received-file.ts";
import type { RequestReader } from "./reader.ts";
import type { ReceivedForm } from "./receive.ts";

/** A form of files that the operator limits. */
export interface LimitedForm {
  /** Of the body, and of each file; infinite for no limit. */
  readonly bytesMax: number;
  readonly filesMax: number;
  /** What messages call the file of a field. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Takes a form with files, in the words by which apps of the compatible API know that it is too large.
 * @throws AppError `BODY_TOO_LARGE`, and those of every form.
 */
export async function receiveLimited(
  reader: RequestReader,
  { bytesMax, filesMax, labels }: LimitedForm,
): Promise<ReceivedForm> {
  if (Number(reader.header("content-length") ?? "0") > bytesMax) throw tooLarge("Request body", bytesMax);
  return await reader.receive({
    fileBytesMax: bytesMax,
    filesMax,
    tooLarge: ({ fieldName }) => tooLarge(labels[fieldName] ?? "File", bytesMax),
  });
}

function tooLarge(what: string, bytesMax: number): AppError<"too_large"> {
  return new AppError("too_large", "BODY_TOO_LARGE", {
    message: `${what} exceeds the maximum allowed size of ${bytesMax} bytes`,
    details: { bytesMax },
  });
}

/** A file and its picture, as apps send saves and states. */
export interface FileAndPicture {
  readonly bytesMax: number;
  /** Field of the file, and what messages call it. */
  readonly name: string;
  readonly label: string;
  /** The file may be left out. */
  readonly isOptional?: boolean | undefined;
}

const PICTURE_FIELD = "screenshotFile";

/** Takes a form with a file and perhaps a picture of it. */
export async function receiveFileAndPicture(
  reader: RequestReader,
  { bytesMax, name, label, isOptional }: FileAndPicture,
): Promise<{ readonly file: ReceivedFile | undefined; readonly screenshot: ReceivedFile | undefined }> {
  const labels = { [name]: label, [PICTURE_FIELD]: "Screenshot file" };
  const form = await receiveLimited(reader, { bytesMax, filesMax: 2, labels });
  const find = (field: string) => form.files.find(({ fieldName }) => fieldName === field);
  const file = find(name);
  if (file === undefined && isOptional !== true) refuseMissingFile(reader, name, form);
  return { file, screenshot: find(PICTURE_FIELD) };
}

/** Says that a field that has to be a file is none. */
export function refuseMissingFile(reader: RequestReader, name: string, { fields }: ReceivedForm): void {
  const isText = fields.has(name);
  const message = isText ? "Value error, Expected UploadFile, received: <class 'str'>" : "Field required";
  reader.refuse({ path: ["body", name], type: isText ? "value_error" : "missing", message, input: null });
}
