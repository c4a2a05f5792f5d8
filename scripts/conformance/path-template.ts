import type { Route } from "./types.ts";

/** The route that serves a request; the most literal one when several fit, null when none does. */
export function findRoute<R extends Route>(routes: readonly R[], method: string, path: string): R | null {
  const bare = withoutQuery(path);
  const fitting = routes.filter((route) => route.method === method && toPattern(route.path).test(bare));
  fitting.sort((a, b) => countParameters(a.path) - countParameters(b.path));
  return fitting[0] ?? null;
}

/** The parameters of a path by name, still encoded; null when the path does not fit. */
export function readParameters(
  template: string,
  path: string,
): readonly (readonly [string, string])[] | null {
  const match = toPattern(template).exec(withoutQuery(path));
  if (match === null) return null;
  return parameterNames(template).map((name, index) => [name, match[index + 1] ?? ""] as const);
}

/** A template filled with values; a parameter without one stays as it is. */
export function fillPath(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A template without the names of its parameters: two routes with the same form are one. */
export function formOf(template: string): string {
  return template.replaceAll(/\{\w+\}/g, "{}");
}

/** The names of a template's parameters, in order. */
export function parameterNames(template: string): readonly string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
}

/** A path without its query and without a slash at its end. */
export function withoutQuery(path: string): string {
  const bare = path.split("?")[0] ?? "";
  return bare.length > 1 && bare.endsWith("/") ? bare.slice(0, -1) : bare;
}

function toPattern(template: string): RegExp {
  const escaped = template.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&");
  // `{path}` is the rest of the address, slashes included.
  return new RegExp(`^${escaped.replaceAll("{path}", "(.+)").replaceAll(/\{\w+\}/g, "([^/]+)")}$`);
}

function countParameters(template: string): number {
  return parameterNames(template).length;
}
