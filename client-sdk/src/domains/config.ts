import type { ExclusionType, LibrarySettings, UpdateScanSettings } from "@multitap/server/contract/config";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** The operator's `config.yml`. What changes is written into the file, whose comments stay. */
export interface LibraryConfigCalls {
  /**
   * Reads the settings in force. Mistakes in the file and ICE servers are told to who is signed in only.
   * @example
   * const { exclusions, file } = await client.config.get();
   * if (!file.isWritable) showHint("config.yml cannot be changed from here");
   */
  get(options?: CallOptions): Promise<LibrarySettings>;
  /**
   * Says which platform a folder is; the next scan follows it.
   * @throws MultitapError `conflict` (`CONFIG_NOT_WRITABLE`), as do all that follow.
   * @example
   * await client.config.bindPlatform("my-homebrew-box", "arduboy");
   */
  bindPlatform(fsSlug: string, slug: string, options?: WriteOptions): Promise<void>;
  /**
   * Forgets which platform a folder was said to be.
   * @example
   * await client.config.unbindPlatform("my-homebrew-box");
   */
  unbindPlatform(fsSlug: string, options?: WriteOptions): Promise<void>;
  /**
   * Says which platform a folder is a version of.
   * @example
   * await client.config.bindVersion("gba-hacks", "gba");
   */
  bindVersion(fsSlug: string, slug: string, options?: WriteOptions): Promise<void>;
  /**
   * Forgets which platform a folder was a version of.
   * @example
   * await client.config.unbindVersion("gba-hacks");
   */
  unbindVersion(fsSlug: string, options?: WriteOptions): Promise<void>;
  /**
   * Lets scans pass over a name, a pattern or an extension.
   * @example
   * await client.config.addExclusion("singleFileExtensions", "txt");
   */
  addExclusion(type: ExclusionType, value: string, options?: WriteOptions): Promise<void>;
  /**
   * Takes an exclusion back; built-in ones stay.
   * @example
   * await client.config.removeExclusion("singleFileExtensions", "txt");
   */
  removeExclusion(type: ExclusionType, value: string, options?: WriteOptions): Promise<void>;
  /**
   * Sets how scans use providers and media, all of it at once.
   * @example
   * const { scan } = await client.config.get();
   * await client.config.updateScan({
   *   ...scan,
   *   media: ["box2d"],
   *   isGamelistExported: scan.gamelist.isExported,
   *   gamelistThumbnail: scan.gamelist.thumbnail,
   *   gamelistImage: scan.gamelist.image,
   *   isPegasusExported: scan.pegasus.isExported,
   * });
   */
  updateScan(settings: UpdateScanSettings, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createLibraryConfig(rpc: Rpc): LibraryConfigCalls {
  const tell = async (...call: Parameters<Rpc["mutate"]>) => void (await rpc.mutate(...call));
  return {
    get: (options) => rpc.query("config.get", {}, options),
    bindPlatform: (fsSlug, slug, options) => tell("config.bindPlatform", { fsSlug, slug }, options),
    unbindPlatform: (fsSlug, options) => tell("config.unbindPlatform", { fsSlug }, options),
    bindVersion: (fsSlug, slug, options) => tell("config.bindVersion", { fsSlug, slug }, options),
    unbindVersion: (fsSlug, options) => tell("config.unbindVersion", { fsSlug }, options),
    addExclusion: (type, value, options) => tell("config.addExclusion", { type, value }, options),
    removeExclusion: (type, value, options) => tell("config.removeExclusion", { type, value }, options),
    updateScan: (settings, options) => tell("config.updateScan", pickSettings(settings), options),
  };
}

/** What `get` gave holds more than may be sent back. */
function pickSettings(settings: UpdateScanSettings): UpdateScanSettings {
  return {
    metadataPriority: settings.metadataPriority,
    artworkPriority: settings.artworkPriority,
    coverPriority: settings.coverPriority,
    screenshotPriority: settings.screenshotPriority,
    manualPriority: settings.manualPriority,
    regionPriority: settings.regionPriority,
    languagePriority: settings.languagePriority,
    media: settings.media,
    isGamelistExported: settings.isGamelistExported,
    gamelistThumbnail: settings.gamelistThumbnail,
    gamelistImage: settings.gamelistImage,
    isPegasusExported: settings.isPegasusExported,
  };
}
