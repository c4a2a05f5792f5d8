import { createHash, timingSafeEqual } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import * as v from "valibot";
import { isAppError } from "../base/errors.ts";
import { OPERATOR, type UserIdentity } from "../base/identity.ts";
import { createHexToken } from "../base/ids.ts";
import type { Gate } from "../http/gate.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import type { Log } from "../ports/log/port.ts";

/** Random bytes of a control token. */
const TOKEN_BYTES = 32;
const TOKEN_PREFIX = "mtc_";

/** The key to one running server, for commands on the same machine. */
export interface ControlKey {
  /** Never stored but in the control file, and worthless once this process has ended. */
  readonly token: string;
  /** The operator, when an Authorization header holds the token; else null. Takes the same time for every wrong one. */
  identify(authorization: string | null): UserIdentity | null;
}

/** Makes a new key, or one for a token that a caller brings. */
export function createControlKey(token = `${TOKEN_PREFIX}${createHexToken(TOKEN_BYTES)}`): ControlKey {
  const expected = digest(`bearer ${token}`);
  return {
    token,
    identify(authorization) {
      if (authorization === null || !/^bearer mtc_/i.test(authorization)) return null;
      const shown = digest(authorization.trim().replace(/^bearer/i, "bearer"));
      return timingSafeEqual(shown, expected) ? OPERATOR : null;
    },
  };
}

/** Digests have one length, which the comparison needs. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/**
 * Puts the operator's key before a gate. It opens for callers of the same machine only; everybody else, and
 * every other proof, goes on to the gate.
 */
export function withControlKey(gate: Gate, key: ControlKey, isLocal: (request: Request) => boolean): Gate {
  return {
    async enter(request) {
      const operator = isLocal(request) ? key.identify(request.headers.get("authorization")) : null;
      return operator === null
        ? await gate.enter(request)
        : { identity: operator, setCookies: [], refusal: null };
    },
  };
}

const ControlFile = v.object({
  /** Where the server listens, as this machine reaches it. */
  url: v.pipe(v.string(), v.url()),
  pid: v.pipe(v.number(), v.integer()),
  startedAt: v.string(),
  token: v.pipe(v.string(), v.startsWith(TOKEN_PREFIX)),
});
/** What a running server leaves for commands on the same machine. */
export type ControlFile = v.InferOutput<typeof ControlFile>;

function controlPath(basePath: string): string {
  return join(basePath, "secrets", "control.json");
}

/** How to find and enter a server that left its control file; `unusable` says why a file is of no use. */
export type ControlReading =
  | { readonly kind: "found"; readonly control: ControlFile }
  | { readonly kind: "absent" }
  | { readonly kind: "unusable"; readonly reason: string };

/** Reads the control file of a base folder. Whether its server still runs is for the caller to find out. */
export async function readControl(basePath: string): Promise<ControlReading> {
  const path = controlPath(basePath);
  try {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ControlFile), await readFile(path, "utf8"));
    if (parsed.success) return { kind: "found", control: parsed.output };
    return { kind: "unusable", reason: `${path} does not hold what a server writes` };
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
    return { kind: "unusable", reason: `${path} cannot be read: ${code}` };
  }
}

export interface PublishOptions {
  readonly url: string;
  readonly token: string;
  readonly log: Log;
}

/**
 * Leaves the control file, readable by our user alone. Failing is no reason not to serve: commands then start
 * what they need themselves.
 * @returns Removes the file again, unless another server has put its own there meanwhile.
 */
export async function publishControl(
  basePath: string,
  options: PublishOptions,
): Promise<() => Promise<void>> {
  const { url, token, log } = options;
  const control: ControlFile = { url, pid: process.pid, startedAt: new Date().toISOString(), token };
  const text = `${JSON.stringify(control)}\n`;
  try {
    await createDiskFiles().writeAtomic(controlPath(basePath), text, { mode: 0o600 });
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.warn("commands cannot join this server: its control file cannot be written", { error });
  }
  return async () => {
    const reading = await readControl(basePath);
    if (reading.kind !== "found" || reading.control.token !== token) return;
    await rm(controlPath(basePath), { force: true }).catch((error: unknown) => {
      log.warn("the control file cannot be removed", { error });
    });
  };
}

/** The address at which this machine reaches a listener; "any address" becomes the loopback. */
export function toLocalUrl(host: string, port: number): string {
  if (host === "0.0.0.0" || host === "") return `http://127.0.0.1:${port}`;
  if (host === "::") return `http://[::1]:${port}`;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
