import { type Document, isScalar, LineCounter, parseDocument, type Tags, visit } from "yaml";
import { type ConfigReader, createConfigReader, PROBLEM_CHARS_MAX, shorten } from "./config-reader.ts";
import * as read from "./library-config-readings.ts";

/** Size of a `config.yml` that we still parse; a real one has some kilobytes. */
export const LIBRARY_CONFIG_BYTES_MAX = 1024 * 1024;

/** How far aliases may multiply the file; beyond it the text is an attack or a mistake. */
export const ALIAS_COUNT_MAX = 100;

/** Built-in folder names, used for platform folders and for rom folders. */
export const DEFAULT_EXCLUDED_DIRS: readonly string[] = [
  "@eaDir",
  "assets",
  "__MACOSX",
  "#recycle",
  "$RECYCLE.BIN",
  ".Trash-*",
  ".stfolder",
  ".Spotlight-V100",
  ".fseventsd",
  ".DocumentRevisions-V100",
  "System Volume Information",
];

/** Built-in file names, used for single files and for files inside rom folders. */
export const DEFAULT_EXCLUDED_FILES: readonly string[] = [
  ".DS_Store",
  ".localized",
  ".Trashes",
  ".stfolder",
  "@SynoResource",
  "*:Zone.Identifier",
  "gamelist.xml",
  "metadata.pegasus.txt",
];

/** Built-in extensions, used for single files and for files inside rom folders. */
export const DEFAULT_EXCLUDED_EXTENSIONS: readonly string[] = [
  "db",
  "ini",
  "tmp",
  "bak",
  "lock",
  "log",
  "cache",
  "crdownload",
];

/**
 * What file servers and file systems leave behind: never shown in a list, ignored for files and folders alike.
 * `exclude.disable_defaults` switches these off too.
 */
export const ALWAYS_IGNORED_NAMES: readonly string[] = [
  ".nfs*",
  "._*",
  "@eaDir",
  "#recycle",
  ".snapshot",
  ".zfs",
  "lost+found",
  "System Volume Information",
];

/** The operator's `config.yml`, complete: every absent or unusable key holds its default. */
export interface LibraryConfig {
  /** The six lists are effective: built-ins merged in, disabled ones taken out, no repeats, sorted. */
  readonly excludePlatforms: readonly string[];
  readonly excludeSingleFileExtensions: readonly string[];
  readonly excludeSingleFileNames: readonly string[];
  readonly excludeMultiFileNames: readonly string[];
  readonly excludeMultiFilePartExtensions: readonly string[];
  readonly excludeMultiFilePartNames: readonly string[];
  /** Built-ins the operator wants to see after all; taken out of every list above. */
  readonly excludeDisabledDefaults: readonly string[];
  /** Folder name to platform slug. */
  readonly platformsBinding: ReadonlyMap<string, string>;
  /** Folder name to the slug of the platform it is a version of. */
  readonly platformsVersions: ReadonlyMap<string, string>;
  readonly romsFolder: string;
  readonly firmwareFolder: string;
  readonly skipHashCalculation: boolean;
  /** Folder names or slugs of platforms whose files are not hashed. */
  readonly skipHashPlatforms: readonly string[];
  readonly emulatorJs: EmulatorJsConfig;
  readonly scan: ScanConfig;
  readonly streaming: StreamingConfig;
}

/** How games run in the browser. */
export interface EmulatorJsConfig {
  readonly debug: boolean;
  /** Null leaves the limit to the player. */
  readonly cacheLimitBytes: number | null;
  readonly disableAutoUnload: boolean;
  readonly disableBatchBootup: boolean;
  readonly netplay: { readonly enabled: boolean; readonly iceServers: readonly read.IceServer[] };
  /** Core to option to value. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Core to the buttons of the players 0 to 3. */
  readonly controls: Readonly<Record<string, read.PlayerControls>>;
}

/** What a scan looks for, and which provider it believes. */
export interface ScanConfig {
  readonly metadataPriority: readonly read.ScanSource[];
  readonly artworkPriority: readonly read.ScanSource[];
  /** Null: as `artworkPriority`. The next two likewise. */
  readonly coverPriority: readonly read.ScanSource[] | null;
  readonly screenshotPriority: readonly read.ScanSource[] | null;
  readonly manualPriority: readonly read.ScanSource[] | null;
  /** Provider codes such as "us", lower case. */
  readonly regionPriority: readonly string[];
  readonly regionMode: read.RegionMode;
  readonly languagePriority: readonly string[];
  readonly media: readonly read.ScanMedia[];
  readonly gamelist: {
    readonly isExported: boolean;
    readonly thumbnail: read.GamelistThumbnail;
    readonly image: read.GamelistImage;
  };
  readonly pegasus: { readonly isExported: boolean };
}

export interface StreamingConfig {
  readonly enabled: boolean;
  readonly containers: readonly read.StreamingContainer[];
}

export interface ParsedLibraryConfig {
  readonly config: LibraryConfig;
  /** What is wrong with the file in one text; null when nothing is. */
  readonly problem: string | null;
}

/**
 * Parses the text of a `config.yml`. Never throws: a file that is no YAML, or larger than
 * `LIBRARY_CONFIG_BYTES_MAX`, gives all defaults; an unusable key gives the default of that key.
 */
export function parseLibraryConfig(text: string): ParsedLibraryConfig {
  if (Buffer.byteLength(text) > LIBRARY_CONFIG_BYTES_MAX) {
    return refuseFile(`the file is larger than ${LIBRARY_CONFIG_BYTES_MAX} bytes`);
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { ...LIBRARY_CONFIG_YAML, lineCounter: lines });
    const failure = document.errors[0];
    if (failure !== undefined) {
      const { line, col } = lines.linePos(failure.pos[0]);
      return refuseFile(`${failure.message} at line ${line}, column ${col}`);
    }
    const parsed = parseLibraryConfigValue(document.toJS({ maxAliasCount: ALIAS_COUNT_MAX }));
    const repeated = findRepeatedKey(document, lines);
    if (repeated === null) return parsed;
    return { ...parsed, problem: parsed.problem === null ? repeated : `${repeated}; ${parsed.problem}` };
  } catch (thrown) {
    // Aliases are only resolved while building values, and their errors come as plain exceptions.
    return refuseFile(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Reads an already parsed `config.yml`; null or undefined stand for an empty file. Unknown keys are ignored. */
export function parseLibraryConfigValue(value: unknown): ParsedLibraryConfig {
  const reader = createConfigReader(value);
  const config: LibraryConfig = {
    ...readExclusions(reader),
    platformsBinding: reader.read("system.platforms", read.BINDINGS, new Map()),
    platformsVersions: reader.read("system.versions", read.BINDINGS, new Map()),
    romsFolder: reader.read("filesystem.roms_folder", read.FOLDER, "roms"),
    firmwareFolder: reader.read("filesystem.firmware_folder", read.FOLDER, "bios"),
    skipHashCalculation: reader.read("filesystem.skip_hash_calculation", read.SWITCH, false),
    skipHashPlatforms: reader.read("filesystem.skip_hash_platforms", read.NAMES, []),
    emulatorJs: readEmulatorJs(reader),
    scan: readScan(reader),
    streaming: {
      enabled: reader.read("streaming.enabled", read.SWITCH, false),
      containers: reader.read("streaming.containers", read.CONTAINERS, []),
    },
  };
  return { config, problem: reader.problem() };
}

/** The settings of an empty file. */
export const DEFAULT_LIBRARY_CONFIG: LibraryConfig = parseLibraryConfigValue(null).config;

/** How the text of a `config.yml` is read, also by who edits it. */
export const LIBRARY_CONFIG_YAML = {
  logLevel: "silent",
  // Pretty messages quote the text per error, which is quadratic in a damaged file, and so is the key check.
  prettyErrors: false,
  uniqueKeys: false,
  merge: true,
  stringKeys: true,
  // Numbers stay as written: a folder "007" or "1.10" is a name.
  customTags: (tags: Tags): Tags =>
    tags.filter((tag) => typeof tag === "string" || !/:(?:int|float)$/.test(tag.tag)),
} as const;

function refuseFile(problem: string): ParsedLibraryConfig {
  return { config: DEFAULT_LIBRARY_CONFIG, problem: shorten(problem, PROBLEM_CHARS_MAX) };
}

/** Says where the first key stands that replaces an earlier one of its mapping; null when there is none. */
function findRepeatedKey(document: Document, lines: LineCounter): string | null {
  let problem: string | null = null;
  visit(document, {
    Map: (_, mapping) => {
      const seen = new Set<unknown>();
      for (const { key } of mapping.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          problem = `line ${lines.linePos(key.range?.[0] ?? 0).line}: a key repeats an earlier one, which is ignored`;
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return problem;
}

type Exclusions = Pick<LibraryConfig, Extract<keyof LibraryConfig, `exclude${string}`>>;

function readExclusions(reader: ConfigReader): Exclusions {
  const disabled = new Set(reader.read("exclude.disable_defaults", read.NAMES, []));
  const builtIn = [
    DEFAULT_EXCLUDED_DIRS,
    DEFAULT_EXCLUDED_FILES,
    DEFAULT_EXCLUDED_EXTENSIONS,
    ALWAYS_IGNORED_NAMES,
  ];
  for (const name of disabled) {
    if (!builtIn.some((names) => names.includes(name))) {
      reader.note("exclude.disable_defaults", `${JSON.stringify(name)} is not a built-in exclusion`);
    }
  }
  // A file written by the original server lists the built-ins itself, so they are taken out after merging.
  const effective = (builtIns: readonly string[], key: string, reading = read.NAMES) =>
    [...new Set([...builtIns, ...reader.read(`exclude.${key}`, reading, [])])]
      .filter((name) => !disabled.has(name))
      .sort();
  const files = DEFAULT_EXCLUDED_FILES;
  const extensions = DEFAULT_EXCLUDED_EXTENSIONS;
  return {
    excludePlatforms: effective(DEFAULT_EXCLUDED_DIRS, "platforms"),
    excludeSingleFileExtensions: effective(extensions, "roms.single_file.extensions", read.FOLDED_NAMES),
    excludeSingleFileNames: effective(files, "roms.single_file.names"),
    excludeMultiFileNames: effective(DEFAULT_EXCLUDED_DIRS, "roms.multi_file.names"),
    excludeMultiFilePartExtensions: effective(
      extensions,
      "roms.multi_file.parts.extensions",
      read.FOLDED_NAMES,
    ),
    excludeMultiFilePartNames: effective(files, "roms.multi_file.parts.names"),
    excludeDisabledDefaults: [...disabled],
  };
}

function readEmulatorJs(reader: ConfigReader): EmulatorJsConfig {
  return {
    debug: reader.read("emulatorjs.debug", read.SWITCH, false),
    cacheLimitBytes: reader.read<number | null>("emulatorjs.cache_limit", read.BYTES, null),
    disableAutoUnload: reader.read("emulatorjs.disable_auto_unload", read.SWITCH, false),
    disableBatchBootup: reader.read("emulatorjs.disable_batch_bootup", read.SWITCH, false),
    netplay: {
      enabled: reader.read("emulatorjs.netplay.enabled", read.SWITCH, false),
      iceServers: reader.read("emulatorjs.netplay.ice_servers", read.ICE_SERVERS, []),
    },
    settings: reader.read("emulatorjs.settings", read.CORE_SETTINGS, {}),
    controls: reader.read("emulatorjs.controls", read.CORE_CONTROLS, {}),
  };
}

function readScan(reader: ConfigReader): ScanConfig {
  const sources = <F extends readonly read.ScanSource[] | null>(key: string, fallback: F) =>
    reader.read<readonly read.ScanSource[] | F>(`scan.priority.${key}`, read.SOURCES, fallback);
  return {
    metadataPriority: sources("metadata", read.DEFAULT_METADATA_PRIORITY),
    artworkPriority: sources("artwork", read.DEFAULT_ARTWORK_PRIORITY),
    coverPriority: sources("cover", null),
    screenshotPriority: sources("screenshot", null),
    manualPriority: sources("manual", null),
    regionPriority: reader.read("scan.priority.region", read.FOLDED_NAMES, ["us", "wor", "ss", "eu", "jp"]),
    regionMode: reader.read("scan.priority.region_mode", read.REGION_MODE, "prefer_rom_tags"),
    languagePriority: reader.read("scan.priority.language", read.FOLDED_NAMES, ["en"]),
    media: reader.read("scan.media", read.MEDIA, ["box2d", "screenshot", "manual"]),
    gamelist: {
      // An older spelling of the key counts while the present one is absent.
      isExported: reader.read(
        "scan.gamelist.export",
        read.SWITCH,
        reader.read("scan.export_gamelist", read.SWITCH, false),
      ),
      thumbnail: reader.read("scan.gamelist.media.thumbnail", read.THUMBNAIL, "box2d"),
      image: reader.read("scan.gamelist.media.image", read.IMAGE, "screenshot"),
    },
    pegasus: { isExported: reader.read("scan.pegasus.export", read.SWITCH, false) },
  };
}
