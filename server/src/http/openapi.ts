import { toJsonSchema } from "@valibot/to-json-schema";
import { toWireName } from "./input-issue.ts";
import type { RestRoute } from "./route.ts";

export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Makes the OpenAPI 3.1 document of a route table. */
export function createOpenApi(routes: readonly RestRoute[], info: OpenApiInfo): Json {
  const byPath = Map.groupBy(routes, (route) => route.path);
  const paths = [...byPath].map(([path, list]) => {
    const methods = list.map((route) => [route.method.toLowerCase(), describeRoute(route)] as const);
    return [path, Object.fromEntries(methods)] as const;
  });
  return {
    openapi: "3.1.0",
    info,
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        basic: { type: "http", scheme: "basic" },
        session: { type: "apiKey", in: "cookie", name: "romm_session" },
      },
    },
  };
}

function describeRoute(route: RestRoute): Json {
  const { operation, options } = route;
  const status = String(options.status ?? 200);
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const fields = describeInput(route);
  const inPath = names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
  const isRead = route.method === "GET";
  const inQuery = isRead
    ? leaveOutPath(fields, names).map(([name, schema]) => ({ name, in: "query", required: false, schema }))
    : [];
  return {
    summary: options.summary,
    tags: [route.path.split("/")[2] ?? "root"],
    parameters: [...inPath, ...inQuery],
    ...(isRead || fields.length === 0 ? {} : { requestBody: describeBody(fields) }),
    responses: { [status]: { description: "Success" }, "422": { description: "The input does not fit" } },
    ...(operation.scope === "public" ? {} : { security: [{ bearer: [] }, { basic: [] }, { session: [] }] }),
    "x-scope": operation.scope,
  };
}

/**
 * The fields that the path does not say. `{id}` is the first field of that ending: an operation names what it is about
 * before it names anything else.
 */
function leaveOutPath(
  fields: readonly (readonly [string, unknown])[],
  names: readonly string[],
): readonly (readonly [string, unknown])[] {
  const inPath = names.map((known) => {
    const exact = fields.find(([name]) => name === known);
    return exact ?? fields.find(([name]) => name.endsWith(`_${known}`));
  });
  return fields.filter((field) => !inPath.includes(field));
}

function describeBody(fields: readonly (readonly [string, unknown])[]): Json {
  const schema = { type: "object", properties: Object.fromEntries(fields) };
  return { content: { "application/json": { schema } } };
}

/** The operation's input fields under the names the compatible API gives them. */
function describeInput({ operation, options }: RestRoute): readonly (readonly [string, unknown])[] {
  const schema = toJsonSchema(operation.input, { errorMode: "ignore", typeMode: "input" }) as {
    properties?: Record<string, unknown>;
  };
  const names = options.names ?? {};
  return Object.entries(schema.properties ?? {}).map(
    ([name, value]) => [names[name] ?? toWireName(name), value] as const,
  );
}
