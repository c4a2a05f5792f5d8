/** Which routes the running server serves. */
import { findRoute, formOf } from "./path-template.ts";
import type { CallServer } from "./server.ts";
import { isObject, type Json, type JsonObject, type Route } from "./types.ts";

/** A value for every path parameter of a question; nothing has this id. */
const NOBODY = "999999999";

/** The routes of an OpenAPI document. */
export function listRoutes(document: JsonObject): readonly Route[] {
  if (!isObject(document.paths)) return [];
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    isObject(methods) ? Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })) : [],
  );
}

/** A route's description in a document, whatever its parameters are called there; null when there is none. */
export function describeRoute(document: JsonObject, { method, path }: Route): JsonObject | null {
  if (!isObject(document.paths)) return null;
  const wanted = formOf(path);
  for (const [known, methods] of Object.entries(document.paths)) {
    if (formOf(known) !== wanted || !isObject(methods)) continue;
    const found: Json | undefined = methods[method.toLowerCase()];
    return isObject(found) ? found : null;
  }
  return null;
}

function isListed(document: JsonObject, route: Route): boolean {
  if (describeRoute(document, route) !== null) return true;
  // Whatever answers GET answers HEAD, and documents list it once.
  return route.method === "HEAD" && describeRoute(document, { ...route, method: "GET" }) !== null;
}

function isSocket(route: Route): boolean {
  return route.method === "WS";
}

/**
 * Whether a route is served: our document lists it. What the document leaves out by its nature (static files,
 * documents, sockets) is asked for, unless a listed route would take the question, as `/api/roms/{id}` takes
 * `/api/roms/random`. That a listed route answers, and what, shows in the replay.
 */
export async function isServed(call: CallServer, document: JsonObject, route: Route): Promise<boolean> {
  if (isListed(document, route)) return true;
  const method = isSocket(route) ? "GET" : route.method;
  const query = isSocket(route) ? "/?EIO=4&transport=polling" : "";
  const path = route.path.replaceAll(/\{\w+\}/g, NOBODY);
  if (findRoute(listRoutes(document), method, path) !== null) return false;
  // A bearer that nobody has: a write is then not checked for forgery, and has no rights.
  const headers = method === "GET" || method === "HEAD" ? {} : { authorization: "Bearer nobody" };
  const { status, json } = await call({ method, path: `${path}${query}`, headers });
  if (isSocket(route)) return status === 200;
  if (status === 404) return isObject(json) && json.detail !== "Not Found";
  return status !== 405;
}
