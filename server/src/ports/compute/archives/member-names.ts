import { compileExclusions } from "../../../base/exclusions.ts";
import {
  ALWAYS_IGNORED_NAMES,
  DEFAULT_EXCLUDED_EXTENSIONS,
  DEFAULT_EXCLUDED_FILES,
} from "../../../base/library-config.ts";

/** The built-in lists and nothing else: the operator's would make the same archive hash differently elsewhere. */
const builtIn = compileExclusions({
  excludePlatforms: [],
  excludeSingleFileExtensions: DEFAULT_EXCLUDED_EXTENSIONS,
  excludeSingleFileNames: DEFAULT_EXCLUDED_FILES,
  excludeMultiFileNames: [],
  excludeMultiFilePartExtensions: [],
  excludeMultiFilePartNames: [],
  excludeDisabledDefaults: ALWAYS_IGNORED_NAMES,
});

/** Tells whether a member is none of the game, by its name without folders. */
export const isMemberExcluded = (name: string): boolean => builtIn.isRomFileExcluded(baseNameOf(name));

/** Gives a member's name without folders. */
export const baseNameOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** A name as it is stored and shown: a database takes no NUL. */
export const toStoredName = (name: string): string => name.replaceAll("\0", "\ufffd");
