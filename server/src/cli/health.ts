import { readControl, toLocalUrl } from "../app/control.ts";
import { createCommand } from "./command.ts";
import { CliError } from "./errors.ts";
import { HEALTH_TIMEOUT_MS } from "./limits.ts";

/** `health`: asks the running server whether it is ready; made for container health checks. */
export const health = createCommand({
  name: "health",
  summary:
    "Asks the server on this machine whether it is ready. Exit code 0 when it is, else 1, within 5 seconds.",
  options: {},
  async run(call) {
    const config = await call.getConfig();
    const reading = await readControl(config.basePath);
    const configured = toLocalUrl(config.host, config.port);
    const known = reading.kind === "found" ? [reading.control.url] : [];
    // A killed server leaves its address behind, and one that is starting has not left it yet.
    const urls = new Set([...known, ...(config.port === 0 ? [] : [configured])]);
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const problems: string[] = [];
    for (const url of urls) {
      const problem = await findProblem(url, signal);
      if (problem === null) return { json: { status: "ready", url }, lines: [`ready at ${url}`] };
      problems.push(problem);
    }
    throw new CliError("CLI_NOT_READY", problems.at(-1) ?? "no server runs on this data folder");
  },
});

async function findProblem(url: string, signal: AbortSignal): Promise<string | null> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal });
    const text = await response.text();
    return response.ok ? null : `${url} is not ready: ${text.slice(0, 500)}`;
  } catch (error) {
    return `${url} does not answer: ${error instanceof Error ? error.message : String(error)}`;
  }
}
