import type { LibraryConfig, ScanConfig } from "../base/library-config.ts";
import {
  DEFAULT_EXCLUDED_DIRS,
  DEFAULT_EXCLUDED_EXTENSIONS,
  DEFAULT_EXCLUDED_FILES,
} from "../base/library-config.ts";
import type { SettingsEdit } from "../ports/settings/port.ts";
import type { ExclusionType, ScanSettingsChange } from "./contract.ts";

interface ExclusionList {
  readonly key: Extract<keyof LibraryConfig, `exclude${string}`>;
  readonly path: readonly string[];
  readonly builtIns: readonly string[];
  /** Compared without case. */
  readonly isFolded: boolean;
}

/** Where each list of exclusions stands. */
export const EXCLUSION_LISTS: Readonly<Record<ExclusionType, ExclusionList>> = {
  platforms: {
    key: "excludePlatforms",
    path: ["exclude", "platforms"],
    builtIns: DEFAULT_EXCLUDED_DIRS,
    isFolded: false,
  },
  singleFileExtensions: {
    key: "excludeSingleFileExtensions",
    path: ["exclude", "roms", "single_file", "extensions"],
    builtIns: DEFAULT_EXCLUDED_EXTENSIONS,
    isFolded: true,
  },
  singleFileNames: {
    key: "excludeSingleFileNames",
    path: ["exclude", "roms", "single_file", "names"],
    builtIns: DEFAULT_EXCLUDED_FILES,
    isFolded: false,
  },
  multiFileNames: {
    key: "excludeMultiFileNames",
    path: ["exclude", "roms", "multi_file", "names"],
    builtIns: DEFAULT_EXCLUDED_DIRS,
    isFolded: false,
  },
  multiFilePartExtensions: {
    key: "excludeMultiFilePartExtensions",
    path: ["exclude", "roms", "multi_file", "parts", "extensions"],
    builtIns: DEFAULT_EXCLUDED_EXTENSIONS,
    isFolded: true,
  },
  multiFilePartNames: {
    key: "excludeMultiFilePartNames",
    path: ["exclude", "roms", "multi_file", "parts", "names"],
    builtIns: DEFAULT_EXCLUDED_FILES,
    isFolded: false,
  },
};

const DISABLED_PATH = ["exclude", "disable_defaults"];

/** The edits after which a name is passed over; none when it is already. */
export function addExclusionEdits(
  config: LibraryConfig,
  list: ExclusionList,
  name: string,
): readonly SettingsEdit[] {
  const item = list.isFolded ? name.toLowerCase() : name;
  if (config[list.key].includes(item)) return [];
  const isDisabled = config.excludeDisabledDefaults.includes(item);
  return [
    // A name that the operator took out of every list would stay out of this one as well.
    ...(isDisabled ? ([{ kind: "removeItem", path: DISABLED_PATH, item, isFolded: false }] as const) : []),
    ...(list.builtIns.includes(item) ? [] : ([{ kind: "addItem", path: list.path, item }] as const)),
  ];
}

/** The edits after which the file does not name it any more; a built-in stays in force. */
export function removeExclusionEdits(list: ExclusionList, name: string): readonly SettingsEdit[] {
  const item = list.isFolded ? name.toLowerCase() : name;
  return [{ kind: "removeItem", path: list.path, item, isFolded: list.isFolded }];
}

type Value = string | boolean | readonly string[];
type Row = readonly [path: string, now: Value | null, wanted: Value | null];

/** The edits between the present scan settings and others. What is in force already is not written. */
export function scanEdits(now: ScanConfig, wanted: ScanSettingsChange): readonly SettingsEdit[] {
  const rows: readonly Row[] = [
    ["priority.metadata", now.metadataPriority, wanted.metadataPriority],
    ["priority.artwork", now.artworkPriority, wanted.artworkPriority],
    ["priority.cover", now.coverPriority, wanted.coverPriority],
    ["priority.screenshot", now.screenshotPriority, wanted.screenshotPriority],
    ["priority.manual", now.manualPriority, wanted.manualPriority],
    ["priority.region", now.regionPriority, wanted.regionPriority],
    ["priority.language", now.languagePriority, wanted.languagePriority],
    ["media", now.media, wanted.media],
    ["gamelist.export", now.gamelist.isExported, wanted.isGamelistExported],
    ["gamelist.media.thumbnail", now.gamelist.thumbnail, wanted.gamelistThumbnail],
    ["gamelist.media.image", now.gamelist.image, wanted.gamelistImage],
    ["pegasus.export", now.pegasus.isExported, wanted.isPegasusExported],
  ];
  return rows.flatMap(([place, present, value]): readonly SettingsEdit[] => {
    const path = ["scan", ...place.split(".")];
    if (JSON.stringify(present) === JSON.stringify(value)) return [];
    return [value === null ? { kind: "unset", path } : { kind: "set", path, value }];
  });
}
