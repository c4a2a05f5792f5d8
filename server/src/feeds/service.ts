import type { Feed } from "./feed.ts";
import { FEED_TABLE } from "./index.ts";

/** The lists that shop apps of consoles read, one operation each. */
export function listFeeds(): readonly Feed[] {
  return FEED_TABLE;
}
