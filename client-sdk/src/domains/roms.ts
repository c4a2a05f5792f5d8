import type { ContentLink } from "@multitap/server/contract/auth";
import type { Rom, RomFilter, RomMark, RomParts } from "@multitap/server/contract/roms";
import { PAGE_SIZE } from "../limits.ts";
import type { CallOptions } from "../options.ts";
import { createPaged, type Page, type Paged, type PageInput } from "../paging.ts";
import type { Rpc } from "../rpc/rpc.ts";
import type { DownloadParts } from "../transfers/download.ts";
import {
  downloadRom,
  openRomSource,
  type RomDownloadOptions,
  type RomTransferParts,
} from "../transfers/rom-content.ts";
import type { ByteSink, ByteSource, TransferResult } from "../transfers/types.ts";

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
   * Moves a rom's bytes into a sink: a single file as it is, several as one zip. Aborting suspends the
   * transfer; the same call later goes on from there.
   * @throws MultitapError `storage` when the sink failed, `protocol` (`DIGEST_MISMATCH`) with `verify`.
   * @example
   * await client.roms.download(42, fileSink("/roms/a.sfc"), { signal, onProgress: (p) => show(p.loadedBytes) });
   */
  download(romId: number, to: ByteSink, options?: RomDownloadOptions): Promise<TransferResult>;
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
export function createRoms(rpc: Rpc, transfers: DownloadParts): Roms {
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
    download: (romId, to, options) => downloadRom(parts, romId, { ...options, to }),
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
