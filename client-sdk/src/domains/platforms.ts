import type { Platform } from "@multitap/server/contract/platforms";
import type { Instant } from "../auth/types.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What changes of a platform; what is left out stays. */
export interface UpdatePlatform {
  /** "" shows the platform's own name again. */
  readonly customName?: string | undefined;
  readonly description?: string | undefined;
}

/** The consoles and computer families of the library. */
export interface Platforms {
  /**
   * Gives the platforms of the library, those without roms included.
   * @example
   * for (const platform of await client.platforms.list()) show(`${platform.name}: ${platform.romCount}`);
   */
  list(
    input?: { readonly updatedAfter?: Instant | undefined },
    options?: CallOptions,
  ): Promise<readonly Platform[]>;
  /**
   * Reads one platform.
   * @throws MultitapError `not_found`.
   * @example
   * const { displayName } = await client.platforms.get(3);
   */
  get(platformId: number, options?: CallOptions): Promise<Platform>;
  /**
   * Gives every platform that the server knows; `id` is -1 where the library has no folder for it.
   * @example
   * const slugs = (await client.platforms.supported()).map((platform) => platform.slug);
   */
  supported(options?: CallOptions): Promise<readonly Platform[]>;
  /**
   * Gives the folders of the library that are no platform yet, as platforms with the `id` -1.
   * @example
   * const names = (await client.platforms.listFolders()).map((folder) => folder.fsSlug);
   */
  listFolders(options?: CallOptions): Promise<readonly Platform[]>;
  /**
   * Makes a platform with its folder; one that is there already is answered as it is.
   * @throws MultitapError `invalid` (`PLATFORMS_FOLDER_REFUSED`), `conflict` (`LIBRARY_READ_ONLY`).
   * @example
   * const { id } = await client.platforms.create("gbc");
   */
  create(fsSlug: string, options?: WriteOptions): Promise<Platform>;
  /**
   * Changes what a platform is called and how it is described.
   * @throws MultitapError `not_found`.
   * @example
   * await client.platforms.update(3, { customName: "Advance!" });
   */
  update(platformId: number, changes: UpdatePlatform, options?: WriteOptions): Promise<Platform>;
  /**
   * Makes the server forget a platform with its roms; files stay, and another scan finds them again.
   * @throws MultitapError `not_found`, `forbidden`.
   * @example
   * await client.platforms.remove(3);
   */
  remove(platformId: number, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createPlatforms(rpc: Rpc): Platforms {
  return {
    list: (input = {}, options) => rpc.query("platforms.list", input, options),
    get: (platformId, options) => rpc.query("platforms.get", { platformId }, options),
    supported: (options) => rpc.query("platforms.supported", {}, options),
    listFolders: (options) => rpc.query("platforms.listFolders", {}, options),
    create: (fsSlug, options) => rpc.mutate("platforms.create", { fsSlug }, options),
    update: (platformId, changes, options) =>
      rpc.mutate("platforms.update", { platformId, ...changes }, options),
    async remove(platformId, options) {
      await rpc.mutate("platforms.remove", { platformId }, options);
    },
  };
}
