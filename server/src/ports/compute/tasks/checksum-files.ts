import { crc32 } from "node:zlib";
import { assert } from "../../../base/assert.ts";
import type { FileFailure } from "../file-failure.ts";
import { HASH_BUFFER_BYTES, HASH_FILES_MAX } from "../limits.ts";
import type { Task, TaskContext } from "../task.ts";
import type { FileToHash } from "./hash-files.ts";
import { closeHashing, fillBuffer, findChange, openHashing } from "./hash-files-reading.ts";

/** CRC-32 of one file's bytes, or why there is none. */
export type CheckedFile =
  | { readonly id: number; readonly crc32: number }
  | { readonly id: number; readonly failure: FileFailure };

export type ChecksumFilesShape = {
  readonly input: { readonly files: readonly FileToHash[] };
  /** One result per file, in the order of the input. */
  readonly output: readonly CheckedFile[];
  readonly progress: { readonly doneBytes: number };
};

/** Reads files through for their CRC-32 alone, which is as fast as the disk. */
export const checksumFiles: Task<ChecksumFilesShape> = {
  async run({ files }, context) {
    assert(files.length <= HASH_FILES_MAX, `${files.length} files in one task`);
    const results: CheckedFile[] = [];
    for (const file of files) results.push(await checkOne(file, context));
    return results;
  },
};

async function checkOne(
  file: FileToHash,
  context: TaskContext<ChecksumFilesShape["progress"]>,
): Promise<CheckedFile> {
  await context.checkpoint();
  const opened = openHashing(file);
  if ("failure" in opened) return opened;
  const buffer = context.scratch(HASH_BUFFER_BYTES);
  try {
    let value = 0;
    while (opened.readBytes < opened.sizeBytes) {
      if (opened.readBytes > 0) await context.checkpoint();
      const count = fillBuffer(opened, buffer);
      if (typeof count !== "number") return count;
      value = crc32(count === buffer.length ? buffer : buffer.subarray(0, count), value);
    }
    const failure = findChange(opened);
    return failure ?? { id: file.id, crc32: value };
  } finally {
    closeHashing(opened);
  }
}
