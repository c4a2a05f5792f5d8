import type { DeviceGrant, StartedDeviceFlow } from "@multitap/server/contract/auth/device-flow";
import { createUuid, type Environment, toInstant } from "../environment.ts";
import { hasErrorCode, inCall, isMultitapError, MultitapError } from "../errors.ts";
import { toClientError } from "../http/calls.ts";
import { sleep, withDeadline } from "../http/deadline.ts";
import type { Exchange } from "../http/exchange.ts";
import { APP_WORD_CHARS_MAX, CALL_TIMEOUT_MS, DEVICE_FLOW_SLOW_DOWN_MS } from "../limits.ts";
import { callOpen } from "./open-call.ts";
import type { Proof } from "./proof.ts";
import type { Credentials, DeviceFlow, StartDeviceFlow } from "./types.ts";

/** What a device flow needs of its client. */
export interface DeviceFlowOptions extends Pick<Proof, "signIn"> {
  readonly url: string;
  readonly exchange: Exchange;
  readonly environment: Environment;
  readonly app: { readonly name: string; readonly version: string } | undefined;
  /** Aborts when the client is closed. */
  readonly lifetime: AbortSignal;
  /** Told of questions that the server did not get or not answer. */
  readonly onFailure: (error: MultitapError) => void;
}

/** Name of the wait in errors. */
const OPERATION = "auth.startDeviceFlow.approved";

/**
 * Starts a device flow.
 * @throws MultitapError `rate_limited`, or whatever kept the server from answering.
 */
export async function startDeviceFlow(
  options: DeviceFlowOptions,
  input: StartDeviceFlow,
  signal: AbortSignal,
): Promise<DeviceFlow> {
  const { url, environment, app } = options;
  const call = {
    operation: "deviceFlow.start",
    input: {
      clientDeviceIdentifier: input.deviceIdentifier,
      name: input.deviceName,
      client: (app?.name ?? "multitap-client").slice(0, APP_WORD_CHARS_MAX),
      clientVersion: app?.version.slice(0, APP_WORD_CHARS_MAX) ?? null,
      platform: input.platform ?? null,
      requestedScopes: input.scopes,
    },
  };
  const started = await callOpen<StartedDeviceFlow>(options, call, signal);
  const expiresAtMs = environment.now() + started.expiresInSeconds * 1000;
  const ask = createQuestions(options, started, expiresAtMs);
  return {
    userCode: started.userCode,
    verificationUrl: `${url}${started.verificationPath}`,
    verificationUrlComplete: `${url}${started.verificationPathComplete}`,
    expiresAt: toInstant(expiresAtMs),
    async approved(callOptions = {}) {
      const signals = [callOptions.signal, options.lifetime];
      try {
        const credentials = await ask(signals, callOptions.timeoutMs ?? CALL_TIMEOUT_MS);
        return await options.signIn(async () => credentials);
      } catch (thrown) {
        throw inCall(toClientError(thrown), OPERATION, 1);
      }
    },
  };
}

/** Asks until there is an answer, or a signal aborts. */
type Ask = (signals: readonly (AbortSignal | undefined)[], timeoutMs: number) => Promise<Credentials>;

/** Makes the questions of one flow; all waits of it together keep the pace, and share one answer. */
function createQuestions(options: DeviceFlowOptions, started: StartedDeviceFlow, expiresAtMs: number): Ask {
  const { environment, lifetime } = options;
  // The same for the whole flow: a token whose answer was lost is not lost with it.
  const repeatKey = createUuid();
  const call = { operation: "deviceFlow.poll", input: { deviceCode: started.deviceCode }, repeatKey };
  let intervalMs = started.intervalSeconds * 1000;
  let nextAtMs = environment.now() + intervalMs;
  let granted: Credentials | null = null;
  let running: Promise<void> | null = null;
  const ask = async (timeoutMs: number): Promise<void> => {
    let pauseMs = intervalMs;
    try {
      const work = (signal: AbortSignal) => callOpen<DeviceGrant>(options, call, signal);
      granted = toCredentials(await withDeadline({ environment, signals: [lifetime], timeoutMs }, work));
    } catch (thrown) {
      const error = toClientError(thrown);
      const verdict = judge(error);
      if (verdict === "final") throw error;
      if (verdict === "too_fast") intervalMs += DEVICE_FLOW_SLOW_DOWN_MS;
      if (verdict === "failed") options.onFailure(error);
      pauseMs = Math.max(intervalMs, error.retryAfterMs ?? 0);
      if (environment.now() >= expiresAtMs) throw expiredFlow(error);
    } finally {
      nextAtMs = environment.now() + pauseMs;
      running = null;
    }
  };
  return async (signals, timeoutMs) => {
    while (granted === null) {
      const delayMs = Math.min(nextAtMs, expiresAtMs) - environment.now();
      if (delayMs > 0) {
        await sleep(environment, delayMs, signals);
        // Somebody else who waits may have asked meanwhile.
        continue;
      }
      // Not ended by the caller's signal: its answer may hold the token, which is given once.
      running ??= ask(timeoutMs);
      const question = running;
      await withDeadline({ environment, signals, timeoutMs: null }, () => question);
    }
    return granted;
  };
}

/** What a refused question means for the next one. */
function judge(error: MultitapError): "pending" | "too_fast" | "failed" | "final" {
  if (error.code === "DEVICE_FLOW_PENDING") return "pending";
  if (error.code === "DEVICE_FLOW_SLOW_DOWN") return "too_fast";
  if (isMultitapError(error, "aborted")) return "final";
  // A proxy that answers in the server's place is gone in a moment, or the code expires.
  return error.isTransient || hasErrorCode(error, "ANSWER_NOT_OURS") ? "failed" : "final";
}

function expiredFlow(cause: MultitapError): MultitapError<"not_found"> {
  const message = "Nobody has approved the device in time";
  return new MultitapError("not_found", "DEVICE_FLOW_EXPIRED", { message, cause });
}

function toCredentials({ accessToken, expiresAt, scopes, deviceId }: DeviceGrant): Credentials {
  return { accessToken, refreshToken: null, expiresAt, scopes, deviceId };
}
