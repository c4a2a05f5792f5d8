import type { Collection, CollectionParts } from "@multitap/server/contract/collections";
import type { SmartCollection, SmartCriteria } from "@multitap/server/contract/collections/smart";
import type { VirtualCollection, VirtualType } from "@multitap/server/contract/collections/virtual";
import type { Instant } from "../auth/types.ts";
import { type HttpParts, request } from "../http/rest.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** A collection with the parts that were asked for by name. */
export type CollectionWith<P extends keyof CollectionParts> = Collection & Pick<CollectionParts, P>;
/** A virtual collection with the parts that were asked for by name. */
export type VirtualCollectionWith<P extends keyof CollectionParts> = VirtualCollection &
  Pick<CollectionParts, P>;
/** A smart collection with the parts that were asked for by name. */
export type SmartCollectionWith<P extends keyof CollectionParts> = SmartCollection & Pick<CollectionParts, P>;

/** Which parts of collections to read beside the collections themselves. */
export interface WithCollectionParts<P extends keyof CollectionParts> {
  readonly with?: readonly P[] | undefined;
}

/** What a new collection is made of. */
export interface CreateCollection {
  /** Other than those of one's other collections. */
  readonly name: string;
  /** None unless said. */
  readonly description?: string | undefined;
  /** Seen by oneself only unless said. */
  readonly isPublic?: boolean | undefined;
  /** One's favourites, of which everyone has at most one. */
  readonly isFavorite?: boolean | undefined;
  /** Web address of a picture that the server fetches as the cover. */
  readonly urlCover?: string | undefined;
}

/** What changes of a collection; what is left out stays. */
export interface UpdateCollection {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly isPublic?: boolean | undefined;
  /** Web address of a picture that replaces the cover. */
  readonly urlCover?: string | undefined;
  readonly removeCover?: boolean | undefined;
  /** All roms; unknown ones are left out, and those that the caller may not see stay. */
  readonly romIds?: readonly number[] | undefined;
}

/** What a new smart collection is made of. */
export interface CreateSmartCollection {
  readonly name: string;
  /** None unless said. */
  readonly description?: string | undefined;
  /** Seen by oneself only unless said. */
  readonly isPublic?: boolean | undefined;
  /** Everything in the library unless said. */
  readonly criteria?: SmartCriteria | undefined;
}

/** What changes of a smart collection; what is left out stays. */
export type UpdateSmartCollection = Partial<CreateSmartCollection>;

/** Roms put together: by people, by filters, and by what roms share. */
export interface Collections {
  /**
   * Gives one's own collections and public ones, by name.
   * @param input.updatedAfter Only those that changed after this moment.
   * @example
   * const mine = (await client.collections.list()).filter(({ ownerId }) => ownerId === me.id);
   */
  list<P extends keyof CollectionParts = never>(
    input?: { readonly updatedAfter?: Instant | undefined } & WithCollectionParts<P>,
    options?: CallOptions,
  ): Promise<readonly CollectionWith<P>[]>;
  /**
   * Reads one collection.
   * @throws MultitapError `not_found`, also for another's private one.
   * @example
   * const { romIds } = await client.collections.get(7, { with: ["romIds"] });
   */
  get<P extends keyof CollectionParts = never>(
    collectionId: number,
    input?: WithCollectionParts<P>,
    options?: CallOptions,
  ): Promise<CollectionWith<P>>;
  /**
   * Makes a collection without roms.
   * @throws MultitapError `conflict`: `COLLECTIONS_NAME_TAKEN`, `COLLECTIONS_FAVORITE_TAKEN`, `COLLECTIONS_LIMIT`.
   * @example
   * const { id } = await client.collections.create({ name: "Best", isPublic: true });
   */
  create(input: CreateCollection, options?: WriteOptions): Promise<Collection>;
  /**
   * Changes a collection.
   * @throws MultitapError `not_found`, `forbidden` (`COLLECTIONS_FOREIGN`), `conflict`.
   * @example
   * await client.collections.update(7, { name: "Best of", romIds: [25, 8] });
   */
  update(collectionId: number, changes: UpdateCollection, options?: WriteOptions): Promise<Collection>;
  /**
   * Replaces the cover: PNG, JPEG, WebP or the first frame of a GIF, of 10 MiB at most. The server stores it no
   * larger than 2048 by 2048, and a small copy.
   * @throws MultitapError `invalid` with a sentence for people, `too_large`, `forbidden`, `not_found`.
   * @example
   * await client.collections.updateCover(7, await file.bytes());
   */
  updateCover(
    collectionId: number,
    bytes: Uint8Array<ArrayBuffer> | Blob,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Removes a collection; its roms stay in the library.
   * @throws MultitapError `not_found`, `forbidden`.
   * @example
   * await client.collections.remove(7);
   */
  remove(collectionId: number, options?: WriteOptions): Promise<void>;
  /**
   * Adds roms to a collection; unknown ones are left out. Additions at the same time all count.
   * @throws MultitapError `not_found`, `forbidden`, `conflict` (`COLLECTIONS_ROMS_LIMIT`).
   * @example
   * const { romCount } = await client.collections.addRoms(7, [42]);
   */
  addRoms(collectionId: number, romIds: readonly number[], options?: WriteOptions): Promise<Collection>;
  /**
   * Takes roms out of a collection.
   * @throws MultitapError `not_found`, `forbidden`.
   * @example
   * await client.collections.removeRoms(7, [42]);
   */
  removeRoms(collectionId: number, romIds: readonly number[], options?: WriteOptions): Promise<Collection>;
  /**
   * Gives the collections that nobody has to make: roms that share a genre, a franchise and the like. By type and
   * name.
   * @param input.type All types unless said.
   * @example
   * const genres = await client.collections.listVirtual({ type: "genre" });
   */
  listVirtual<P extends keyof CollectionParts = never>(
    input?: {
      readonly type?: VirtualType | undefined;
      readonly limit?: number | undefined;
    } & WithCollectionParts<P>,
    options?: CallOptions,
  ): Promise<readonly VirtualCollectionWith<P>[]>;
  /**
   * Reads one virtual collection.
   * @throws MultitapError `not_found`, also when it has fewer than three roms that the caller may see.
   * @example
   * const { romIds } = await client.collections.getVirtual(id, { with: ["romIds"] });
   */
  getVirtual<P extends keyof CollectionParts = never>(
    id: string,
    input?: WithCollectionParts<P>,
    options?: CallOptions,
  ): Promise<VirtualCollectionWith<P>>;
  /**
   * Gives one's own smart collections and public ones, by name, with what meets their filters now.
   * @example
   * for (const smart of await client.collections.listSmart()) show(`${smart.name}: ${smart.romCount}`);
   */
  listSmart<P extends keyof CollectionParts = never>(
    input?: { readonly updatedAfter?: Instant | undefined } & WithCollectionParts<P>,
    options?: CallOptions,
  ): Promise<readonly SmartCollectionWith<P>[]>;
  /**
   * Reads one smart collection.
   * @throws MultitapError `not_found`, also for another's private one.
   * @example
   * const { filter } = await client.collections.getSmart(3);
   * if (filter !== null) for await (const rom of client.roms.each(filter)) show(rom.name);
   */
  getSmart<P extends keyof CollectionParts = never>(
    collectionId: number,
    input?: WithCollectionParts<P>,
    options?: CallOptions,
  ): Promise<SmartCollectionWith<P>>;
  /**
   * Makes a smart collection.
   * @throws MultitapError `invalid`: `COLLECTIONS_FILTER_UNSUPPORTED`, `COLLECTIONS_CRITERIA_INVALID`; `conflict`.
   * @example
   * await client.collections.createSmart({ name: "Puzzles", criteria: { genres: ["Puzzle"], platform_ids: [3] } });
   */
  createSmart(input: CreateSmartCollection, options?: WriteOptions): Promise<SmartCollection>;
  /**
   * Changes a smart collection.
   * @throws MultitapError as for `createSmart`; `not_found`, `forbidden`.
   * @example
   * await client.collections.updateSmart(3, { isPublic: true });
   */
  updateSmart(
    collectionId: number,
    changes: UpdateSmartCollection,
    options?: WriteOptions,
  ): Promise<SmartCollection>;
  /**
   * Removes a smart collection.
   * @throws MultitapError `not_found`, `forbidden`.
   * @example
   * await client.collections.removeSmart(3);
   */
  removeSmart(collectionId: number, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createCollections(rpc: Rpc, http: HttpParts): Collections {
  return {
    list: (input = {}, options) => rpc.query("collections.list", input, options),
    get: (collectionId, input = {}, options) =>
      rpc.query("collections.get", { collectionId, ...input }, options),
    create: (input, options) => rpc.mutate("collections.create", input, options),
    update: (collectionId, changes, options) =>
      rpc.mutate("collections.update", { collectionId, ...changes }, options),
    async updateCover(collectionId, bytes, options) {
      const body = new FormData();
      body.append("artwork", bytes instanceof Blob ? bytes : new Blob([bytes]), "cover");
      const call = { operation: "collections.updateCover", options, init: { method: "PUT", body } };
      const response = await request(http, `/api/collections/${collectionId}`, call);
      await response.body?.cancel();
    },
    async remove(collectionId, options) {
      await rpc.mutate("collections.remove", { collectionId }, options);
    },
    addRoms: (collectionId, romIds, options) =>
      rpc.mutate("collections.addRoms", { collectionId, romIds }, options),
    removeRoms: (collectionId, romIds, options) =>
      rpc.mutate("collections.removeRoms", { collectionId, romIds }, options),
    listVirtual: (input = {}, options) => rpc.query("collections.listVirtual", input, options),
    getVirtual: (id, input = {}, options) => rpc.query("collections.getVirtual", { id, ...input }, options),
    listSmart: (input = {}, options) => rpc.query("collections.listSmart", input, options),
    getSmart: (collectionId, input = {}, options) =>
      rpc.query("collections.getSmart", { collectionId, ...input }, options),
    createSmart: (input, options) => rpc.mutate("collections.createSmart", input, options),
    updateSmart: (collectionId, changes, options) =>
      rpc.mutate("collections.updateSmart", { collectionId, ...changes }, options),
    async removeSmart(collectionId, options) {
      await rpc.mutate("collections.removeSmart", { collectionId }, options);
    },
  };
}
