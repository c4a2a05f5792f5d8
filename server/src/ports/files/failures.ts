import { lstat } from "node:fs/promises";
import { dirname } from "node:path";
import { ERROR_CODES, type ErrorCode } from "../../base/error-codes.data.ts";
import { AppError, type Kind } from "../../base/errors.ts";

/** What was tried, in words that fit "cannot …". */
export interface FileAttempt {
  /** For instance `read`. */
  readonly verb: string;
  readonly path: string;
  /** Where a rename was to lead. */
  readonly to?: string | undefined;
  /** Adding and removing entries takes a right on the folder, not on the entry. */
  readonly changesFolder?: boolean | undefined;
}

interface Meaning {
  readonly code: ErrorCode;
  /** Follows the path in the message. */
  readonly reason: string;
}

const meaning = (code: ErrorCode, reason: string): Meaning => ({ code, reason });

const NOT_FOUND = meaning("FILES_NOT_FOUND", "there is nothing");
const EXISTS = meaning("FILES_EXISTS", "something is in the way");
const FORBIDDEN = meaning("FILES_FORBIDDEN", "permission denied");
const FULL = meaning("STORAGE_FULL", "no space left");
const UNREADABLE = meaning("FILES_UNREADABLE", "the disk reports an error");
const BUSY = meaning("FILES_BUSY", "in use, or too many files are open");
const NAME_INVALID = meaning("FILES_NAME_INVALID", "the file system cannot hold such a name");

/** What the operating system's error names mean to us. What is missing here is a bug. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOENT: NOT_FOUND,
  ENOTDIR: NOT_FOUND,
  EEXIST: EXISTS,
  ENOTEMPTY: EXISTS,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  ENOSPC: FULL,
  EDQUOT: FULL,
  EIO: UNREADABLE,
  ESTALE: UNREADABLE,
  ENXIO: UNREADABLE,
  ENODEV: UNREADABLE,
  ENOTCONN: UNREADABLE,
  EREMOTEIO: UNREADABLE,
  EHOSTDOWN: UNREADABLE,
  ETIMEDOUT: UNREADABLE,
  ELOOP: UNREADABLE,
  EROFS: meaning("FILES_READ_ONLY", "the file system is mounted read-only"),
  EISDIR: meaning("FILES_WRONG_KIND", "it is a folder"),
  EXDEV: meaning("FILES_OTHER_DEVICE", "the other path is on another file system"),
  EBUSY: BUSY,
  ETXTBSY: BUSY,
  EMFILE: BUSY,
  ENFILE: BUSY,
  EAGAIN: BUSY,
  ENAMETOOLONG: NAME_INVALID,
  EINVAL: NAME_INVALID,
  EILSEQ: NAME_INVALID,
  EFBIG: meaning("FILES_TOO_LARGE", "the file system cannot hold a file of this size"),
  /** Node's own refusal of U+0000 in a path. */
  ERR_INVALID_ARG_VALUE: NAME_INVALID,
};

/** The names of failures the operating system may report, for the driver that injects them. */
export type FileErrno =
  | "ENOENT"
  | "EEXIST"
  | "EACCES"
  | "EPERM"
  | "ENOSPC"
  | "EDQUOT"
  | "EIO"
  | "ESTALE"
  | "EROFS"
  | "EXDEV"
  | "EBUSY"
  | "EMFILE"
  | "ENAMETOOLONG";

/** The operating system's name of a failure; null when the thrown value is no such failure. */
export function errnoOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !("code" in thrown)) return null;
  return typeof thrown.code === "string" ? thrown.code : null;
}

/** Who we are to the file system; Windows has no such numbers. */
function ownId(): string {
  return `${process.getuid?.() ?? "?"}:${process.getgid?.() ?? "?"}`;
}

/**
 * Turns a failure of the operating system into the expected one it stands for.
 * @returns The very same value when it is anything else, which makes it a bug.
 */
export async function toFilesFailure(thrown: unknown, attempt: FileAttempt): Promise<unknown> {
  const errno = errnoOf(thrown);
  const found = errno === null || thrown instanceof AppError ? undefined : MEANINGS[errno];
  if (found === undefined) return thrown;
  const { kind } = ERROR_CODES[found.code];
  const { verb, path, to } = attempt;
  const action = to === undefined ? `${verb} ${path}` : `${verb} ${path} to ${to}`;
  const shared = { path, ...(to !== undefined && { to }), errno };
  if (found.code !== "FILES_FORBIDDEN") {
    const message = `cannot ${action}: ${found.reason}`;
    return new AppError<Kind>(kind, found.code, { message, details: shared, cause: thrown });
  }
  const blocker = await findBlocker(attempt);
  const owner =
    blocker === null ? "owner unknown" : `${blocker.where}owner ${blocker.owner} mode ${blocker.mode}`;
  return new AppError<Kind>(kind, found.code, {
    message: `cannot ${action} as ${ownId()}: ${found.reason} (${owner})`,
    details: { ...shared, ownId: ownId(), owner: blocker?.owner ?? null, mode: blocker?.mode ?? null },
    cause: thrown,
  });
}

interface Blocker {
  /** Empty for the path itself, else names the folder that can be seen. */
  readonly where: string;
  readonly owner: string;
  readonly mode: string;
}

/** Looks for the entry whose owner and mode explain a refusal; one we cannot see is explained by its folder. */
async function findBlocker({ path, changesFolder = false }: FileAttempt): Promise<Blocker | null> {
  for (let current = changesFolder ? dirname(path) : path; ; current = dirname(current)) {
    const stats = await lstat(current).catch(noStats);
    if (stats !== null) {
      return {
        where: current === path ? "" : `folder ${current} `,
        owner: `${stats.uid}:${stats.gid}`,
        mode: `0${(stats.mode & 0o7777).toString(8).padStart(3, "0")}`,
      };
    }
    if (current === dirname(current)) return null;
  }
}

function noStats(): null {
  // Why this level cannot be seen shows in the level above, which is asked next.
  return null;
}
