import type { MeteredRequest, RequestClass } from "../http/request-meter.ts";
import { RPC_PATH } from "../rpc/handler.ts";
import { METRICS_PATH } from "./metrics.ts";
import { RESOURCES_ROOT } from "./resource-files.ts";
import { appRouter } from "./trpc.ts";

/** The route that answered a request, noted while it was answered. */
export type RouteNames = WeakMap<Request, string>;

export interface AnsweredRequest {
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly routes: RouteNames;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** What stands for everything that nobody needs to tell apart, such as paths that are guessed at. */
const NONE = "none";

/** Names a request in words of which there are few, whatever was asked for. */
export function describeRequest(
  request: Request,
  { path, status, durationMs, routes }: AnsweredRequest,
): MeteredRequest {
  const method = METHODS.has(request.method) ? request.method : NONE;
  const [kind, route] = nameRoute(path, routes.get(request) ?? null, status);
  return { class: kind, route, method, status, durationMs };
}

const procedures: ReadonlySet<string> = new Set(Object.keys(appRouter._def.procedures));

function nameRoute(path: string, route: string | null, status: number): readonly [RequestClass, string] {
  if (route !== null) return ["rest", route];
  if (path.startsWith("/health/")) return ["health", "/health"];
  if (path === METRICS_PATH) return ["metrics", METRICS_PATH];
  if (path.startsWith(`${RPC_PATH}/`)) {
    const name = path.slice(RPC_PATH.length + 1);
    return ["rpc", procedures.has(name) ? name : name.includes(",") ? "batch" : NONE];
  }
  if (path.startsWith(RESOURCES_ROOT)) return ["resource", RESOURCES_ROOT];
  if (status === 101 || path.startsWith("/ws") || path.includes("socket.io")) return ["socket", "socket"];
  return path.startsWith("/api/") ? ["rest", NONE] : ["page", "page"];
}
