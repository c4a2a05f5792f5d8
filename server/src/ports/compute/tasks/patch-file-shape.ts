import type { PatchFormat } from "../patches/formats.ts";
import type { SourceCheck } from "../patches/patch.ts";

/** What to patch, with what, and where the result goes. */
export interface PatchFileInput {
  readonly sourcePath: string;
  readonly patch: { readonly path: string } | { readonly bytes: Uint8Array };
  /** A new file; it is removed when the patching fails. */
  readonly targetPath: string;
  /** Most bytes of rom, patch and result, each. */
  readonly fileBytesMax: number;
  /** Bytes of the target's file system that are left to others. */
  readonly freeBytesMin: number;
}

/** A file that was made. */
export interface PatchedFile {
  readonly format: PatchFormat;
  readonly check: SourceCheck;
  readonly sizeBytes: number;
  /** Name, without folders, of the only file of the archive that the rom is; null where the rom itself was patched. */
  readonly memberName: string | null;
}

export type PatchFileShape = {
  readonly input: PatchFileInput;
  readonly output: PatchedFile;
  readonly progress: { readonly doneBytes: number };
};
