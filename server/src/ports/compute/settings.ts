import { SEVEN_ZIP_SILENCE_MS } from "./limits.ts";

/** What the operator decides about the work of the tasks. */
export interface ComputeSettings {
  /** The 7-Zip to run; null finds one. */
  readonly sevenZipPath: string | null;
  /** How long 7-Zip may be silent before its archive is given up. */
  readonly sevenZipSilenceMs: number;
  /** Where unpacked bytes wait; null is the system's own folder for that. */
  readonly tempFolder: string | null;
}

export const DEFAULT_SETTINGS: ComputeSettings = {
  sevenZipPath: null,
  sevenZipSilenceMs: SEVEN_ZIP_SILENCE_MS,
  tempFolder: null,
};
