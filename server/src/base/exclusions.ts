import { compileGlobs } from "./glob.ts";
import { ALWAYS_IGNORED_NAMES, type LibraryConfig } from "./library-config.ts";

/** Which names on disk are not part of the library. Each test takes a name, never a path. */
export interface Exclusions {
  /** For folders in the platforms directory; case counts. */
  isPlatformExcluded(folderName: string): boolean;
  /** For files directly in a platform folder and for firmware; case counts in names, not in extensions. */
  isRomFileExcluded(fileName: string): boolean;
  /** For folders directly in a platform folder; neither case nor surrounding spaces count. */
  isRomFolderExcluded(folderName: string): boolean;
  /** For files at any depth inside a rom folder; case as for rom files. */
  isPartExcluded(fileName: string): boolean;
}

type NameTest = (name: string) => boolean;

/** The part of the configuration that decides what is excluded. */
export type ExclusionConfig = Pick<LibraryConfig, Extract<keyof LibraryConfig, `exclude${string}`>>;

/** Compiles the exclusion lists once, so that testing a name costs a look-up and the few real patterns. */
export function compileExclusions(config: ExclusionConfig): Exclusions {
  const disabled = new Set(config.excludeDisabledDefaults);
  const isIgnored = anyOf(
    isOnItsWay,
    compileGlobs(ALWAYS_IGNORED_NAMES.filter((name) => !disabled.has(name))),
  );
  const isRomFolder = compileGlobs(config.excludeMultiFileNames.map(foldName));
  return {
    isPlatformExcluded: anyOf(isIgnored, compileGlobs(config.excludePlatforms)),
    isRomFileExcluded: anyOf(
      isIgnored,
      compileExtensions(config.excludeSingleFileExtensions),
      compileGlobs(config.excludeSingleFileNames),
    ),
    isRomFolderExcluded: anyOf(isIgnored, (folderName) => isRomFolder(foldName(folderName))),
    isPartExcluded: anyOf(
      isIgnored,
      compileExtensions(config.excludeMultiFilePartExtensions),
      compileGlobs(config.excludeMultiFilePartNames),
    ),
  };
}

/** The name of a file of ours that is not whole yet, or of a rom on its way out; nobody may turn this off. */
function isOnItsWay(name: string): boolean {
  return name.startsWith(".multitap-") && (name.endsWith(".partial") || name.endsWith(".trash"));
}

function anyOf(...tests: readonly NameTest[]): NameTest {
  return (name) => tests.some((isExcluded) => isExcluded(name));
}

/**
 * Compiles extensions into one test of the lower-cased name's end. An extension may hold dots ("tar.gz"), so
 * every dot within reach of the longest one is tried, nearest to the end first.
 */
function compileExtensions(extensions: readonly string[]): NameTest {
  const known = new Set(extensions);
  const longest = extensions.reduce((length, extension) => Math.max(length, extension.length), 0);
  return (fileName) => {
    const name = fileName.toLowerCase();
    const first = Math.max(0, name.length - longest - 1);
    for (
      let dot = name.lastIndexOf(".");
      dot >= first;
      dot = dot === 0 ? -1 : name.lastIndexOf(".", dot - 1)
    ) {
      if (known.has(name.slice(dot + 1))) return true;
    }
    return false;
  };
}

function foldName(name: string): string {
  return name.toLowerCase().trim();
}
