import type { RequestReader } from "../http/reader.ts";
import { get, type RestRoute } from "../http/route.ts";
import type { FeedAnswer } from "./contract.ts";
import { listFeeds } from "./service.ts";

/** Compatible routes of the shop apps. */
export const feedRoutes: readonly RestRoute[] = listFeeds().map(
  ({ path, summary, operation, parameters }) => {
    const places = Object.entries(parameters);
    return get(path, operation, {
      summary,
      read: (reader) =>
        Object.fromEntries(
          places.map(([field, { place, name }]) => [
            field,
            place === "path" ? reader.pathText(name) : reader.queryText(name),
          ]),
        ),
      names: Object.fromEntries(places.map(([field, { name }]) => [field, name])),
      errors: { FEEDS_CONTENT_TYPE_INVALID: { status: 400 } },
      write: writeFeed,
    });
  },
);

/** Not more than these apps were seen to need: a disposition without "attachment", and no caching of lists. */
function writeFeed(answer: FeedAnswer, _reader: RequestReader): Response {
  if (answer.kind === "text") {
    return new Response(answer.text, {
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "content-disposition": `filename=${answer.fileName}`,
        "cache-control": "no-cache",
      },
    });
  }
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (answer.isFresh) headers["cache-control"] = "no-cache";
  return new Response(answer.text, { headers });
}
