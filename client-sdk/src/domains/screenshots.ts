import type { Screenshot } from "@multitap/server/contract/screenshots";
import { type HttpParts, request } from "../http/rest.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { type DownloadParts, download } from "../transfers/download.ts";
import type { ByteSink, TransferOptions, TransferResult } from "../transfers/types.ts";

/** A picture to put into the gallery of a rom. */
export interface NewScreenshot {
  /** Ends as pictures do. */
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer> | Blob;
}

/** Pictures of users: galleries of roms, and what saves and states show of themselves. */
export interface Screenshots {
  /**
   * Gives the caller's pictures, by id; `isGallery` tells the two sorts apart.
   * @example
   * const shots = (await client.screenshots.list({ romId: 42 })).filter((shot) => shot.isGallery);
   */
  list(
    filter?: { readonly romId?: number | undefined; readonly platformId?: number | undefined },
    options?: CallOptions,
  ): Promise<readonly Screenshot[]>;
  /**
   * Reads what is known of one picture.
   * @throws MultitapError `not_found`.
   * @example
   * const { isPublic } = await client.screenshots.get(7);
   */
  get(screenshotId: number, options?: CallOptions): Promise<Screenshot>;
  /**
   * Puts a picture into the caller's gallery of a rom; one of the same name gets these bytes.
   * @throws MultitapError `not_found`, `too_large`; `invalid` for what is no picture by its name.
   * @example
   * await client.screenshots.upload(42, { fileName: "boss.png", bytes });
   */
  upload(romId: number, picture: NewScreenshot, options?: CallOptions): Promise<Screenshot>;
  /**
   * Moves the bytes into a sink. Aborting suspends the transfer; the same call later goes on from there.
   * @throws MultitapError `not_found`; `storage` when the sink failed.
   * @example
   * await client.screenshots.download(7, memorySink());
   */
  download(screenshotId: number, to: ByteSink, options?: TransferOptions): Promise<TransferResult>;
  /**
   * Shows a picture to everyone, or to its owner alone.
   * @throws MultitapError `not_found`.
   * @example
   * await client.screenshots.setVisibility(7, true);
   */
  setVisibility(screenshotId: number, isPublic: boolean, options?: WriteOptions): Promise<Screenshot>;
  /**
   * Moves pictures to the trash, all or none.
   * @throws MultitapError `not_found`.
   * @example
   * await client.screenshots.remove([7, 8]);
   */
  remove(screenshotIds: readonly number[], options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createScreenshots(rpc: Rpc, http: HttpParts & DownloadParts): Screenshots {
  const get: Screenshots["get"] = (screenshotId, options) =>
    rpc.query("screenshots.get", { screenshotId }, options);
  return {
    list: (filter = {}, options) => rpc.query("screenshots.list", filter, options),
    get,
    async upload(romId, { fileName, bytes }, options) {
      const body = new FormData();
      body.append("screenshotFile", bytes instanceof Blob ? bytes : new Blob([bytes]), fileName);
      const call = { operation: "screenshots.upload", options, init: { method: "POST", body } };
      const response = await request(http, `/api/screenshots?rom_id=${romId}`, call);
      return await get(((await response.json()) as { id: number }).id, options);
    },
    download: (screenshotId, sink, options = {}) =>
      download(http, {
        place: { operation: "screenshots.download", path: `/api/screenshots/${screenshotId}/content` },
        sink,
        options,
        // The answer itself names the digest of what it sends.
        findSha1: async () => null,
      }),
    setVisibility: (screenshotId, isPublic, options) =>
      rpc.mutate("screenshots.setVisibility", { screenshotId, isPublic }, options),
    async remove(screenshotIds, options) {
      await rpc.mutate("screenshots.remove", { screenshotIds }, options);
    },
  };
}
