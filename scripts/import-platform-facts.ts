/**
 * Rewrites `server/src/platforms/facts.data.ts` from two files of recorded facts:
 * `bun scripts/import-platform-facts.ts <platforms.tsv> <setup.json>`. The table holds one row per slug; the
 * recording holds the answer of `GET /api/setup/library`, whose `supported_platforms` adds what the table lacks.
 */

const TARGET = new URL("../server/src/platforms/facts.data.ts", import.meta.url);

type Kind = "text" | "number" | "yes/no";

/** Column of the table, property of a row, how to read it. */
const COLUMNS: readonly (readonly [column: string, property: string, kind: Kind])[] = [
  ["slug", "slug", "text"],
  ["display_name", "name", "text"],
  ["igdb_id", "igdbId", "number"],
  ["igdb_slug", "igdbSlug", "text"],
  ["igdb_main_slug", "mainSlug", "text"],
  ["moby_id", "mobyId", "number"],
  ["moby_slug", "mobySlug", "text"],
  ["ss_id", "ssId", "number"],
  ["ra_id_effective", "raId", "number"],
  ["ra_console_id", "raConsoleId", "number"],
  ["launchbox_id", "launchboxId", "number"],
  ["launchbox_name", "launchboxName", "text"],
  ["tgdb_id_effective", "tgdbId", "number"],
  ["hasheous_id", "hasheousId", "number"],
  ["flashpoint_id", "flashpointId", "number"],
  ["hltb_slug", "hltbSlug", "text"],
  ["libretro_system", "libretroSlug", "text"],
  ["category", "category", "text"],
  ["generation", "generation", "number"],
  ["family_name", "familyName", "text"],
  ["family_slug", "familySlug", "text"],
  ["hashable", "isHashable", "yes/no"],
  ["ra_hash_mode", "raHashMode", "text"],
  ["web_player", "webPlayer", "text"],
  ["webrcade_type", "webrcadeType", "text"],
  ["pegasus_shortname", "pegasusShortname", "text"],
];

/** Recorded key to property, where the recording is richer than the table. Empty texts are facts here. */
const RECORDED: readonly (readonly [key: string, property: string])[] = [
  ["moby_id", "mobyId"],
  ["category", "category"],
  ["generation", "generation"],
  ["family_name", "familyName"],
  ["family_slug", "familySlug"],
  ["url", "url"],
  ["url_logo", "urlLogo"],
];

const TYPES = `/** How RetroAchievements identifies a game of this platform: by the bytes of one file, or by reading a disc. */
export type RaHashMode = "buffer" | "disc";

/** Which player runs the platform's games in a browser. */
export type WebPlayer = "ejs" | "ruffle";

/** One platform slug with everything that is known about it; an absent property is not known. */
export interface PlatformFactRow {
  readonly slug: string;
  readonly name: string;
  readonly igdbId?: number;
  readonly igdbSlug?: string;
  /** Only on versions of a platform ("ps-one"): the slug of the platform, whose IGDB id the row holds. */
  readonly mainSlug?: string;
  /** -1 where MobyGames lists the platform without an id. */
  readonly mobyId?: number;
  readonly mobySlug?: string;
  readonly ssId?: number;
  /** What is shown; for hashing only \`raConsoleId\` counts. */
  readonly raId?: number;
  readonly raConsoleId?: number;
  readonly launchboxId?: number;
  readonly launchboxName?: string;
  readonly tgdbId?: number;
  readonly hasheousId?: number;
  readonly flashpointId?: number;
  readonly hltbSlug?: string;
  /** Name of the system in libretro's databases, despite the word. */
  readonly libretroSlug?: string;
  /** "" where IGDB lists the platform without one; likewise the family. */
  readonly category?: string;
  /** -1 where IGDB lists the platform without one. */
  readonly generation?: number;
  readonly familyName?: string;
  readonly familySlug?: string;
  /** Absent means yes. */
  readonly isHashable?: false;
  readonly raHashMode?: RaHashMode;
  readonly webPlayer?: WebPlayer;
  readonly webrcadeType?: string;
  readonly pegasusShortname?: string;
  readonly url?: string;
  readonly urlLogo?: string;
}
`;

const PROPERTIES = [...new Set([...COLUMNS, ...RECORDED].map(([, property]) => property))];

type Row = Map<string, string | number | boolean>;

function readCell(cell: string, kind: Kind): string | number | boolean | undefined {
  if (cell === "") return undefined;
  if (kind === "number") return Number(cell);
  // Only the exception is written.
  if (kind === "yes/no") return cell === "no" ? false : undefined;
  return cell;
}

function parseTable(text: string): Row[] {
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const columns = header.split("\t");
  const missing = COLUMNS.filter(([column]) => !columns.includes(column));
  if (missing.length > 0) stop(`the table lacks the columns ${missing.map(([column]) => column).join(", ")}`);
  return lines.map((line) => {
    const cells = line.split("\t");
    const row: Row = new Map();
    for (const [column, property, kind] of COLUMNS) {
      const value = readCell(cells[columns.indexOf(column)] ?? "", kind);
      if (value !== undefined) row.set(property, value);
    }
    return row;
  });
}

type Recording = Readonly<Record<string, unknown>> & { readonly slug?: unknown };

/** Finds the recorded platforms wherever they are nested. */
function findSupported(value: unknown): readonly Recording[] | null {
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "supported_platforms" && Array.isArray(inner)) return inner;
    const found = findSupported(inner);
    if (found !== null) return found;
  }
  return null;
}

function addRecorded(row: Row, recorded: Recording | undefined): void {
  for (const [key, property] of RECORDED) {
    const value = recorded?.[key];
    // An empty logo is what every row without one has.
    if (typeof value === "number" || (typeof value === "string" && (value !== "" || key !== "url_logo"))) {
      row.set(property, value);
    }
  }
  // Versions are not recorded; they take over how IGDB rows without these facts are written.
  if (recorded === undefined && row.has("igdbId")) {
    for (const property of ["category", "familyName", "familySlug"])
      row.set(property, row.get(property) ?? "");
    row.set("generation", row.get("generation") ?? -1);
  }
}

function formatRow(row: Row): string {
  const known = PROPERTIES.filter((property) => row.has(property));
  const properties = known.map((property) => `${property}: ${JSON.stringify(row.get(property))}`);
  return `  { ${properties.join(", ")} },`;
}

function stop(reason: string): never {
  console.error(`import-platform-facts: ${reason}`);
  process.exit(1);
}

const [tablePath, recordingPath] = process.argv.slice(2);
if (tablePath === undefined || recordingPath === undefined) {
  stop("give the path of the table and the path of the recording");
}
const rows = parseTable(await Bun.file(tablePath).text());
const supported =
  findSupported(await Bun.file(recordingPath).json()) ?? stop("the recording lists no platforms");
const recordings = new Map(supported.map((recording) => [recording.slug, recording]));
for (const row of rows) addRecorded(row, recordings.get(row.get("slug")));

const head = "// Generated by scripts/import-platform-facts.ts from recorded facts; do not edit by hand.\n\n";
const table = `/** Platforms in their display order, then versions of platforms. */
export const PLATFORM_FACT_ROWS: readonly PlatformFactRow[] = [\n${rows.map(formatRow).join("\n")}\n];\n`;
await Bun.write(TARGET, `${head}${TYPES}\n${table}`);
console.log(`wrote ${rows.length} rows`);
