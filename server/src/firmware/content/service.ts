import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import type { FileFacts } from "../../ports/files/port.ts";
import { type Firmware, FirmwareIdInput, type StoredFirmware, StoredFirmwareSchema } from "../contract.ts";
import { isInLibrary } from "../rules.ts";
import { getFirmware } from "../service.ts";

/**
 * Finds the bytes of one firmware for a download.
 * @throws AppError `FIRMWARE_NOT_FOUND`; `FIRMWARE_FILE_MISSING` when the file is gone from disk.
 */
export const getFirmwareContent = operation(
  {
    type: "query",
    scope: "firmware.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: FirmwareIdInput,
    output: StoredFirmwareSchema,
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<StoredFirmware> => {
    const file = await getFirmware.run(ctx, input);
    const found = await findFirmwareFile(ctx, file);
    if (found === null) throw fileMissing(file);
    const { path, facts } = found;
    return {
      path,
      fileName: file.fileName,
      sizeBytes: facts.sizeBytes,
      modifiedAtMs: facts.modifiedAtMs,
    };
  },
);

function fileMissing({ id, fileName }: Firmware): AppError<"not_found"> {
  return new AppError("not_found", "FIRMWARE_FILE_MISSING", {
    message: `File '${fileName}' is missing from the library`,
    details: { firmwareId: id },
  });
}

/** Looks where the bytes of a firmware are; null when they are gone, or something else lies there. */
export async function findFirmwareFile(
  ctx: Pick<Context, "ports" | "facts">,
  file: Pick<Firmware, "filePath" | "fileName">,
): Promise<{ readonly path: string; readonly facts: FileFacts } | null> {
  if (!isInLibrary(file)) return null;
  const path = join(ctx.facts.libraryPath, file.filePath, file.fileName);
  const facts = await ctx.ports.files.find(path);
  return facts?.kind === "file" ? { path, facts } : null;
}
