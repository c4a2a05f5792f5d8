import type { ContentLink } from "@multitap/server/contract/auth";
import type { Rom, RomMark, RomParts, RomUserProps } from "@multitap/server/contract/roms";
import type { ChangedRoms } from "@multitap/server/contract/roms/changes";
import type { RomChanges } from "@multitap/server/contract/roms/edits";
import type { RomFilter } from "@multitap/server/contract/roms/filters";
import type { ProgressStatus } from "@multitap/server/contract/roms/props";
import { request } from "../http/rest.ts";
import { PAGE_SIZE } from "../limits.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import { createPaged, type Page, type Paged, type PageInput } from "../paging.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { DownloadParts } from "../transfers/download.ts";
import { loadLate } from "../transfers/late.ts";
import { type PatchChoice, type PatchedRomResult, patchRom } from "../transfers/patch-rom.ts";
import {
  downloadRom,
  openRomSource,
  type RomDownloadOptions,
  type RomTransferParts,
} from "../transfers/rom-content.ts";
import type {
  ByteSink,
  ByteSource,
  BytesInput,
  TransferOptions,
  TransferResult,
} from "../transfers/types.ts";
import type { UploadParts, UploadResult, UploadTarget } from "../transfers/upload.ts";

/** What identifies the bytes of a rom; hex in any case. */
export type RomHash =
  | { readonly crc32: string; readonly sizeBytes: number }
  | { readonly md5: string }
  | { readonly sha1: string }
  | { readonly raHash: string };

/** A rom with the parts that were asked for by name. */
export type RomWith<P extends keyof RomParts> = Rom & Pick<RomParts, P>;

/** Which parts of roms to read beside the roms themselves. */
export interface WithParts<P extends keyof RomParts> {
  readonly with?: readonly P[] | undefined;
}

/** Among which roms one is picked by chance. */
export type RandomRomFilter = Pick<
  RomFilter,
  "platformIds" | "collectionId" | "virtualCollectionId" | "smartCollectionId"
>;

/** What changes of one's own properties of a rom. */
export interface UpdateRomProps {
  readonly isMainSibling?: boolean | undefined;
  readonly isBacklogged?: boolean | undefined;
  readonly isNowPlaying?: boolean | undefined;
  /** Leaves the rom out of one's own lists. */
  readonly isHidden?: boolean | undefined;
  /** 0 to 10. */
  readonly rating?: number | undefined;
  /** 0 to 10. */
  readonly difficulty?: number | undefined;
  /** 0 to 100. */
  readonly completion?: number | undefined;
  /** Null for none. */
  readonly status?: ProgressStatus | null | undefined;
  /** `now` notes this moment, `never` forgets the one that was noted. */
  readonly lastPlayed?: "now" | "never" | undefined;
}

/** The entries of the library. */
export interface Roms {
  /**
   * Reads one page of the roms that meet every condition, by name unless said.
   * @example
   * const { items, total } = await client.roms.list({ search: "zelda", limit: 20, withTotal: true });
   */
  list<P extends keyof RomParts = never>(
    input?: RomFilter & PageInput & WithParts<P>,
    options?: CallOptions,
  ): Promise<Page<RomWith<P>>>;
  /**
   * Gives all roms that meet every condition, read as they are needed.
   * @example
   * for await (const rom of client.roms.each({ platformIds: [3], genres: { anyOf: ["Puzzle"] } })) show(rom.name);
   */
  each<P extends keyof RomParts = never>(
    input?: RomFilter & WithParts<P> & { readonly pageSize?: number | undefined },
    options?: CallOptions,
  ): Paged<RomWith<P>>;
  /**
   * Reads one rom.
   * @throws MultitapError `not_found`.
   * @example
   * const rom = await client.roms.get(42, { with: ["files"] });
   */
  get<P extends keyof RomParts = never>(
    romId: number,
    input?: WithParts<P>,
    options?: CallOptions,
  ): Promise<RomWith<P>>;
  /**
   * Looks a rom up by a digest of its bytes or by its place; null when the library has none.
   * @example
   * const known = await client.roms.find({ sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709" });
   */
  find(
    by: RomHash | { readonly platformSlug: string; readonly fsName: string },
    options?: CallOptions,
  ): Promise<Rom | null>;
  /**
   * Looks many roms up at once, at most 500: the answers stand in the order of the marks, null where the library has
   * none.
   * @example
   * const known = await client.roms.findMany(files.map(({ sha1 }) => ({ sha1 })));
   */
  findMany(
    by: readonly (RomHash | { readonly platformSlug: string; readonly fsName: string })[],
    options?: CallOptions,
  ): Promise<readonly (Rom | null)[]>;
  /**
   * Reads what became of the library since a cursor was given; without one it begins with all roms. Read on while
   * `hasMore`, then keep `nextCursor` for the next time. Apply `items` before `removedIds`. Nothing is missed, but a
   * rom may come again unchanged.
   * @throws MultitapError `ROMS_CHANGES_STALE` when the cursor cannot be gone on from: begin without one, and forget
   * what is not listed then.
   * @example
   * const { items, removedIds, nextCursor, hasMore } = await client.roms.changes(cursor);
   */
  changes(
    cursor?: string | null,
    input?: { readonly limit?: number | undefined },
    options?: CallOptions,
  ): Promise<ChangedRoms>;
  /**
   * Picks a rom by chance, each with the same; null when none meets the conditions.
   * @example
   * const rom = await client.roms.random({ platformIds: [3] });
   */
  random(filter?: RandomRomFilter, options?: CallOptions): Promise<Rom | null>;
  /**
   * Changes what one keeps about a rom oneself; what is left out stays. Of siblings one is the main one: choosing
   * another takes the mark from it.
   * @throws MultitapError `not_found`; `forbidden` without an account.
   * @example
   * await client.roms.updateProps(42, { rating: 8, status: "finished", lastPlayed: "now" });
   */
  updateProps(romId: number, changes: UpdateRomProps, options?: WriteOptions): Promise<RomUserProps>;
  /**
   * Changes a rom; what is left out stays. A new `fsName` renames its file or folder in the library.
   * @throws MultitapError `not_found`; `conflict`: `ROMS_NAME_TAKEN`, `LIBRARY_READ_ONLY`; `invalid`.
   * @example
   * await client.roms.update(42, { name: "Star Pilot", providerIds: { igdb: 1234 } });
   */
  update(romId: number, changes: RomChanges, options?: WriteOptions): Promise<Rom>;
  /**
   * Replaces the cover: PNG, JPEG, WebP or the first frame of a GIF, of 10 MiB at most. The server stores it no
   * larger than 2048 by 2048, and a small copy.
   * @throws MultitapError `invalid` with a sentence for people, `too_large`, `forbidden`, `not_found`.
   * @example
   * await client.roms.updateCover(42, await file.bytes());
   */
  updateCover(romId: number, bytes: Uint8Array<ArrayBuffer> | Blob, options?: CallOptions): Promise<void>;
  /**
   * Removes roms with everything that users keep for them, on request also their files in the library.
   * @throws MultitapError `not_found` and the like of a single rom; `ROMS_NOT_REMOVED` when some of several stay, with
   *   `details.failures`.
   * @example
   * await client.roms.remove([42, 43], { deleteFiles: true });
   */
  remove(
    romIds: readonly number[],
    input?: { readonly deleteFiles?: boolean | undefined },
    options?: WriteOptions,
  ): Promise<void>;
  /**
   * Moves a rom's bytes into a sink: a single file as it is, several as one zip. Aborting suspends the
   * transfer; the same call later goes on from there.
   * @throws MultitapError `storage` when the sink failed, `protocol` (`DIGEST_MISMATCH`) with `verify`.
   * @example
   * await client.roms.download(42, fileSink("/roms/a.sfc"), { signal, onProgress: (p) => show(p.loadedBytes) });
   */
  download(romId: number, to: ByteSink, options?: RomDownloadOptions): Promise<TransferResult>;
  /**
   * Lets the server apply a patch (IPS, UPS, BPS, PPF, RUP, APS, BSDIFF, PMSR, VCDIFF) to one file of a rom, and moves
   * the result into a sink; the library stays as it is. A rom that the patch was not made for is patched all the same
   * where that can be done, and `check` tells.
   * @param romFileId The id of a file, not of its rom; an archive stands for the only file in it.
   * @throws MultitapError `not_found`, `too_large`, `invalid` for what is no patch, `internal` for a damaged one.
   * @example
   * const { name, check } = await client.roms.patch(7, { patch: file }, fileSink("/roms/hack.sfc"));
   */
  patch(romFileId: number, choice: PatchChoice, to: ByteSink): Promise<PatchedRomResult>;
  /**
   * Moves a file into the folder of a platform, in chunks; a scan then makes it a rom. Never overwrites. Aborting
   * leaves what was received on the server for a day; the same call later goes on from there. With `verify` the
   * bytes are read once more before, and nothing is sent that the platform has already.
   * @throws MultitapError `conflict` (`ROMS_UPLOAD_EXISTS`), `storage_full`, `storage` when the source failed,
   * `invalid` (`ROMS_UPLOAD_DIGEST_WRONG`) with `verify`.
   * @example
   * await client.roms.upload(await fileSource("/in/disc.chd"), { platformId: 9 }, { signal });
   */
  upload(from: BytesInput, about: UploadTarget, options?: TransferOptions): Promise<UploadResult>;
  /**
   * Opens a rom's bytes for reads at any place, each of which is one request.
   * @throws MultitapError `unsupported` for a content that the server sends only as a whole.
   * @example
   * const header = await (await client.roms.source(42)).read(0, 124);
   */
  source(
    romId: number,
    input?: { readonly fileId?: number | undefined },
    options?: CallOptions,
  ): Promise<ByteSource>;
  /**
   * Makes an address of a rom's bytes that opens by itself, for elements and emulators that send no credentials.
   * Keep it short-lived and to yourself: whoever has it can download these bytes until it ends.
   * @param input.expiresInMs A second to an hour; 15 minutes unless said.
   * @example
   * image.src = await client.roms.contentUrl(42, { fileId: 7 });
   */
  contentUrl(
    romId: number,
    input?: { readonly fileId?: number | undefined; readonly expiresInMs?: number | undefined },
    options?: CallOptions,
  ): Promise<string>;
}

/** Builds the calls of this domain. */
export function createRoms(
  rpc: Rpc,
  transfers: DownloadParts & Pick<UploadParts, "concurrency" | "chunkBytes">,
): Roms {
  const roms: Roms = {
    list: (input = {}, options) => rpc.query("roms.list", input, options),
    each<P extends keyof RomParts = never>(
      { pageSize, ...filter }: RomFilter & WithParts<P> & { readonly pageSize?: number | undefined } = {},
      options?: CallOptions,
    ) {
      const readPage = (cursor: string | null, pageOptions: CallOptions) => {
        const page = { limit: pageSize ?? PAGE_SIZE, cursor: cursor ?? undefined };
        return rpc.query<Page<RomWith<P>>>("roms.list", { ...filter, ...page }, pageOptions);
      };
      return createPaged(readPage, options);
    },
    get: (romId, input = {}, options) => rpc.query("roms.get", { romId, ...input }, options),
    find: (by: RomMark, options) => rpc.query("roms.find", by, options),
    findMany: (marks: readonly RomMark[], options) => rpc.query("roms.findMany", { marks }, options),
    changes: (cursor, input, options) => rpc.query("roms.changes", { ...input, cursor }, options),
    random: (filter = {}, options) => rpc.query("roms.random", filter, options),
    updateProps: (romId, changes, options) => rpc.mutate("roms.updateProps", { romId, ...changes }, options),
    update: (romId, changes, options) => rpc.mutate("roms.update", { romId, ...changes }, options),
    async updateCover(romId, bytes, options) {
      const body = new FormData();
      body.append("artwork", bytes instanceof Blob ? bytes : new Blob([bytes]), "cover");
      const call = { operation: "roms.updateCover", options, init: { method: "PUT", body } };
      const response = await request(transfers, `/api/roms/${romId}`, call);
      await response.body?.cancel();
    },
    async remove(romIds, input = {}, options) {
      await rpc.mutate("roms.remove", { romIds, ...input }, options);
    },
    download: (romId, to, options) => downloadRom(parts, romId, { ...options, to }),
    patch: (romFileId, choice, to) => patchRom(transfers, romFileId, { choice, to }),
    async upload(from, about, options = {}) {
      const { uploadRom } = await loadLate(import("../transfers/upload.ts"));
      return await uploadRom({ ...transfers, rpc }, { from, about, options });
    },
    source: (romId, input, options) => openRomSource(parts, romId, { ...options, ...input }),
    async contentUrl(romId, input = {}, options) {
      const link = await rpc.query<ContentLink>("auth.createContentLink", { romId, ...input }, options);
      return transfers.url + link.path;
    },
  };
  const parts: RomTransferParts = {
    ...transfers,
    listFiles: async (romId, options) => (await roms.get(romId, { with: ["files"] }, options)).files,
  };
  return roms;
}
