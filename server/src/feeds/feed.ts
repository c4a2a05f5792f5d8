import type * as v from "valibot";
import type { Context } from "../base/context.ts";
import { type Operation, operation } from "../base/operation.ts";
import { type FeedAnswer, FeedAnswerSchema } from "./contract.ts";

/** Where an input of a feed stands in its address, under which name. */
export interface FeedParameter {
  readonly place: "path" | "query";
  readonly name: string;
}

/** One list for a shop app, and where it is. */
export interface Feed {
  /** `{name}` marks a path parameter. */
  readonly path: string;
  readonly summary: string;
  readonly parameters: Readonly<Record<string, FeedParameter>>;
  /** Feeds of every input stand in one table; the door hands each the values of its own parameters. */
  readonly operation: Operation<never, FeedAnswer, never>;
}

/** What a feed is made of. */
export interface FeedDefinition<I, In> {
  readonly path: string;
  readonly summary: string;
  /** Asks for no permission at all, whatever the operator's settings. */
  readonly isPublic?: boolean | undefined;
  readonly input: v.GenericSchema<In, I>;
  readonly parameters?: Readonly<Record<string, FeedParameter>> | undefined;
  readonly make: (ctx: Context, input: I) => Promise<FeedAnswer>;
}

/**
 * Makes a row of the table of feeds. Like the downloads they lead to, feeds need `roms.read` unless the operator
 * opened downloads to everyone.
 */
export function feed<I, In>({ path, summary, parameters = {}, ...rest }: FeedDefinition<I, In>): Feed {
  const { isPublic = false, input, make } = rest;
  const made = operation(
    {
      type: "query",
      scope: isPublic ? "public" : "roms.read",
      isOpen: (facts) => facts.isDownloadPublic,
      input,
      output: FeedAnswerSchema,
    },
    make,
  );
  return { path, summary, parameters, operation: made as unknown as Feed["operation"] };
}
