import { baseUrlOf, formatRomUrl } from "../base/addresses.ts";
import type { Context } from "../base/context.ts";
import { type FeedAnswer, type FeedRom, PlatformInput } from "./contract.ts";
import { feed } from "./feed.ts";
import { listRoms, mapRows, requirePlatform } from "./library.ts";
import { formatCoverUrl, formatRow, toHeaderWord } from "./rules.ts";

/** Version of the list's format, and the line that names the delimiter. */
const HEAD = ["1", "\t"];

/**
 * List for Kekatsu on the DS. The last column, the cover, is left out of a row that has none, as the app is used to;
 * an empty title stays as a column, where the reference lets the row begin with the next one.
 * @source https://github.com/cavv-dev/Kekatsu-DS#database-creation
 */
export const kekatsuFeed = feed({
  path: "/api/feeds/kekatsu/{platform_slug}",
  summary: "Roms of one platform for Kekatsu",
  input: PlatformInput,
  parameters: { platformSlug: { place: "path", name: "platform_slug" } },
  make: makeFeed,
});

async function makeFeed(
  ctx: Context,
  { platformSlug }: { readonly platformSlug: string },
): Promise<FeedAnswer> {
  const platform = await requirePlatform(ctx, platformSlug, platformSlug);
  const roms = await listRoms(ctx, [platform], { withSummary: false });
  const baseUrl = baseUrlOf(ctx);
  const lines = await mapRows(roms, (rom) => toLine(rom, { baseUrl, slug: platform.slug }));
  const fileName = `kekatsu_${toHeaderWord(platform.slug)}.txt`;
  return { kind: "text", fileName, text: [...HEAD, ...lines].join("\n") };
}

function toLine(
  rom: FeedRom,
  { baseUrl, slug }: { readonly baseUrl: string; readonly slug: string },
): string {
  const cover = formatCoverUrl(baseUrl, rom.coverSmall, rom);
  const region = rom.region || "ANY";
  const revision = rom.revision || "1.0.0";
  const url = formatRomUrl(baseUrl, rom);
  const fields = [rom.title, slug, region, revision, "RomM", url, rom.fsName, rom.sizeBytes];
  return formatRow(cover === null ? fields : [...fields, cover], "\t");
}
