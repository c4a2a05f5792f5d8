import type { Feed } from "./feed.ts";
import { fpkgiFeed } from "./fpkgi.ts";
import { kekatsuFeed } from "./kekatsu.ts";
import { pkgiFeeds } from "./pkgi.ts";
import { pkgjFeeds } from "./pkgj.ts";
import { tinfoilFeed } from "./tinfoil.ts";
import { webrcadeFeed } from "./webrcade.ts";

/** Every feed there is, in the order of the documentation. */
export const FEED_TABLE: readonly Feed[] = [
  webrcadeFeed,
  tinfoilFeed,
  ...pkgiFeeds,
  fpkgiFeed,
  kekatsuFeed,
  ...pkgjFeeds,
];
