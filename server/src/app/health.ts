import type { Lifecycle } from "./lifecycle.ts";

/** One part whose failure makes us not ready. */
export interface HealthCheck {
  readonly name: string;
  /** Rejects when the part does not answer. */
  check(): Promise<unknown>;
}

/** Longest wait for one part, in milliseconds. */
const CHECK_TIMEOUT_MS = 2_000;

/** `/health/live`: the process answers; independent of everything else. */
export function answerLive(): Response {
  return Response.json({ status: "live" });
}

/** `/health/ready`: 200 only when every part answers, else 503 naming those that do not. */
export async function answerReady(lifecycle: Lifecycle, checks: readonly HealthCheck[]): Promise<Response> {
  const { phase } = lifecycle;
  if (phase.name !== "serving") return Response.json({ status: "not_ready", phase }, { status: 503 });
  const failing = (await Promise.all(checks.map(runCheck))).filter((each) => each !== null);
  if (failing.length === 0) return Response.json({ status: "ready" });
  return Response.json({ status: "not_ready", failing }, { status: 503 });
}

async function runCheck(part: HealthCheck): Promise<{ name: string; message: string } | null> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimeoutFailure(CHECK_TIMEOUT_MS)), CHECK_TIMEOUT_MS);
  try {
    await Promise.race([part.check(), timeout]);
    return null;
  } catch (error) {
    return { name: part.name, message: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

class TimeoutFailure extends Error {
  override readonly name = "TimeoutFailure";
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}
