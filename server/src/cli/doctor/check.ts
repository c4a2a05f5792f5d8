import type { Config } from "../../app/config.ts";
import type { ControlFile } from "../../app/control.ts";
import type { Log } from "../../ports/log/port.ts";
import { CliError, toFailure } from "../errors.ts";
import { CHECK_TIMEOUT_MS } from "../limits.ts";

export type CheckStatus = "ok" | "warn" | "fail";

/** One line of the diagnosis. */
export interface Finding {
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found, and what to do about it; never a secret. */
  readonly message: string;
  /** The code with which the server would refuse to start, or with which the check failed. */
  readonly code: string | null;
}

/** What every check may look at. */
export interface CheckScene {
  readonly config: Config;
  readonly log: Log;
  /** The server that runs on this machine; null when none does. */
  readonly running: ControlFile | null;
}

/** Looks at one thing. What it throws is a finding, too. */
export interface Check {
  readonly name: string;
  run(scene: CheckScene): Promise<Finding | readonly Finding[]>;
}

export interface FindingFacts {
  readonly status: CheckStatus;
  readonly message: string;
  readonly code?: string | null | undefined;
}

/** Makes a finding. */
export function finding(name: string, { status, message, code = null }: FindingFacts): Finding {
  return { name, status, message, code };
}

/** Runs one check to its end, within `timeoutMs`; a failure becomes a finding of that name. */
export async function runCheck(
  check: Check,
  scene: CheckScene,
  timeoutMs = CHECK_TIMEOUT_MS,
): Promise<readonly Finding[]> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const late = new CliError("CLI_CHECKS_FAILED", `no answer within ${timeoutMs / 1000} s`);
  const timer = setTimeout(() => reject(late), timeoutMs);
  try {
    return [await Promise.race([check.run(scene), timeout])].flat();
  } catch (error) {
    const { code, message } = toFailure(error);
    return [finding(check.name, { status: "fail", message, code })];
  } finally {
    clearTimeout(timer);
  }
}
