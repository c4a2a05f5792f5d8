import { baseUrlOf, formatFileUrl } from "../base/addresses.ts";
import type { Context } from "../base/context.ts";
import { FILE_CATEGORIES } from "../base/file-categories.data.ts";
import { ContentTypeInput, type FeedAnswer } from "./contract.ts";
import { type Feed, feed } from "./feed.ts";
import { mapRows } from "./library.ts";
import { listPackages, type Package, readKeys } from "./packages.ts";
import { CONTENT_TYPE_NUMBERS, formatContentId, formatRow, packageName } from "./rules.ts";

/** What PKGi lists on one console. */
interface PkgiConsole {
  readonly slug: string;
  readonly name: string;
  /** Whether lists say the number of their content type and the licence key. */
  readonly hasKeys: boolean;
}

const CONSOLES: readonly PkgiConsole[] = [
  { slug: "ps3", name: "PlayStation 3", hasKeys: true },
  { slug: "psvita", name: "PlayStation Vita", hasKeys: false },
  { slug: "psp", name: "PlayStation Portable", hasKeys: true },
];

/**
 * Lists for PKGi on PS3, PSP and PS Vita: values separated by commas, no header line. The licence key is that of the
 * rom's `.rap` file, where the reference gives the file's SHA-1, which no console can use.
 * @source https://github.com/bucanero/pkgi-ps3#readme (section on the format of the list)
 */
export const pkgiFeeds: readonly Feed[] = CONSOLES.map((console) =>
  feed({
    path: `/api/feeds/pkgi/${console.slug}/{content_type}`,
    summary: `${console.name} packages for PKGi`,
    input: ContentTypeInput,
    parameters: { contentType: { place: "path", name: "content_type" } },
    make: (ctx, { contentType }) => makeFeed(ctx, console, contentType),
  }),
);

async function makeFeed(ctx: Context, console: PkgiConsole, contentType: string): Promise<FeedAnswer> {
  const { hasKeys } = console;
  const isAccepted = (type: string) =>
    hasKeys ? CONTENT_TYPE_NUMBERS.has(type) : FILE_CATEGORIES.includes(type);
  const packages = await listPackages(ctx, { ...console, contentType, isAccepted });
  const number = CONTENT_TYPE_NUMBERS.get(contentType) ?? 0;
  const keys: ReadonlyMap<number, string> = hasKeys ? await readKeys(ctx, packages) : new Map();
  const baseUrl = baseUrlOf(ctx);
  const lines = await mapRows(packages, ({ file, key }: Package) => {
    const middle = hasKeys
      ? [number, packageName(file), "", key === null ? "" : (keys.get(key.id) ?? "")]
      : [0, packageName(file), "", ""];
    const url = formatFileUrl(baseUrl, file);
    return formatRow([formatContentId(file), ...middle, url, file.sizeBytes, file.sha1], ",");
  });
  return { kind: "text", fileName: `pkgi_${contentType}.txt`, text: lines.join("\n") };
}
