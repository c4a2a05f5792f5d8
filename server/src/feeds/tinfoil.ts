import { baseUrlOf, formatFileUrl } from "../base/addresses.ts";
import type { Context } from "../base/context.ts";
import { type FeedAnswer, SlugInput } from "./contract.ts";
import { feed } from "./feed.ts";
import { findPlatform, listFiles, mapRows } from "./library.ts";
import { lastExtension } from "./rules.ts";

/** Files that Tinfoil installs; it does not know them in capitals. */
const EXTENSIONS: readonly string[] = ["xci", "nsp", "nsz", "xcz", "nro"];

/**
 * Index for Tinfoil on the Switch, open to everyone: the files it links to are not. A platform that is not there is
 * told inside a good answer, because the app shows that text. The map of titles stays empty as long as the server
 * has no database of Switch titles.
 * @source https://blawar.github.io/tinfoil/custom_index/
 */
export const tinfoilFeed = feed({
  path: "/api/feeds/tinfoil",
  summary: "Switch files for Tinfoil",
  isPublic: true,
  input: SlugInput,
  parameters: { slug: { place: "query", name: "slug" } },
  make: makeFeed,
});

async function makeFeed(ctx: Context, { slug }: { readonly slug: string }): Promise<FeedAnswer> {
  const platform = await findPlatform(ctx, slug);
  if (platform === null) {
    const text = JSON.stringify({ files: [], directories: [], error: "Nintendo Switch platform not found" });
    return { kind: "json", text, isFresh: false };
  }
  const found = await listFiles(ctx, platform, { extensions: EXTENSIONS, withArchives: false });
  const wanted = found.filter(({ fileName }) => EXTENSIONS.includes(lastExtension(fileName)));
  const baseUrl = baseUrlOf(ctx);
  const files = await mapRows(wanted, (file) =>
    JSON.stringify({ url: formatFileUrl(baseUrl, file), size: file.sizeBytes }),
  );
  const success = JSON.stringify(ctx.facts.tinfoilWelcome);
  const text = `{"files":[${files.join(",")}],"directories":[],"success":${success},"titledb":{}}`;
  return { kind: "json", text, isFresh: false };
}
