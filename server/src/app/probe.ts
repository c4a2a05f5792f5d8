import type { Ports } from "../base/context.ts";
import { detailResponse } from "../http/error-response.ts";
import { listProxyHeaders } from "../http/public-url.ts";
import type { ArrivalFacts } from "../system/probe/contract.ts";
import { PROBE_BYTES, PROBE_UPLOAD_BYTES_MAX } from "../system/probe/limits.ts";
import { isProbeOpen, PROBE_ROOT } from "../system/probe/service.ts";

/** How a request came. */
export type ProbedArrival = Pick<ArrivalFacts, "baseUrl" | "clientAddress"> & { readonly path: string };

/**
 * Answers at an open probe: how the request arrived, bytes of which parts may be asked for, and a place that takes
 * bytes and forgets them. Without the secret there is nothing.
 */
export async function answerProbe(
  request: Request,
  { path, baseUrl, clientAddress }: ProbedArrival,
  ports: Pick<Ports, "kv">,
): Promise<Response> {
  const [token = "", place = ""] = path.slice(PROBE_ROOT.length).split("/");
  if (!(await isProbeOpen(ports, token))) return detailResponse(404, "Not Found");
  const headers = { "cache-control": "no-store" };
  if (place === "") {
    const forwardedBy = listProxyHeaders(request.headers);
    const facts: ArrivalFacts = { baseUrl, clientAddress, forwardedBy: [...forwardedBy] };
    return Response.json(facts, { headers });
  }
  if (place !== "bytes") return detailResponse(404, "Not Found");
  if (request.method === "GET") return answerBytes(request.headers.get("range"));
  return await receive(request);
}

/** Bytes of which everybody knows what each must be. */
export function listProbeBytes(start: number, end: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: end - start }, (_, index) => (start + index) % 251);
}

function answerBytes(range: string | null): Response {
  const headers = {
    "content-type": "application/octet-stream",
    "cache-control": "no-store",
    "accept-ranges": "bytes",
  };
  const [, first, last] = /^bytes=(\d{1,9})-(\d{1,9})$/.exec(range ?? "") ?? [];
  if (first === undefined || last === undefined) {
    return new Response(listProbeBytes(0, PROBE_BYTES), { headers });
  }
  const [start, end] = [Number(first), Math.min(Number(last) + 1, PROBE_BYTES)];
  if (start >= end) return new Response(null, { status: 416, headers });
  const contentRange = { "content-range": `bytes ${start}-${end - 1}/${PROBE_BYTES}` };
  return new Response(listProbeBytes(start, end), { status: 206, headers: { ...headers, ...contentRange } });
}

async function receive(request: Request): Promise<Response> {
  let receivedBytes = 0;
  if (request.body !== null) {
    for await (const chunk of request.body) {
      receivedBytes += chunk.byteLength;
      if (receivedBytes > PROBE_UPLOAD_BYTES_MAX) return detailResponse(413, "Content Too Large");
    }
  }
  return Response.json({ receivedBytes });
}
