import type { Firmware, RemovedFirmware } from "@multitap/server/contract/firmware";
import { type HttpParts, request } from "../http/rest.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { type DownloadParts, download } from "../transfers/download.ts";
import type { ByteSink, TransferOptions, TransferResult } from "../transfers/types.ts";

/** A file to store under a name. */
export interface NewFirmware {
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer> | Blob;
}

/** The system files that emulators need. */
export interface FirmwareCalls {
  /**
   * Gives the firmware of one platform, or of all, by file name.
   * @example
   * const names = (await client.firmware.list({ platformId: 3 })).map((file) => file.fileName);
   */
  list(
    input?: { readonly platformId?: number | undefined },
    options?: CallOptions,
  ): Promise<readonly Firmware[]>;
  /**
   * Reads what is known of one firmware.
   * @throws MultitapError `not_found`.
   * @example
   * const { md5, isVerified } = await client.firmware.get(7);
   */
  get(firmwareId: number, options?: CallOptions): Promise<Firmware>;
  /**
   * Stores files in the platform's folder, replacing those of the same names.
   * @throws MultitapError `invalid` (`FIRMWARE_NAME_REFUSED`), `conflict` (`LIBRARY_READ_ONLY`), `not_found`.
   * @example
   * await client.firmware.upload(3, [{ fileName: "gba_bios.bin", bytes: await file.bytes() }]);
   */
  upload(platformId: number, files: readonly NewFirmware[], options?: CallOptions): Promise<void>;
  /**
   * Moves the bytes into a sink. Aborting suspends the transfer; the same call later goes on from there.
   * @throws MultitapError `not_found`; `storage` when the sink failed, `protocol` (`DIGEST_MISMATCH`) with `verify`.
   * @example
   * await client.firmware.download(7, fileSink("/bios/gba_bios.bin"), { verify: true });
   */
  download(firmwareId: number, to: ByteSink, options?: TransferOptions): Promise<TransferResult>;
  /**
   * Removes firmware from the library; the files of those in `fileIds` go too, others are found by the next scan.
   * @returns What was removed, and what was not with the reason.
   * @throws MultitapError `forbidden`, `conflict` (`LIBRARY_READ_ONLY`).
   * @example
   * const { failures } = await client.firmware.remove([7, 8], { fileIds: [7] });
   */
  remove(
    firmwareIds: readonly number[],
    input?: { readonly fileIds?: readonly number[] | undefined },
    options?: WriteOptions,
  ): Promise<RemovedFirmware>;
}

/** Builds the calls of this domain. */
export function createFirmware(rpc: Rpc, http: HttpParts & DownloadParts): FirmwareCalls {
  const get: FirmwareCalls["get"] = (firmwareId, options) =>
    rpc.query("firmware.get", { firmwareId }, options);
  return {
    list: (input = {}, options) => rpc.query("firmware.list", input, options),
    get,
    async upload(platformId, files, options) {
      const body = new FormData();
      for (const { fileName, bytes } of files) {
        body.append("files", bytes instanceof Blob ? bytes : new Blob([bytes]), fileName);
      }
      const call = { operation: "firmware.upload", options, init: { method: "POST", body } };
      const response = await request(http, `/api/firmware?platform_id=${platformId}`, call);
      await response.body?.cancel();
    },
    download: (firmwareId, sink, options = {}) =>
      download(http, {
        place: { operation: "firmware.download", path: `/api/firmware/${firmwareId}/content` },
        sink,
        options,
        findSha1: async () => (await get(firmwareId, options)).sha1 || null,
      }),
    remove: (firmwareIds, input = {}, options) =>
      rpc.mutate("firmware.remove", { firmwareIds, ...input }, options),
  };
}
