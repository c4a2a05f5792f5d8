import { VERSION } from "../app/facts.ts";
import type { Log } from "../ports/log/port.ts";
import { type CommandResult, createCommand } from "./command.ts";
import { type CheckScene, type CheckStatus, type Finding, finding, runCheck } from "./doctor/check.ts";
import { CliError, toFailure } from "./errors.ts";
import { findRunningServer } from "./join.ts";
import { NOTICES_MAX } from "./limits.ts";

/** `doctor`: looks at everything a server needs, and says what is wrong with it. */
export const doctor = createCommand({
  name: "doctor",
  summary:
    "Checks folders, configuration, database, Redis, port and library; changes nothing. Exit code 1 on any fail.",
  options: {
    url: {
      kind: "text",
      placeholder: "URL",
      help: "Instead, try from outside what apps need of a proxy: TLS, address, websockets, ranges, a 100 MB upload.",
    },
  },
  notes: ["Codes in parentheses are those with which a server refuses to start."],
  async run(call) {
    const config = await call.getConfig();
    const notices: string[] = [];
    const log = createNoticeLog(call.createLog(config), notices);
    const { signal } = call.getInterruption();
    const scene: CheckScene = { config, log, running: await findRunningServer(config.basePath, log) };
    if (call.options.url !== null) return await examineUrl(call.options.url, scene);
    const findings: Finding[] = [];
    // Loaded only now, with all the drivers: the other commands start sooner without them.
    const { CHECKS } = await import("./doctor/checks.ts");
    for (const check of CHECKS) {
      signal.throwIfAborted();
      findings.push(...(await runCheck(check, scene)));
    }
    findings.push(...notices.map((message) => finding("notice", { status: "warn", message })));
    return conclude(findings);
  },
});

function conclude(findings: readonly Finding[]): CommandResult {
  const failedCount = countStatus(findings, "fail");
  const warnedCount = countStatus(findings, "warn");
  const message = `${failedCount} of ${findings.length} checks failed`;
  return {
    json: { version: VERSION, checks: findings, failedCount, warnedCount },
    lines: formatFindings(findings),
    failure: failedCount === 0 ? null : toFailure(new CliError("CLI_CHECKS_FAILED", message)),
  };
}

async function examineUrl(text: string, { running }: CheckScene): Promise<CommandResult> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError(
      "CLI_USAGE",
      `doctor: --url is ${JSON.stringify(text)}; accepted: an http or https address`,
    );
  }
  // Loaded only now: a usual call does without it.
  const { checkUrl } = await import("./doctor/url.ts");
  const place = `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  return conclude(await checkUrl({ url: place, running }));
}

/** A log whose warnings are findings, too: a start would only print them. */
function createNoticeLog(log: Log, notices: string[]): Log {
  const notice = (message: string) => {
    if (notices.length < NOTICES_MAX) notices.push(message);
  };
  return {
    ...log,
    warn: notice,
    error: notice,
    child: (component) => createNoticeLog(log.child(component), notices),
  };
}

function countStatus(findings: readonly Finding[], status: CheckStatus): number {
  return findings.filter((each) => each.status === status).length;
}

/** Writes findings as a table of status, name and message with its code. */
export function formatFindings(findings: readonly Finding[]): readonly string[] {
  const width = Math.max(0, ...findings.map(({ name }) => name.length));
  return findings.map(({ status, name, message, code }) => {
    const end = code === null ? "" : ` (${code})`;
    return `${status.padEnd(4)}  ${name.padEnd(width)}  ${message}${end}`;
  });
}
