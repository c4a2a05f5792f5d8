import { isMultitapError } from "@multitap/client";
import { DbError } from "@multitap/db/errors";
import { NativeError } from "@multitap/native/errors";
import { StartError } from "../app/config-errors.ts";
import { isAppError } from "../base/errors.ts";

/** What the command line itself can refuse or report, with the exit code it ends with. */
export const CLI_ERROR_CODES = {
  CLI_USAGE: { exitCode: 64, meaning: "The command, an option or a value is not one of ours." },
  CLI_INTERRUPTED: {
    exitCode: 130,
    meaning: "A signal ended the command; after SIGTERM the exit code is 143.",
  },
  CLI_SERVER_NEEDED: {
    exitCode: 1,
    meaning: "The command was told not to wait, and no server runs to do the work.",
  },
  CLI_SERVER_RUNNING: {
    exitCode: 1,
    meaning: "A server works on the data folder, and must be stopped for what the command does.",
  },
  CLI_BACKUP_FAILED: { exitCode: 1, meaning: "The backup was ended by somebody else." },
  CLI_PASSPHRASE_UNREADABLE: {
    exitCode: 64,
    meaning: "The file with the passphrase cannot be read, or is empty.",
  },
  CLI_SERVER_ENDED: { exitCode: 1, meaning: "The database stopped for good while the command ran." },
  CLI_ANSWER_UNREADABLE: { exitCode: 1, meaning: "The server's answer is not one of ours." },
  CLI_PASSWORD_MISSING: {
    exitCode: 64,
    meaning: "No password was given, and there is no terminal to ask at.",
  },
  CLI_PLATFORM_UNKNOWN: { exitCode: 1, meaning: "The library has no folder for a platform that was named." },
  CLI_SCAN_FAILED: { exitCode: 1, meaning: "The scan ended with a failure, which the message tells." },
  CLI_SCAN_CANCELLED: { exitCode: 1, meaning: "Somebody else cancelled the scan." },
  CLI_SCAN_PAUSED: { exitCode: 1, meaning: "The scan waits for free space and goes on by itself." },
  CLI_SYNC_INCOMPLETE: { exitCode: 1, meaning: "Some saves could not be synced; the others are." },
  CLI_NOT_READY: { exitCode: 1, meaning: "No server answers, or one that cannot serve at the moment." },
  CLI_URL_UNREACHABLE: { exitCode: 1, meaning: "The address given to `doctor --url` does not answer." },
  CLI_URL_TLS: { exitCode: 1, meaning: "The certificate behind that address is refused." },
  CLI_URL_FOREIGN: {
    exitCode: 1,
    meaning: "Something else than this server answers there, such as a login.",
  },
  CLI_URL_SCHEME: {
    exitCode: 1,
    meaning: "The proxy does not tell the server the address that callers use.",
  },
  CLI_URL_WEBSOCKET: { exitCode: 1, meaning: "The proxy lets no websockets through." },
  CLI_URL_RANGE: { exitCode: 1, meaning: "The proxy does not pass on that a part of a file is wanted." },
  CLI_URL_UPLOAD: { exitCode: 1, meaning: "The proxy lets no large upload through." },
  CLI_CHECKS_FAILED: { exitCode: 1, meaning: "At least one check of `doctor` failed." },
  CHD_DAMAGED: { exitCode: 1, meaning: "`chd verify` found hunks or digests that do not match." },
  CLI_INTERNAL: { exitCode: 1, meaning: "A bug in the command line; the stack is on standard error." },
} as const satisfies Record<string, { exitCode: number; meaning: string }>;

export type CliErrorCode = keyof typeof CLI_ERROR_CODES;

/** An expected end of a command that is not its success. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;

  constructor(
    readonly code: CliErrorCode,
    message: string,
    options: { readonly exitCode?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? CLI_ERROR_CODES[code].exitCode;
  }
}

/** A failure the server told us about, in its own words. */
export class ServerRefusal extends Error {
  override readonly name = "ServerRefusal";

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What is told of a failure. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
  /** Not an expected failure: whoever reads it needs the stack. */
  readonly isBug: boolean;
}

/** Turns whatever was thrown into what is told of it. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof CliError || thrown instanceof StartError || thrown instanceof DbError) {
    const { code, exitCode, message } = thrown;
    return { code, exitCode, message: withoutCode(message, code), isBug: false };
  }
  if (isMultitapError(thrown) || thrown instanceof ServerRefusal || isAppError(thrown)) {
    return { code: thrown.code, message: thrown.message, exitCode: 1, isBug: false };
  }
  if (thrown instanceof NativeError) {
    const { code, message } = thrown;
    return { code, message, exitCode: 1, isBug: code === "NATIVE_INTERNAL" };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "CLI_INTERNAL", message, exitCode: CLI_ERROR_CODES.CLI_INTERNAL.exitCode, isBug: true };
}

/** Start refusals carry their code at the end; here it stands in a field of its own. */
function withoutCode(message: string, code: string): string {
  const end = ` (${code})`;
  return message.endsWith(end) ? message.slice(0, -end.length) : message;
}
