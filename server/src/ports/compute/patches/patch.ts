/** Bytes that can be read at any place, whatever their number. */
export interface RandomBytes {
  readonly sizeBytes: number;
  /** Fills `into` with the bytes from `start` on, all of which are there. */
  readInto(start: number, into: Uint8Array): void;
}

/** The file that a patch makes. It can be read back where it was written. */
export interface TargetBytes extends RandomBytes {
  /**
   * Writes at any place; what is left out before it are zeros.
   * @throws PatchRefusal `too_large` beyond the caller's limit, and when far more is written than is kept.
   */
  writeAt(start: number, bytes: Uint8Array): void;
  /** Cuts the file, or makes it longer with zeros. @throws PatchRefusal `too_large`. */
  resize(sizeBytes: number): void;
}

/** What a patch is applied to, and where the result goes. */
export interface PatchJob {
  readonly source: RandomBytes;
  readonly patch: RandomBytes;
  /** Empty at first. */
  readonly target: TargetBytes;
  /** Most bytes that the target may have; a format refuses a larger one before it begins. */
  readonly targetBytesMax: number;
  /**
   * Says that about so many bytes were moved since the last call, so that others get their turn and the job can be
   * ended. What it gives has to be awaited, if it gives anything.
   */
  work(bytes: number): Promise<void> | undefined;
}

/**
 * Whether the source is the file that the patch was made for, as far as the patch itself can tell: `matched` and
 * `differs` by a checksum, `unknown` where the format or this patch has none.
 */
export type SourceCheck = "matched" | "differs" | "unknown";

/**
 * Applies one format. A source that differs is patched all the same, as far as it goes; what is damaged is not.
 * @throws PatchRefusal
 */
export type ApplyPatch = (job: PatchJob) => Promise<SourceCheck>;

/** Why a patch cannot be applied. `unsupported`: another version, or a part of the format that is not read here. */
export type PatchRefusalReason = "damaged" | "unsupported" | "too_large";

/** Ends a patch that is not what it should be; it never leaves the task. */
export class PatchRefusal extends Error {
  override readonly name = "PatchRefusal";

  constructor(
    readonly reason: PatchRefusalReason,
    message: string,
  ) {
    super(message);
  }
}

/** Ends the patching. The message goes on after "the patch …". */
export function refuse(reason: PatchRefusalReason, message: string): never {
  throw new PatchRefusal(reason, message);
}

/** Refuses a target that the patch says is larger than it may be. */
export function checkTargetSize(
  { targetBytesMax }: Pick<PatchJob, "targetBytesMax">,
  sizeBytes: number,
): void {
  if (sizeBytes <= targetBytesMax) return;
  refuse("too_large", `makes a file of ${sizeBytes} bytes, and ${targetBytesMax} are allowed`);
}
