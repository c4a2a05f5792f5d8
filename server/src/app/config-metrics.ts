import { parseSentryDsn, type SentryTarget } from "../ports/log/sentry-envelope.ts";
import { StartError } from "./config-errors.ts";
import { type Environment, intOf, textOf } from "./read-environment.ts";

/** Who may read numbers for Prometheus; nobody where both are null. */
export interface MetricsConfig {
  /** A port of their own, for whoever reaches it; 0 for any free one. */
  readonly port: number | null;
  /** The address of that port; null for the server's own. */
  readonly host: string | null;
  /** Opens them on the main port. */
  readonly token: string | null;
}

/** Shorter tokens can be guessed. */
const TOKEN_CHARS_MIN = 16;

/**
 * Reads who may read numbers for Prometheus.
 * @throws StartError `E_CONFIG` for a token that can be guessed.
 */
export function readMetrics(environment: Environment): MetricsConfig {
  const token = textOf(environment, "MULTITAP_METRICS_TOKEN");
  if (token !== null && token.length < TOKEN_CHARS_MIN) {
    throw new StartError(
      "E_CONFIG",
      `MULTITAP_METRICS_TOKEN is (hidden). Accepted: ${TOKEN_CHARS_MIN} characters or more.`,
    );
  }
  return {
    port: intOf(environment, "MULTITAP_METRICS_PORT"),
    host: textOf(environment, "MULTITAP_METRICS_HOST"),
    token,
  };
}

/**
 * Reads where failures are reported.
 * @returns Null for nowhere.
 * @throws StartError `E_CONFIG` for what is no DSN.
 */
export function readSentry(environment: Environment): SentryTarget | null {
  const text = textOf(environment, "SENTRY_DSN");
  if (text === null) return null;
  const target = parseSentryDsn(text);
  if (target !== null) return target;
  throw new StartError("E_CONFIG", "SENTRY_DSN is (hidden). Accepted: https://KEY@HOST/PROJECT.");
}
