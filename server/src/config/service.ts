import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import {
  DEFAULT_EXCLUDED_DIRS,
  DEFAULT_EXCLUDED_EXTENSIONS,
  DEFAULT_EXCLUDED_FILES,
} from "../base/library-config.ts";
import { operation } from "../base/operation.ts";
import { NoInput, Nothing } from "../base/schemas.ts";
import type { SettingsPlan } from "../ports/settings/port.ts";
import {
  BindFolderInput,
  ExclusionInput,
  type ExclusionType,
  FolderInput,
  type LibrarySettings,
  LibrarySettingsSchema,
  UpdateScanSettingsInput,
} from "./contract.ts";
import { listIceServers } from "./ice-servers/service.ts";
import { addExclusionEdits, EXCLUSION_LISTS, removeExclusionEdits, scanEdits } from "./rules.ts";

/** The settings in force, for everyone; what is wrong with the file and the ICE servers are for users only. */
export const getLibrarySettings = operation(
  { type: "query", scope: "public", input: NoInput, output: LibrarySettingsSchema },
  async (ctx): Promise<LibrarySettings> => {
    const { ports, identity } = ctx;
    const { settings } = ports;
    const isSignedIn = identity.kind === "user";
    const [config, problem, file] = await Promise.all([settings.read(), settings.problem(), settings.file()]);
    const { netplay, ...player } = config.emulatorJs;
    const iceServers = await listIceServers(ctx);
    return {
      file: { ...file, problem: isSignedIn ? problem : null },
      exclusions: {
        platforms: config.excludePlatforms,
        singleFileExtensions: config.excludeSingleFileExtensions,
        singleFileNames: config.excludeSingleFileNames,
        multiFileNames: config.excludeMultiFileNames,
        multiFilePartExtensions: config.excludeMultiFilePartExtensions,
        multiFilePartNames: config.excludeMultiFilePartNames,
      },
      builtInExclusions: {
        folders: DEFAULT_EXCLUDED_DIRS,
        files: DEFAULT_EXCLUDED_FILES,
        extensions: DEFAULT_EXCLUDED_EXTENSIONS,
      },
      // `fromEntries` defines own properties, so a folder "__proto__" stays data.
      platformsBinding: Object.fromEntries(config.platformsBinding),
      platformsVersions: Object.fromEntries(config.platformsVersions),
      skipHashCalculation: config.skipHashCalculation,
      emulatorJs: { ...player, netplay: { ...netplay, iceServers } },
      scan: config.scan,
    };
  },
);

/**
 * Says which platform a folder is; the next scan follows it. An older word about the folder is replaced.
 * @throws AppError `CONFIG_NOT_WRITABLE`, as do all that follow.
 */
export const bindPlatform = operation(
  { type: "mutation", scope: "platforms.write", input: BindFolderInput, output: Nothing },
  async (ctx, { fsSlug, slug }): Promise<null> =>
    await change(ctx, ({ platformsBinding }) =>
      platformsBinding.get(fsSlug) === slug
        ? []
        : [{ kind: "set", path: ["system", "platforms", fsSlug], value: slug }],
    ),
);

/** Forgets which platform a folder was said to be; a folder without such a word stays as it is. */
export const unbindPlatform = operation(
  { type: "mutation", scope: "platforms.write", input: FolderInput, output: Nothing },
  async (ctx, { fsSlug }): Promise<null> =>
    await change(ctx, () => [{ kind: "unset", path: ["system", "platforms", fsSlug] }]),
);

/** Says which platform a folder is a version of. An older word about the folder is replaced. */
export const bindVersion = operation(
  { type: "mutation", scope: "platforms.write", input: BindFolderInput, output: Nothing },
  async (ctx, { fsSlug, slug }): Promise<null> =>
    await change(ctx, ({ platformsVersions }) =>
      platformsVersions.get(fsSlug) === slug
        ? []
        : [{ kind: "set", path: ["system", "versions", fsSlug], value: slug }],
    ),
);

/** Forgets which platform a folder was a version of. */
export const unbindVersion = operation(
  { type: "mutation", scope: "platforms.write", input: FolderInput, output: Nothing },
  async (ctx, { fsSlug }): Promise<null> =>
    await change(ctx, () => [{ kind: "unset", path: ["system", "versions", fsSlug] }]),
);

/**
 * Lets scans pass over a name or extension; one that is passed over already changes nothing.
 * @throws AppError `CONFIG_EXCLUSION_UNKNOWN` for a list that does not exist.
 */
export const addExclusion = operation(
  { type: "mutation", scope: "platforms.write", input: ExclusionInput, output: Nothing },
  async (ctx, { type, value }): Promise<null> => {
    const list = requireList(type);
    return await change(ctx, (config) => addExclusionEdits(config, list, value));
  },
);

/**
 * Takes an exclusion back; the built-in ones stay, unless the file itself disables them.
 * @throws AppError `CONFIG_EXCLUSION_UNKNOWN`.
 */
export const removeExclusion = operation(
  { type: "mutation", scope: "platforms.write", input: ExclusionInput, output: Nothing },
  async (ctx, { type, value }): Promise<null> => {
    const list = requireList(type);
    return await change(ctx, () => removeExclusionEdits(list, value));
  },
);

/** Sets how scans use providers and media. */
export const updateScanSettings = operation(
  { type: "mutation", scope: "platforms.write", input: UpdateScanSettingsInput, output: Nothing },
  async (ctx, wanted): Promise<null> => await change(ctx, ({ scan }) => scanEdits(scan, wanted)),
);

function requireList(type: ExclusionType): (typeof EXCLUSION_LISTS)[ExclusionType] {
  if (Object.hasOwn(EXCLUSION_LISTS, type)) return EXCLUSION_LISTS[type];
  throw new AppError("invalid", "CONFIG_EXCLUSION_UNKNOWN", {
    message: `Unknown exclusion type '${type}'`,
    details: { types: Object.keys(EXCLUSION_LISTS) },
  });
}

async function change({ ports }: Context, plan: SettingsPlan): Promise<null> {
  await ports.settings.change(plan);
  return null;
}
