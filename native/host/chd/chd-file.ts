import { NativeError } from "../errors.ts";
import type { NativeWorkers } from "../workers.ts";
import type { FileWindow } from "./file-window.ts";
import type { HunkCache } from "./hunk-cache.ts";
import type { HunkMap } from "./hunk-map.ts";
import type { ChdHeader } from "./types.ts";

/** An open CHD as its parts see it. */
export interface ChdFile {
  readonly name: string;
  readonly header: ChdHeader;
  readonly map: HunkMap;
  readonly window: FileWindow;
  readonly cache: HunkCache;
  /** Null: there is none, or none was given. */
  readonly parent: ChdFile | null;
  readonly workers: NativeWorkers | null;
  /** Shared by all views of the file. */
  readonly state: { isClosed: boolean };
}

/** Throws `CHD_CLOSED` after `close`. */
export function checkOpen(file: ChdFile): void {
  if (file.state.isClosed) throw new NativeError("CHD_CLOSED", `${file.name || "the CHD"} was closed`);
}

/** Gives the file with other threads for one call; undefined: those it was opened with. */
export function withWorkers(file: ChdFile, workers: NativeWorkers | undefined): ChdFile {
  return workers === undefined ? file : { ...file, workers };
}
