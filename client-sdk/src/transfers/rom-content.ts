import type { RomParts } from "@multitap/server/contract/roms";
import type { CallOptions } from "../options.ts";
import type { ContentPlace } from "./content.ts";
import { type DownloadParts, download } from "./download.ts";
import { loadLate } from "./late.ts";
import { isPacked } from "./packed.ts";
import type { ByteSink, ByteSource, TransferOptions, TransferResult } from "./types.ts";

/** What the transfers of roms need of the client. */
export interface RomTransferParts extends DownloadParts {
  /** Reads the files of a rom as the library lists them. */
  listFiles(romId: number, options: CallOptions): Promise<RomParts["files"]>;
}

/** How to move a rom's bytes. */
export interface RomDownloadOptions extends TransferOptions {
  /** The files wanted; all of the rom unless said. */
  readonly fileIds?: readonly number[] | undefined;
}

/** Moves a rom's bytes into a sink. */
export async function downloadRom(
  parts: RomTransferParts,
  romId: number,
  { to, fileIds, ...options }: RomDownloadOptions & { readonly to: ByteSink },
): Promise<TransferResult> {
  const { signal, timeoutMs, retry } = options;
  const findSha1 = async (head: Uint8Array) => {
    const files = await parts.listFiles(romId, { signal, timeoutMs, retry });
    return findListedSha1(
      fileIds === undefined ? files : files.filter(({ id }) => fileIds.includes(id)),
      head,
    );
  };
  return await download(parts, {
    place: toPlace("roms.download", romId, fileIds ?? []),
    sink: to,
    options,
    findSha1,
  });
}

/** Opens a rom's bytes for reads at any place. */
export async function openRomSource(
  parts: RomTransferParts,
  romId: number,
  { fileId, ...options }: CallOptions & { readonly fileId?: number | undefined },
): Promise<ByteSource> {
  const { openRemoteSource } = await loadLate(import("./remote-source.ts"));
  return await openRemoteSource(
    parts,
    toPlace("roms.source", romId, fileId === undefined ? [] : [fileId]),
    options,
  );
}

function toPlace(operation: string, romId: number, fileIds: readonly number[]): ContentPlace {
  const query = fileIds.length > 0 ? `?file_ids=${fileIds.join(",")}` : "";
  // The server goes by the id; the last part of the path is decoration.
  return { operation, path: `/api/roms/${romId}/content/rom${query}` };
}

/** The digest that the library lists for the one file that was moved; null where it lists none of its bytes. */
function findListedSha1(files: RomParts["files"], head: Uint8Array): string | null {
  const [file] = files;
  if (file === undefined || files.length > 1 || file.sha1 === "" || file.archiveMembers !== null) return null;
  return isPacked(file.fileName, head) ? null : file.sha1;
}
