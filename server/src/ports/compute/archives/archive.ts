import type { TaskContext } from "../task.ts";

/** A member of an archive as the archive describes it. */
export interface ArchiveMember {
  /** As stored: `../`, absolute and repeated names are all possible. It is never used as a path. */
  readonly name: string;
  /** As declared; readers hold the bytes to it. */
  readonly sizeBytes: number;
  /** As declared; null where the format has none. */
  readonly crc32: number | null;
  /** A file, and not a folder or a link. */
  readonly isRegular: boolean;
  readonly isEncrypted: boolean;
}

/** What reading members gives, in this order for each: `member`, any number of `bytes`, `end`. */
export type ArchivePart =
  | { readonly kind: "member"; readonly index: number; readonly member: ArchiveMember }
  /** Valid until the next part is asked for. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

/** An archive whose list of members is known before they are read. */
export interface ListedArchive {
  readonly kind: "listed";
  /** In stored order. */
  readonly members: readonly ArchiveMember[];
  /** Members can be read in any order at no cost. */
  readonly isRandomAccess: boolean;
  /**
   * Reads members by their indexes: in this order with random access, else the indexes have to ascend. Leaving
   * the loop early stops the reading.
   * @throws ArchiveRefusal when a member is not what the list says, TaskCancelled.
   */
  read(indexes: readonly number[]): AsyncGenerator<ArchivePart>;
}

/** An archive that has to be read from its start to know what it holds. */
export interface StreamedArchive {
  readonly kind: "streamed";
  /**
   * Reads the members that are wanted, in stored order; a member's index counts them.
   * @throws ArchiveRefusal, TaskCancelled.
   */
  read(wants: (member: ArchiveMember) => boolean): AsyncGenerator<ArchivePart>;
}

/** What reading an archive needs of the task. */
export type ArchiveContext = Pick<TaskContext<never>, "checkpoint" | "settings">;

/** A file on disk that is an archive, or compressed. */
export interface ArchiveFile {
  readonly path: string;
  /** Open for reading; stays the caller's. */
  readonly handle: number;
  readonly sizeBytes: number;
}

/**
 * Why an archive cannot be used. `no_program`: there is no 7-Zip, or it does not start. `no_space`: there is no
 * room for a temporary file.
 */
export type RefusalReason =
  | "empty"
  | "damaged"
  | "encrypted"
  | "too_large"
  | "unsupported"
  | "timed_out"
  | "no_program"
  | "no_space";

/** Ends the reading of an archive that is not what it should be; it never leaves the task. */
export class ArchiveRefusal extends Error {
  override readonly name = "ArchiveRefusal";
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** Ends the reading. */
export function refuse(reason: RefusalReason, message: string, cause?: unknown): never {
  throw new ArchiveRefusal(reason, message, cause);
}
