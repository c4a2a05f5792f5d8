import type { PlayerControls } from "../base/library-config-readings.ts";
import type { ExclusionType, LibrarySettings } from "./contract.ts";

/** Names of the lists of exclusions in the compatible API. */
const EXCLUSION_NAMES: Readonly<Record<ExclusionType, string>> = {
  platforms: "EXCLUDED_PLATFORMS",
  singleFileExtensions: "EXCLUDED_SINGLE_EXT",
  singleFileNames: "EXCLUDED_SINGLE_FILES",
  multiFileNames: "EXCLUDED_MULTI_FILES",
  multiFilePartExtensions: "EXCLUDED_MULTI_PARTS_EXT",
  multiFilePartNames: "EXCLUDED_MULTI_PARTS_FILES",
};
const EXCLUSION_TYPES = new Map(Object.entries(EXCLUSION_NAMES).map(([type, name]) => [name, type]));

/** The settings in the compatible shape: strict decoders fail on a missing key. */
export function toConfigWire({ file, exclusions, builtInExclusions, ...settings }: LibrarySettings) {
  const { emulatorJs, scan } = settings;
  return {
    CONFIG_FILE_MOUNTED: file.isMounted,
    CONFIG_FILE_WRITABLE: file.isWritable,
    CONFIG_FILE_PARSE_ERROR: file.problem,
    EXCLUDED_PLATFORMS: exclusions.platforms,
    EXCLUDED_SINGLE_EXT: exclusions.singleFileExtensions,
    EXCLUDED_SINGLE_FILES: exclusions.singleFileNames,
    EXCLUDED_MULTI_FILES: exclusions.multiFileNames,
    EXCLUDED_MULTI_PARTS_EXT: exclusions.multiFilePartExtensions,
    EXCLUDED_MULTI_PARTS_FILES: exclusions.multiFilePartNames,
    DEFAULT_EXCLUDED_DIRS: builtInExclusions.folders,
    DEFAULT_EXCLUDED_FILES: builtInExclusions.files,
    DEFAULT_EXCLUDED_EXTENSIONS: builtInExclusions.extensions,
    PLATFORMS_BINDING: settings.platformsBinding,
    PLATFORMS_VERSIONS: settings.platformsVersions,
    SKIP_HASH_CALCULATION: settings.skipHashCalculation,
    EJS_DEBUG: emulatorJs.debug,
    EJS_CACHE_LIMIT: emulatorJs.cacheLimitBytes,
    EJS_DISABLE_AUTO_UNLOAD: emulatorJs.disableAutoUnload,
    EJS_DISABLE_BATCH_BOOTUP: emulatorJs.disableBatchBootup,
    EJS_NETPLAY_ENABLED: emulatorJs.netplay.enabled,
    EJS_NETPLAY_ICE_SERVERS: emulatorJs.netplay.iceServers,
    EJS_SETTINGS: emulatorJs.settings,
    EJS_CONTROLS: Object.fromEntries(
      Object.entries(emulatorJs.controls).map(([core, players]) => [core, toControlsWire(players)]),
    ),
    SCAN_METADATA_PRIORITY: scan.metadataPriority,
    SCAN_ARTWORK_PRIORITY: scan.artworkPriority,
    SCAN_ARTWORK_PRIORITY_OVERRIDES: {
      ...(scan.coverPriority && { url_cover: scan.coverPriority }),
      ...(scan.screenshotPriority && { url_screenshots: scan.screenshotPriority }),
      ...(scan.manualPriority && { url_manual: scan.manualPriority }),
    },
    SCAN_REGION_PRIORITY: scan.regionPriority,
    SCAN_LANGUAGE_PRIORITY: scan.languagePriority,
    SCAN_MEDIA: scan.media,
    GAMELIST_AUTO_EXPORT_ON_SCAN: scan.gamelist.isExported,
    GAMELIST_MEDIA_THUMBNAIL: scan.gamelist.thumbnail,
    GAMELIST_MEDIA_IMAGE: scan.gamelist.image,
    PEGASUS_AUTO_EXPORT_ON_SCAN: scan.pegasus.isExported,
  };
}

function toControlsWire([first, second, third, fourth]: PlayerControls) {
  return { _0: first, _1: second, _2: third, _3: fourth };
}

/** Renames fields of an object; apps may send more, which is ignored. Anything else is left for the schema. */
function pick(value: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const fields = new Map<string, unknown>(Object.entries(value));
  const pairs = Object.entries(names).map(([name, field]) => [name, fields.get(field)] as const);
  return Object.fromEntries(pairs.filter(([, field]) => field !== undefined));
}

/** A folder and a slug out of a JSON body. */
export function fromBindingWire(body: unknown): unknown {
  return pick(body, { fsSlug: "fs_slug", slug: "slug" });
}

/** The name of a list of exclusions as the operation knows it; an unknown one is left for it to refuse. */
export function fromExclusionName(name: unknown): unknown {
  return typeof name === "string" ? (EXCLUSION_TYPES.get(name) ?? name) : name;
}

/** A list of exclusions and a name out of a JSON body. */
export function fromExclusionWire(body: unknown): unknown {
  const fields = pick(body, { type: "exclusion_type", value: "exclusion_value" });
  if (typeof fields !== "object" || fields === null || !("type" in fields)) return fields;
  return { ...fields, type: fromExclusionName(fields.type) };
}

/** Where fields of the scan settings have a name of their own in the compatible API. */
export const SCAN_SETTING_NAMES = {
  isGamelistExported: "gamelist_export",
  isPegasusExported: "pegasus_export",
};

/** The scan settings out of a JSON body. */
export function fromScanSettingsWire(body: unknown): unknown {
  return pick(body, {
    metadataPriority: "metadata_priority",
    artworkPriority: "artwork_priority",
    coverPriority: "cover_priority",
    screenshotPriority: "screenshot_priority",
    manualPriority: "manual_priority",
    regionPriority: "region_priority",
    languagePriority: "language_priority",
    media: "media",
    gamelistThumbnail: "gamelist_thumbnail",
    gamelistImage: "gamelist_image",
    ...SCAN_SETTING_NAMES,
  });
}
