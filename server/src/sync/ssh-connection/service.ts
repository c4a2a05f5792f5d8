import SftpClient from "ssh2-sftp-client";
import { AppError } from "../../base/errors.ts";
import { judgeKey, readKeyType, toFingerprint, toHostName } from "../known-hosts/rules.ts";
import type { PushPullSettings } from "../push-pull/contract.ts";
import { CONNECT_MS } from "../push-pull/limits.ts";
import { createRemoteFiles, type RemoteFiles } from "../remote-files/service.ts";
import type { Credentials, KnownHost } from "../ssh-keys/service.ts";

/** An open connection to a device. */
export interface DeviceConnection {
  readonly files: RemoteFiles;
  /** Ends it at once; everything that is under way fails. Harmless when repeated. */
  close(): Promise<void>;
}

/** What a connection is opened with. */
export interface ConnectionOptions {
  readonly settings: Pick<PushPullSettings, "host" | "port" | "username">;
  readonly credentials: Credentials;
  readonly knownHost: KnownHost;
  /** Ends the connection. */
  readonly signal: AbortSignal;
}

/** Why a connection did not come about, as far as the library and our own check of the key tell. */
interface Refusal {
  /** The library's own: where in the protocol it failed; null when it did not even begin. */
  level: string | null;
  key: { readonly verdict: "changed" | "revoked"; readonly blob: Uint8Array } | null;
}

/**
 * Connects to a device by SFTP. It has to show one of the host keys that are known of it.
 * @throws AppError `SYNC_SSH_HOST_CHANGED`, `SYNC_SSH_REFUSED`, `SYNC_SSH_KEY_UNUSABLE`, `SYNC_SSH_UNREACHABLE`.
 */
export async function connectDevice(options: ConnectionOptions): Promise<DeviceConnection> {
  const { settings, credentials, knownHost, signal } = options;
  signal.throwIfAborted();
  const refusal: Refusal = { level: null, key: null };
  const lost = new AbortController();
  const client = new SftpClient("multitap", {
    error: (error) => lost.abort(error),
    end: () => lost.abort(),
    close: () => lost.abort(),
  });
  client.on("error", (error: unknown) => {
    refusal.level = error instanceof Error && "level" in error ? String(error.level) : "client-socket";
  });
  const close = async () => {
    signal.removeEventListener("abort", onAbort);
    await endClient(client, lost);
  };
  const onAbort = () => void close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const sftp = await client.connect({
      host: settings.host,
      port: settings.port,
      username: settings.username,
      readyTimeout: CONNECT_MS,
      keepaliveInterval: CONNECT_MS,
      ...toAuthentication(credentials),
      algorithms: { serverHostKey: [...knownHost.algorithms] as never },
      hostVerifier: (shown: Buffer) => {
        const verdict = judgeKey(shown, knownHost.keys);
        if (verdict !== "known") refusal.key = { verdict, blob: new Uint8Array(shown) };
        return verdict === "known";
      },
    });
    return { files: createRemoteFiles(sftp, lost.signal), close };
  } catch (cause) {
    await close();
    signal.throwIfAborted();
    throw toConnectFailure(cause, refusal, options);
  }
}

function toAuthentication(credentials: Credentials) {
  if (credentials.kind === "password") return { password: credentials.password };
  const { privateKey, passphrase } = credentials;
  return { privateKey, ...(passphrase === null ? {} : { passphrase }) };
}

/** Says good-bye without waiting for an answer that may never come. */
async function endClient(client: SftpClient, lost: AbortController): Promise<void> {
  lost.abort();
  await Promise.race([client.end().catch((error: unknown) => error), Bun.sleep(END_MS)]);
}

/** How long the end of a connection may take before it is left to itself. */
const END_MS = 1_000;

function toConnectFailure(cause: unknown, { level, key }: Refusal, options: ConnectionOptions): AppError {
  const { settings, credentials } = options;
  const name = toHostName(settings.host, settings.port);
  if (key !== null) {
    const shown = `${readKeyType(key.blob) ?? "a key"} ${toFingerprint(key.blob)}`;
    const words = key.verdict === "revoked" ? "a revoked host key" : "another host key than the known one";
    const message = `${name} showed ${words}: ${shown}. Nothing was sent; compare it with the device's before trusting it`;
    return new AppError("forbidden", "SYNC_SSH_HOST_CHANGED", { message, details: { host: name }, cause });
  }
  if (level === "client-authentication") {
    const what = credentials.kind === "key" ? "the SSH key" : "the password";
    const message = `${name} does not accept ${what} for ${settings.username}`;
    return new AppError("upstream", "SYNC_SSH_REFUSED", { message, cause });
  }
  if (level === null && credentials.kind === "key") {
    const message = "The SSH key cannot be read: it is damaged, or its passphrase is missing or wrong";
    return new AppError("invalid", "SYNC_SSH_KEY_UNUSABLE", { message, cause });
  }
  const why =
    level === "handshake" ? "and this server agree on no way to prove each other" : "did not answer";
  return new AppError("upstream", "SYNC_SSH_UNREACHABLE", { message: `${name} ${why}`, cause });
}
