import type { Chd } from "@multitap/native/chd";
import { NativeError } from "@multitap/native/errors";
import type { ByteStep } from "../byte-progress.ts";
import type { OpenedChd } from "./open-file.ts";
import { type ByteSink, type PlannedFile, type WrittenFile, writeTogether } from "./output-folder.ts";

/** In which forms a CHD can be written. */
export const EXTRACT_FORMATS = ["bin_cue", "iso", "gdi"] as const;
export type ExtractFormat = (typeof EXTRACT_FORMATS)[number];

/** Sectors of a DVD are the user's bytes and nothing else. */
const DVD_SECTOR_BYTES = 2048;

/** Gives the format that suits the content: a sheet for a disc of tracks, else one image. */
export function findFormat({ isGdRom, tracks, header }: Chd): ExtractFormat {
  if (isGdRom) return "gdi";
  return tracks.length > 0 && header.unitBytes !== DVD_SECTOR_BYTES ? "bin_cue" : "iso";
}

/** What to write, and where. */
export interface ExtractRequest {
  readonly format: ExtractFormat;
  readonly folder: string;
  readonly isForced: boolean;
  /** The files that are read. */
  readonly inputPaths: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress: (step: ByteStep) => void;
}

/**
 * Writes a CHD's content as files of a folder, all of them or none.
 * @throws NativeError `CHD_EXTRACT_FORMAT` when it does not fit the format, `CHD_HUNK_…` when it is damaged;
 *   AppError as `writeTogether` throws it; the signal's reason.
 */
export async function extractFiles(
  { chd, workers }: OpenedChd,
  request: ExtractRequest,
): Promise<readonly WrittenFile[]> {
  const { format, signal, onProgress } = request;
  const label = `extracting to ${request.folder}`;
  const planned = await planFiles(chd, format);
  return await writeTogether({ ...request, planned }, async (to) => {
    await chd.extract(format, to, {
      signal,
      workers,
      onProgress: (done) => onProgress({ label, ...done }),
    });
  });
}

/** Lists the files without decoding anything: each is said to be there already, to its last byte. */
async function planFiles(chd: Chd, format: ExtractFormat): Promise<readonly PlannedFile[]> {
  const planned: PlannedFile[] = [];
  const done = async () => undefined;
  const to = (name: string): ByteSink => ({
    async open({ sizeBytes }) {
      planned.push({ name, sizeBytes: sizeBytes ?? 0 });
      return { offsetBytes: sizeBytes ?? 0, restart: done, write: done, commit: done, suspend: done };
    },
  });
  try {
    await chd.extract(format, to);
  } catch (error) {
    if (!(error instanceof NativeError) || error.code !== "CHD_EXTRACT_FORMAT") throw error;
    throw new NativeError(error.code, `cannot be written as ${format}: ${error.message}`, { cause: error });
  }
  return planned;
}
