import type { SoundtrackFile } from "@multitap/server/contract/roms/tracks";
import { type HttpParts, request } from "../http/rest.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** A file to store beside a rom. */
export interface ExtraUpload {
  /** With its ending, which tells what it is; no path. */
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer> | Blob;
}

/** A sort of file that is kept in a rom's folder. */
export type ExtraKind = "manual" | "soundtrack" | "screenshot";

/** What lies beside roms: manuals, soundtracks and screenshots. A rom that is one file becomes a folder for them. */
export interface RomExtras {
  /**
   * Stores the manual of a rom, a PDF or Markdown, in place of the one before.
   * @throws MultitapError `invalid` for another sort of file, `not_found`, `forbidden`, `storage_full`.
   * @example
   * await client.romExtras.addManual(42, { fileName: "manual.pdf", bytes: await file.bytes() });
   */
  addManual(romId: number, upload: ExtraUpload, options?: CallOptions): Promise<void>;
  /**
   * Removes the manual of a rom.
   * @throws MultitapError `not_found`, also when it has none.
   * @example
   * await client.romExtras.removeManual(42);
   */
  removeManual(romId: number, options?: WriteOptions): Promise<void>;
  /**
   * Lets the server fetch the manual of a rom again from where a provider of metadata says that it is.
   * @throws MultitapError `invalid` (`ROMS_MANUAL_URL_MISSING`), `upstream` (`ROMS_MANUAL_UNAVAILABLE`).
   * @example
   * await client.romExtras.redownloadManual(42);
   */
  redownloadManual(romId: number, options?: WriteOptions): Promise<void>;
  /**
   * Stores a file in a rom's folder; one of the same name is replaced.
   * @throws MultitapError `invalid` for another sort of file, `conflict` (`LIBRARY_READ_ONLY`, `ROMS_FOLDER_TAKEN`),
   *   `not_found`, `forbidden`, `storage_full`.
   * @example
   * await client.romExtras.add(42, { kind: "soundtrack", fileName: "01 Theme.flac", bytes });
   */
  add(
    romId: number,
    upload: ExtraUpload & { readonly kind: ExtraKind },
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Removes such a file from a rom's folder, its disk, and from playlists.
   * @throws MultitapError `not_found`, also for a file of another sort, `forbidden`, `conflict` (`LIBRARY_READ_ONLY`).
   * @example
   * await client.romExtras.remove(42, { kind: "soundtrack", fileId: track.fileId });
   */
  remove(
    romId: number,
    file: { readonly kind: ExtraKind; readonly fileId: number },
    options?: WriteOptions,
  ): Promise<void>;
  /**
   * Removes any file of a rom from the library and its disk; needs the right to delete roms.
   * @throws MultitapError `not_found`, `forbidden`, `conflict` (`LIBRARY_READ_ONLY`).
   * @example
   * await client.romExtras.removeFile(42, file.id);
   */
  removeFile(romId: number, fileId: number, options?: WriteOptions): Promise<void>;
  /**
   * Gives the soundtrack files of a rom with their tags, by name.
   * @throws MultitapError `not_found`.
   * @example
   * const titles = (await client.romExtras.listSoundtracks(42)).map(({ tags }) => tags?.title);
   */
  listSoundtracks(romId: number, options?: CallOptions): Promise<readonly SoundtrackFile[]>;
  /**
   * Makes a rom that is one file a folder with that file in it; its id stays.
   * @throws MultitapError `conflict` (`LIBRARY_READ_ONLY`, `ROMS_FOLDER_TAKEN`, `ROMS_FILE_LINKED`), `not_found`.
   * @example
   * await client.romExtras.convertToFolder(42);
   */
  convertToFolder(romId: number, options?: WriteOptions): Promise<void>;
}

/** Where the files of a sort are sent, and what removes one. */
const KINDS = {
  manual: { path: "manuals/files", removal: "roms.removeManualFile" },
  soundtrack: { path: "soundtracks", removal: "roms.removeSoundtrack" },
  screenshot: { path: "screenshots", removal: "roms.removeScreenshot" },
} as const satisfies Record<ExtraKind, unknown>;

/** Builds the calls of this domain. */
export function createRomExtras(rpc: Rpc, http: HttpParts): RomExtras {
  const send = async (path: string, { fileName, bytes }: ExtraUpload, call: Sent) => {
    const body = new FormData();
    body.append(fileName, bytes instanceof Blob ? bytes : new Blob([bytes]), fileName);
    const init = { method: "POST", body, headers: { "x-upload-filename": encodeURIComponent(fileName) } };
    const response = await request(http, path, { ...call, init });
    await response.body?.cancel();
  };
  const tell = async (operation: string, input: object, options: WriteOptions | undefined) => {
    await rpc.mutate(operation, input, options);
  };
  return {
    addManual: (romId, upload, options) =>
      send(`/api/roms/${romId}/manuals`, upload, { operation: "romExtras.addManual", options }),
    removeManual: (romId, options) => tell("roms.removeManual", { romId }, options),
    redownloadManual: (romId, options) => tell("roms.redownloadManual", { romId }, options),
    add: (romId, { kind, ...upload }, options) =>
      send(`/api/roms/${romId}/${KINDS[kind].path}`, upload, { operation: "romExtras.add", options }),
    remove: (romId, { kind, fileId }, options) => tell(KINDS[kind].removal, { romId, fileId }, options),
    removeFile: (romId, fileId, options) => tell("roms.removeFile", { romId, fileId }, options),
    listSoundtracks: (romId, options) => rpc.query("roms.listSoundtracks", { romId }, options),
    convertToFolder: (romId, options) => tell("roms.convertToFolder", { romId }, options),
  };
}

interface Sent {
  readonly operation: string;
  readonly options: CallOptions | undefined;
}
