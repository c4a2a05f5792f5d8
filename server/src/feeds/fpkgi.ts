import { baseUrlOf, formatFileUrl } from "../base/addresses.ts";
import type { Context } from "../base/context.ts";
import { FILE_CATEGORIES } from "../base/file-categories.data.ts";
import { parseFileName } from "../base/file-name.ts";
import { type FeedAnswer, type FeedFile, type FeedRom, PlatformContentInput } from "./contract.ts";
import { feed } from "./feed.ts";
import { listFiles, mapRows, requirePlatform } from "./library.ts";
import { contentTypeInvalid } from "./packages.ts";
import { formatCoverUrl, PACKAGE_EXTENSION } from "./rules.ts";

/** Sorts of packages that are named after their rom. */
const LABELS: Readonly<Record<string, string>> = {
  game: "Game",
  dlc: "DLC",
  update: "Update",
  patch: "Patch",
  demo: "Demo",
};

/**
 * List for FPKGi on PS4 and PS5: packages by their addresses.
 * @source https://github.com/ItsJokerZz/FPKGi#readme
 */
export const fpkgiFeed = feed({
  path: "/api/feeds/fpkgi/{platform_slug}",
  summary: "Packages of one platform for FPKGi",
  input: PlatformContentInput,
  parameters: {
    platformSlug: { place: "path", name: "platform_slug" },
    contentType: { place: "query", name: "content_type" },
  },
  make: makeFeed,
});

interface FpkgiWish {
  readonly platformSlug: string;
  readonly contentType?: string | undefined;
}

async function makeFeed(ctx: Context, { platformSlug, contentType }: FpkgiWish): Promise<FeedAnswer> {
  const platform = await requirePlatform(ctx, platformSlug, platformSlug);
  if (contentType !== undefined && !FILE_CATEGORIES.includes(contentType))
    throw contentTypeInvalid(contentType);
  const wish = { extensions: [PACKAGE_EXTENSION], withArchives: false };
  const present = (await listFiles(ctx, platform, wish)).filter((file) => !file.isMissing);
  const baseUrl = baseUrlOf(ctx);
  const perRom = [...Map.groupBy(present, (file) => file.rom.id).values()];
  const entries = await mapRows(perRom, (files) => {
    // Names and the title id are settled over all packages of the rom, whichever are asked for.
    const names = nameFiles(files);
    const titleId = findTitleId(files);
    return files
      .map((file, index) => ({ file, name: names[index] ?? file.rom.title, titleId, baseUrl }))
      .filter(({ file }) => contentType === undefined || sortOf(file) === contentType)
      .map(
        (entry) => `${JSON.stringify(formatFileUrl(baseUrl, entry.file))}:${JSON.stringify(toEntry(entry))}`,
      );
  });
  return { kind: "json", text: `{"DATA":{${entries.flat().join(",")}}}`, isFresh: true };
}

function sortOf({ category }: FeedFile): string {
  return category ?? "game";
}

interface FpkgiEntry {
  readonly file: FeedFile;
  readonly name: string;
  readonly titleId: string;
  readonly baseUrl: string;
}

function toEntry({ file, name, titleId, baseUrl }: FpkgiEntry) {
  const { rom } = file;
  return {
    name,
    size: file.sizeBytes,
    title_id: titleId,
    region: rom.region || null,
    version: rom.revision || null,
    release: rom.firstReleaseDateMs === null ? null : formatDay(rom.firstReleaseDateMs),
    min_fw: null,
    cover_url: formatCoverUrl(baseUrl, rom.coverLarge, rom),
  };
}

/** The id on the disc or in the store that the names tell, or one made of the rom's own. */
function findTitleId(files: readonly FeedFile[]): string {
  const [first] = files;
  const names = [first?.rom.fsName ?? "", ...files.map(({ fileName }) => fileName)];
  for (const name of names) {
    const found = /(?:CUSA|PPSA)\d{5}/i.exec(name);
    if (found !== null) return found[0].toUpperCase();
  }
  return `ROMM${String(first?.rom.id ?? 0)
    .slice(-5)
    .padStart(5, "0")}`;
}

/** One name per file: the first that no other package of the rom could have as well. */
function nameFiles(files: readonly FeedFile[]): readonly string[] {
  const [only] = files;
  if (only === undefined) return [];
  if (files.length === 1) return [only.rom.title];
  const perFile = files.map((file) => listCandidates(file, only.rom));
  const claims = new Map<string, number>();
  for (const candidates of perFile) {
    for (const name of new Set(candidates)) claims.set(name, (claims.get(name) ?? 0) + 1);
  }
  return perFile.map((candidates) => candidates.find((name) => claims.get(name) === 1) ?? only.rom.title);
}

/** Names that a package could have, the shortest first; the last one is its own alone. */
function listCandidates(file: FeedFile, { title }: FeedRom): readonly string[] {
  const label = LABELS[sortOf(file)];
  const stem = parseFileName(file.fileName).nameNoExt;
  const plain = `${title} - ${stem}`;
  const named = label === undefined ? [] : [`${title} - ${label}`];
  const both = label === undefined ? [] : [`${title} - ${label} - ${stem}`];
  return [...named, plain, ...both, `${plain} (${file.id})`];
}

/** `MM-DD-YYYY` where the server stands. */
function formatDay(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(at.getMonth() + 1)}-${two(at.getDate())}-${at.getFullYear()}`;
}
