/** Holds what our document says about a route's input against the reference's. */
import { parameterNames } from "./path-template.ts";
import { createSchemaChecker, kindsOf, type SchemaChecker } from "./schema.ts";
import { describeRoute } from "./served-routes.ts";
import { type Finding, isList, isObject, type Json, type JsonObject, type Route } from "./types.ts";

interface Input {
  readonly name: string;
  /** `path`, `query`, `header` or `body`. */
  readonly place: string;
  readonly kinds: readonly string[];
}

function listInputs(checker: SchemaChecker, description: JsonObject): readonly Input[] {
  const parameters = isList(description.parameters) ? description.parameters : [];
  const named = parameters.filter(isObject).map((one) => ({
    name: String(one.name),
    place: String(one.in),
    kinds: kindsOf(checker, one.schema),
  }));
  return [...named, ...listFields(checker, description.requestBody)];
}

function listFields(checker: SchemaChecker, body: Json | undefined): readonly Input[] {
  const content = isObject(body) ? body.content : undefined;
  const first = isObject(content) ? Object.values(content)[0] : undefined;
  const schema = checker.resolve(isObject(first) ? first.schema : undefined);
  const fields = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  return fields.map(([name, field]) => ({ name, place: "body", kinds: kindsOf(checker, field) }));
}

/** Kinds that a value may be written in: in a path, a query or a form everything is text. */
function isCompatible(theirs: Input, ours: Input): boolean {
  if (theirs.kinds.length === 0 || ours.kinds.length === 0) return true;
  const isText = theirs.place !== "body" || ours.kinds.includes("string") || theirs.kinds.includes("string");
  if (isText) return true;
  return theirs.kinds.every(
    (kind) =>
      kind === "null" || ours.kinds.includes(kind) || (kind === "integer" && ours.kinds.includes("number")),
  );
}

export interface Documents {
  readonly theirs: JsonObject;
  readonly ours: JsonObject;
}

/**
 * Inputs of a served route that our document lacks or describes as something else. Path parameters count by
 * number, their names are free; where an input stands (query, body) our document may say otherwise, since it
 * knows operations, not places. Headers are not in it at all: they show in the replay.
 */
export function compareInputs(documents: Documents, route: Route): readonly Finding[] {
  const [theirs, ours] = [describeRoute(documents.theirs, route), describeRoute(documents.ours, route)];
  if (theirs === null || ours === null) return [];
  const ourInputs = listInputs(createSchemaChecker(documents.ours), ours);
  const where = `${route.method} ${route.path}`;
  const inPath = new Set(parameterNames(route.path));
  return listInputs(createSchemaChecker(documents.theirs), theirs)
    .filter(({ name, place }) => place !== "header" && !inPath.has(name))
    .flatMap((input): readonly Finding[] => {
      const own = ourInputs.find(({ name }) => name === input.name);
      const theirText = `${input.place} ${input.kinds.join("|") || "anything"}`;
      if (own === undefined) {
        return [{ where, what: "parameter", at: input.name, theirs: theirText, ours: "absent" }];
      }
      if (isCompatible(input, own)) return [];
      return [{ where, what: "parameter", at: input.name, theirs: theirText, ours: own.kinds.join("|") }];
    });
}
