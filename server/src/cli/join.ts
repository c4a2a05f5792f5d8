import { type Client, createClient, isMultitapError } from "@multitap/client";
import { type ControlFile, readControl } from "../app/control.ts";
import { VERSION } from "../app/facts.ts";
import type { Log } from "../ports/log/port.ts";
import { JOIN_TIMEOUT_MS } from "./limits.ts";

/** How a command introduces itself to a server. */
const APP = { name: "multitap-cli", version: VERSION };

export interface ClientPlace {
  readonly url: string;
  readonly token: string;
  /** Answers in place of the network. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
}

/** Makes a client that speaks as the operator. */
export function createOperatorClient({ url, token, fetch }: ClientPlace): Client {
  return createClient({ url, auth: token, fetch, app: APP });
}

/**
 * Finds the server that runs on a base folder of this machine.
 * @returns Null when none runs, or when what it left behind is of no use; the log tells why at level debug.
 */
export async function findRunningServer(basePath: string, log: Log): Promise<ControlFile | null> {
  const reading = await readControl(basePath);
  if (reading.kind === "absent") return null;
  const problem = reading.kind === "unusable" ? reading.reason : await findProblem(reading.control);
  if (problem === null && reading.kind === "found") return reading.control;
  log.debug("no running server is joined", { reason: problem });
  return null;
}

/** Why the server of a control file cannot be joined; null when it can. */
async function findProblem(control: ControlFile): Promise<string | null> {
  if (!isAlive(control.pid)) return `process ${control.pid} of the control file has ended`;
  const client = createOperatorClient(control);
  try {
    // Somebody else may listen there by now; only our server knows the token.
    await client.scan.list({ limit: 1 }, { timeoutMs: JOIN_TIMEOUT_MS, retry: false });
    return null;
  } catch (error) {
    // A server of ours that cannot answer at the moment is still the one that owns the data.
    if (isMultitapError(error, "unavailable", "rate_limited", "internal", "storage_full")) return null;
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is a process all the same.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
