import { createHash, timingSafeEqual } from "node:crypto";
import { detailResponse } from "../http/error-response.ts";
import type { Log } from "../ports/log/port.ts";
import { createMetrics, type Metrics } from "../system/metrics/service.ts";
import type { Config } from "./config.ts";
import { StartError } from "./config-errors.ts";
import type { SideDoor } from "./dispatcher.ts";

/** Where numbers for Prometheus are given. */
export const METRICS_PATH = "/metrics";

/** The numbers of a server, and who may read them where. */
export interface OpenMetrics {
  readonly metrics: Metrics;
  /** Answers on the main port; null when it gives none there. */
  readonly answer: SideDoor | null;
  /** The port of their own; null without one. */
  readonly port: number | null;
  close(): Promise<void>;
}

/**
 * Opens the numbers where the operator wants them.
 * @returns Null where they are wanted nowhere: then nothing is counted.
 * @throws StartError `E_PORT`.
 */
export function openMetrics(
  { host, metrics: config }: Pick<Config, "host" | "metrics">,
  log: Log,
): OpenMetrics | null {
  if (config.port === null && config.token === null) return null;
  const metrics = createMetrics({
    onFailure: (source, error) => log.warn("numbers of a part could not be read", { source, error }),
  });
  const listener =
    config.port === null ? null : listen({ host: config.host ?? host, port: config.port }, metrics);
  const { token } = config;
  return {
    metrics,
    answer:
      token === null
        ? null
        : (request, { path }) => (path === METRICS_PATH ? answerWithToken(request, token, metrics) : null),
    port: listener?.port ?? null,
    async close() {
      await listener?.stop(true);
      metrics.close();
    },
  };
}

interface Place {
  readonly host: string;
  readonly port: number;
}

function listen({ host, port }: Place, metrics: Metrics): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: host,
      port,
      fetch: (request) =>
        new URL(request.url).pathname === METRICS_PATH
          ? answer(request, metrics)
          : detailResponse(404, "Not Found"),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const what = `cannot listen on ${host} port ${port} for MULTITAP_METRICS_PORT: ${reason}`;
    throw new StartError("E_PORT", what, { cause });
  }
}

async function answerWithToken(request: Request, token: string, metrics: Metrics): Promise<Response> {
  const [, sent = ""] = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (!timingSafeEqual(digest(sent), digest(token))) {
    return detailResponse(401, "Not authenticated", { "www-authenticate": "Bearer" });
  }
  return await answer(request, metrics);
}

/** Digests have one length, which the comparison needs. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function answer(request: Request, metrics: Metrics): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return detailResponse(405, "Method Not Allowed", { allow: "GET, HEAD" });
  }
  const { contentType, text } = await metrics.render();
  const headers = { "content-type": contentType, "cache-control": "no-store" };
  return new Response(request.method === "HEAD" ? null : text, { headers });
}
