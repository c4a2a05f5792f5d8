import { baseUrlOf, formatFileUrl } from "../base/addresses.ts";
import type { Context } from "../base/context.ts";
import { type FeedAnswer, FeedInput } from "./contract.ts";
import { type Feed, feed } from "./feed.ts";
import { mapRows } from "./library.ts";
import { listPackages, type Package, readKeys } from "./packages.ts";
import { formatContentId, formatRow, packageName } from "./rules.ts";

/** What the columns of a list are filled from. */
interface PkgjRow extends Package {
  readonly url: string;
  readonly keyUrl: string;
  readonly keyHex: string;
}

type Column = readonly [title: string, value: (row: PkgjRow) => string | number];

const EMPTY = () => "";
const TITLE_ID: Column = ["Title ID", EMPTY];
const REGION: Column = ["Region", ({ file }) => file.rom.region];
const PSP_TYPE: Column = ["Type", () => "PSP"];
const NAME: Column = ["Name", ({ file }) => packageName(file)];
const LINK: Column = ["PKG direct link", ({ url }) => url];
const VITA_KEY: Column = ["zRIF", EMPTY];
const CONTENT_ID: Column = ["Content ID", ({ file }) => formatContentId(file)];
const CHANGED: Column = ["Last Modification Date", ({ file }) => formatMoment(file.updatedAtMs)];
const KEY: Column = ["RAP", ({ keyHex }) => keyHex];
const KEY_LINK: Column = ["Download .RAP file", ({ keyUrl }) => keyUrl];
const ORIGINAL_NAME: Column = ["Original Name", EMPTY];
const SIZE: Column = ["File Size", ({ file }) => file.sizeBytes];
/** The app compares nothing with it; the reference puts the SHA-1 here, and so do we. */
const DIGEST: Column = ["SHA256", ({ file }) => file.sha1];
const FIRMWARE: Column = ["Required FW", EMPTY];
const APP_VERSION: Column = ["App Version", EMPTY];

const PSP_DLC = [TITLE_ID, REGION, NAME, LINK, CONTENT_ID, CHANGED, KEY, KEY_LINK, SIZE, DIGEST];
const PSP_GAMES = [TITLE_ID, REGION, PSP_TYPE, ...PSP_DLC.slice(2)];
const VITA_DLC = [TITLE_ID, REGION, NAME, LINK, VITA_KEY, CONTENT_ID, CHANGED, SIZE, DIGEST];
const VITA_GAMES = [...VITA_DLC.slice(0, -2), ORIGINAL_NAME, ...VITA_DLC.slice(-2), FIRMWARE, APP_VERSION];
const PSX_GAMES = [TITLE_ID, REGION, NAME, LINK, CONTENT_ID, CHANGED, ORIGINAL_NAME, SIZE, DIGEST];

interface PkgjList {
  readonly slug: string;
  readonly name: string;
  readonly part: "games" | "dlc";
  readonly columns: readonly Column[];
}

const LISTS: readonly PkgjList[] = [
  { slug: "psp", name: "PlayStation Portable", part: "games", columns: PSP_GAMES },
  { slug: "psp", name: "PlayStation Portable", part: "dlc", columns: PSP_DLC },
  { slug: "psvita", name: "PlayStation Vita", part: "games", columns: VITA_GAMES },
  { slug: "psvita", name: "PlayStation Vita", part: "dlc", columns: VITA_DLC },
  { slug: "psx", name: "PlayStation", part: "games", columns: PSX_GAMES },
];

/**
 * Lists for pkgj on the PS Vita: values separated by tabs below a line of titles. Every row has every column; the
 * reference trims its rows, which moves all values of a row one or two columns to the left of their titles.
 * @source https://github.com/blastrock/pkgj#readme
 */
export const pkgjFeeds: readonly Feed[] = LISTS.map((list) =>
  feed({
    path: `/api/feeds/pkgj/${list.slug}/${list.part}`,
    summary: `${list.name} ${list.part} for pkgj`,
    input: FeedInput,
    make: (ctx) => makeFeed(ctx, list),
  }),
);

async function makeFeed(ctx: Context, { slug, name, part, columns }: PkgjList): Promise<FeedAnswer> {
  const contentType = part === "games" ? "game" : "dlc";
  const packages = await listPackages(ctx, { slug, name, contentType, isAccepted: () => true });
  const keys: ReadonlyMap<number, string> = columns.includes(KEY) ? await readKeys(ctx, packages) : new Map();
  const baseUrl = baseUrlOf(ctx);
  const lines = await mapRows(packages, ({ file, key }) => {
    const row: PkgjRow = {
      file,
      key,
      url: formatFileUrl(baseUrl, file),
      keyUrl: key === null ? "" : formatFileUrl(baseUrl, key),
      keyHex: key === null ? "" : (keys.get(key.id) ?? ""),
    };
    return formatRow(
      columns.map(([, value]) => value(row)),
      "\t",
    );
  });
  const titles = formatRow(
    columns.map(([title]) => title),
    "\t",
  );
  return { kind: "text", fileName: `pkgj_${slug}_${part}.txt`, text: [titles, ...lines].join("\n") };
}

/** `2026-01-02 03:04:05`, in UTC. */
function formatMoment(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19).replace("T", " ");
}
