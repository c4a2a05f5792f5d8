import { baseUrlOf, formatRomUrl } from "../base/addresses.ts";
import type { Context } from "../base/context.ts";
import { listWebrcadeTypes } from "../platforms/service.ts";
import { type FeedAnswer, FeedInput, type FeedPlatform, type FeedRom } from "./contract.ts";
import { feed } from "./feed.ts";
import { listPlatforms, listRoms, mapRows } from "./library.ts";
import { formatCoverUrl, toHeaderWord } from "./rules.ts";

/**
 * Feed of https://www.webrcade.com: one category per platform it can play, also without games.
 * The pictures of the feed as a whole are left out: they are optional, and the reference links its own.
 * @source https://docs.webrcade.com/feeds/format/
 */
export const webrcadeFeed = feed({
  path: "/api/feeds/webrcade",
  summary: "Games for webRcade",
  input: FeedInput,
  make: makeFeed,
});

async function makeFeed(ctx: Context): Promise<FeedAnswer> {
  const types = listWebrcadeTypes();
  const platforms = await listPlatforms(ctx, [...types.keys()]);
  const roms = Map.groupBy(await listRoms(ctx, platforms, { withSummary: true }), (rom) => rom.platformId);
  const categories: string[] = [];
  for (const platform of platforms) {
    const type = types.get(platform.slug) ?? platform.slug;
    categories.push(await toCategory(ctx, platform, { type, roms: roms.get(platform.id) ?? [] }));
  }
  const titles = JSON.stringify({
    title: "RomM Feed",
    longTitle: "Custom RomM Feed",
    description: "Custom feed from your RomM library",
  });
  const text = `${titles.slice(0, -1)},"categories":[${categories.join(",")}]}`;
  return { kind: "json", text, isFresh: false };
}

interface Games {
  readonly type: string;
  readonly roms: readonly FeedRom[];
}

async function toCategory(
  ctx: Context,
  { slug, name }: FeedPlatform,
  { type, roms }: Games,
): Promise<string> {
  const baseUrl = baseUrlOf(ctx);
  const picture = `${baseUrl}/assets/webrcade/feed/${toHeaderWord(slug.toLowerCase())}`;
  const items = await mapRows(roms, (rom) => JSON.stringify(toItem(rom, { baseUrl, type })));
  const titles = JSON.stringify({
    title: name,
    longTitle: `${name} Games`,
    background: `${picture}-background.png`,
    thumbnail: `${picture}-thumb.png`,
  });
  return `${titles.slice(0, -1)},"items":[${items.join(",")}]}`;
}

function toItem(rom: FeedRom, { baseUrl, type }: { readonly baseUrl: string; readonly type: string }) {
  const thumbnail = formatCoverUrl(baseUrl, rom.coverSmall, rom);
  const background = formatCoverUrl(baseUrl, rom.coverLarge, rom);
  return {
    title: rom.title,
    description: rom.summary ?? "",
    type,
    ...(thumbnail === null ? {} : { thumbnail }),
    ...(background === null ? {} : { background }),
    props: { rom: formatRomUrl(baseUrl, rom) },
  };
}
