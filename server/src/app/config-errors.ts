/** A reason not to start; printed as one line with its code. */
export class StartError extends Error {
  override readonly name = "StartError";

  constructor(
    readonly code: StartErrorCode,
    message: string,
    options: { cause?: unknown; exitCode?: 1 | 78 } = {},
  ) {
    super(`${message} (${code})`, { cause: options.cause });
    this.exitCode = options.exitCode ?? START_ERROR_CODES[code].exitCode;
  }

  /** 78: the operator must change something; 1: it may pass by itself. */
  readonly exitCode: 1 | 78;
}

/** Start refusals of the server itself; those of the database stand in the database package. */
export const START_ERROR_CODES = {
  E_CONFIG: {
    exitCode: 78,
    meaning: "An environment variable, its file or the configuration folder cannot be used.",
  },
  E_PORT: { exitCode: 78, meaning: "The address cannot be listened on." },
  E_LIBRARY_MISSING: { exitCode: 78, meaning: "The library folder is gone although games are known." },
  E_BASE_PATH: { exitCode: 78, meaning: "The base folder cannot be created or written." },
  E_BACKUP: {
    exitCode: 1,
    meaning: "The backup from before an upgrade could not be made, so the database was not upgraded.",
  },
  E_REDIS: { exitCode: 1, meaning: "Redis was configured and does not answer." },
} as const satisfies Record<string, { exitCode: 1 | 78; meaning: string }>;

export type StartErrorCode = keyof typeof START_ERROR_CODES;
