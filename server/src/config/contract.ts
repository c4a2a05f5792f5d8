import * as v from "valibot";
import type { EmulatorJsConfig, ScanConfig } from "../base/library-config.ts";
import {
  DEFAULT_ARTWORK_PRIORITY,
  GAMELIST_IMAGES,
  GAMELIST_THUMBNAILS,
  REGION_MODES,
  SCAN_MEDIA,
} from "../base/library-config-readings.ts";
import { list } from "../base/schemas.ts";
import { CODE_CHARS_MAX, NAME_CHARS_MAX, PRIORITY_ITEMS_MAX } from "./limits.ts";

/** The lists of names that scans pass over. */
export const EXCLUSION_TYPES = [
  "platforms",
  "singleFileExtensions",
  "singleFileNames",
  "multiFileNames",
  "multiFilePartExtensions",
  "multiFilePartNames",
] as const;
/** What an exclusion is about: platforms, files of one-file roms, or files inside of roms. */
export type ExclusionType = (typeof EXCLUSION_TYPES)[number];

/** What can be done with `config.yml`, and what is wrong with it. */
export interface ConfigFile {
  readonly isMounted: boolean;
  readonly isWritable: boolean;
  /** Null: nothing is wrong, or the caller is not signed in. */
  readonly problem: string | null;
}

/** The settings of `config.yml` that clients use, complete. */
export interface LibrarySettings {
  readonly file: ConfigFile;
  /** The lists in force: built-ins included, sorted. */
  readonly exclusions: Readonly<Record<ExclusionType, readonly string[]>>;
  readonly builtInExclusions: {
    readonly folders: readonly string[];
    readonly files: readonly string[];
    readonly extensions: readonly string[];
  };
  /** Folder name to platform slug. */
  readonly platformsBinding: Readonly<Record<string, string>>;
  /** Folder name to the slug of the platform it is a version of. */
  readonly platformsVersions: Readonly<Record<string, string>>;
  readonly skipHashCalculation: boolean;
  /** Without ICE servers for whom is not signed in: they hold passwords. */
  readonly emulatorJs: EmulatorJsConfig;
  readonly scan: ScanConfig;
}

const TextMap = v.record(v.string(), v.string());
const Sources = list(v.picklist(DEFAULT_ARTWORK_PRIORITY));
const Button = v.object({ value: v.optional(v.string()), value2: v.optional(v.string()) });
const Buttons = v.record(v.string(), Button);
const IceServer = v.object({
  urls: v.string(),
  username: v.optional(v.string()),
  credential: v.optional(v.string()),
});

const EmulatorJsSchema = v.object({
  debug: v.boolean(),
  cacheLimitBytes: v.nullable(v.number()),
  disableAutoUnload: v.boolean(),
  disableBatchBootup: v.boolean(),
  netplay: v.object({ enabled: v.boolean(), iceServers: list(IceServer) }),
  settings: v.record(v.string(), TextMap),
  controls: v.record(v.string(), v.tuple([Buttons, Buttons, Buttons, Buttons])),
});

const ScanSettingsSchema = v.object({
  metadataPriority: Sources,
  artworkPriority: Sources,
  coverPriority: v.nullable(Sources),
  screenshotPriority: v.nullable(Sources),
  manualPriority: v.nullable(Sources),
  regionPriority: list(v.string()),
  regionMode: v.picklist(REGION_MODES),
  languagePriority: list(v.string()),
  media: list(v.picklist(SCAN_MEDIA)),
  gamelist: v.object({
    isExported: v.boolean(),
    thumbnail: v.picklist(GAMELIST_THUMBNAILS),
    image: v.picklist(GAMELIST_IMAGES),
  }),
  pegasus: v.object({ isExported: v.boolean() }),
});

export const LibrarySettingsSchema = v.object({
  file: v.object({ isMounted: v.boolean(), isWritable: v.boolean(), problem: v.nullable(v.string()) }),
  exclusions: v.object({
    platforms: list(v.string()),
    singleFileExtensions: list(v.string()),
    singleFileNames: list(v.string()),
    multiFileNames: list(v.string()),
    multiFilePartExtensions: list(v.string()),
    multiFilePartNames: list(v.string()),
  }),
  builtInExclusions: v.object({
    folders: list(v.string()),
    files: list(v.string()),
    extensions: list(v.string()),
  }),
  platformsBinding: TextMap,
  platformsVersions: TextMap,
  skipHashCalculation: v.boolean(),
  emulatorJs: EmulatorJsSchema,
  scan: ScanSettingsSchema,
});

const hasNoSlash = (name: string) => !/[/\0]/.test(name);
const Name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(NAME_CHARS_MAX));
const FolderName = v.pipe(Name, v.check(hasNoSlash, "Input should be the name of one folder"));
const Slug = v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(NAME_CHARS_MAX));

export const BindFolderInput = v.strictObject({ fsSlug: FolderName, slug: Slug });
export const FolderInput = v.strictObject({ fsSlug: FolderName });

const isText = (value: unknown) => typeof value === "string";

export const ExclusionInput = v.strictObject({
  // The compatible API has an answer of its own for a list that does not exist, so the operation refuses it.
  type: v.custom<ExclusionType>(isText, "Input should be a valid string"),
  value: v.pipe(v.string(), v.trim(), v.nonEmpty(), v.maxLength(NAME_CHARS_MAX)),
});

const unrepeated = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];
const order = <const T extends v.GenericSchema<unknown, string>>(item: T) =>
  v.pipe(v.array(item), v.maxLength(PRIORITY_ITEMS_MAX), v.transform(unrepeated));
const SourceOrder = order(v.picklist(DEFAULT_ARTWORK_PRIORITY));
const CodeOrder = order(
  v.pipe(v.string(), v.trim(), v.toLowerCase(), v.nonEmpty(), v.maxLength(CODE_CHARS_MAX)),
);

/** How scans use providers and media; the mode of regions stays as it is. */
export const UpdateScanSettingsInput = v.strictObject({
  metadataPriority: SourceOrder,
  artworkPriority: SourceOrder,
  /** Null, also for the next two: as `artworkPriority`. */
  coverPriority: v.optional(v.nullable(SourceOrder), null),
  screenshotPriority: v.optional(v.nullable(SourceOrder), null),
  manualPriority: v.optional(v.nullable(SourceOrder), null),
  regionPriority: CodeOrder,
  languagePriority: CodeOrder,
  media: order(v.picklist(SCAN_MEDIA)),
  isGamelistExported: v.boolean(),
  gamelistThumbnail: v.picklist(GAMELIST_THUMBNAILS),
  gamelistImage: v.picklist(GAMELIST_IMAGES),
  isPegasusExported: v.boolean(),
});
/** What `UpdateScanSettingsInput` takes. */
export interface UpdateScanSettings
  extends Pick<
    ScanConfig,
    "metadataPriority" | "artworkPriority" | "regionPriority" | "languagePriority" | "media"
  > {
  /** Null, or left out, also for the next two: as `artworkPriority`. */
  readonly coverPriority?: ScanConfig["coverPriority"] | undefined;
  readonly screenshotPriority?: ScanConfig["screenshotPriority"] | undefined;
  readonly manualPriority?: ScanConfig["manualPriority"] | undefined;
  readonly isGamelistExported: boolean;
  readonly gamelistThumbnail: ScanConfig["gamelist"]["thumbnail"];
  readonly gamelistImage: ScanConfig["gamelist"]["image"];
  readonly isPegasusExported: boolean;
}
export type ScanSettingsChange = v.InferOutput<typeof UpdateScanSettingsInput>;
