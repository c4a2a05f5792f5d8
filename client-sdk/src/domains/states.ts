import type { State } from "@multitap/server/contract/states";
import { type HttpParts, request } from "../http/rest.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { type DownloadParts, download } from "../transfers/download.ts";
import type { ByteSink, TransferOptions, TransferResult } from "../transfers/types.ts";

/** Which states are meant; all of the caller's unless said. */
export interface StateFilter {
  readonly romId?: number | undefined;
  readonly platformId?: number | undefined;
  /** Null: those in no slot. */
  readonly slot?: string | null | undefined;
}

/** A state to store. */
export interface NewState {
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer> | Blob;
  readonly emulator?: string | undefined;
  /** Its versions stay beside each other there; outside of slots a name is one state. */
  readonly slot?: string | undefined;
  readonly deviceId?: string | undefined;
  /** Goes on top of what the device never had. */
  readonly isOverwrite?: boolean | undefined;
  readonly screenshot?:
    | { readonly fileName: string; readonly bytes: Uint8Array<ArrayBuffer> | Blob }
    | undefined;
}

/** What emulators wrote down of moments of games. */
export interface States {
  /**
   * Gives the caller's states, by id.
   * @example
   * const names = (await client.states.list({ romId: 42 })).map((state) => state.fileName);
   */
  list(filter?: StateFilter, options?: CallOptions): Promise<readonly State[]>;
  /**
   * Reads what is known of one state.
   * @throws MultitapError `not_found`.
   * @example
   * const { emulator } = await client.states.get(7);
   */
  get(stateId: number, options?: CallOptions): Promise<State>;
  /**
   * Stores a state in the place of the one of its name.
   * @throws MultitapError `not_found`, `invalid`, `too_large`; `conflict` for a device that does not have the newest.
   * @example
   * await client.states.upload(42, { fileName: "Game.state1", bytes, emulator: "mgba" });
   */
  upload(romId: number, state: NewState, options?: CallOptions): Promise<State>;
  /**
   * Moves the bytes into a sink. Aborting suspends the transfer; the same call later goes on from there.
   * @throws MultitapError `not_found`; `storage` when the sink failed, `protocol` (`DIGEST_MISMATCH`) with `verify`.
   * @example
   * await client.states.download(7, memorySink());
   */
  download(stateId: number, to: ByteSink, options?: TransferOptions): Promise<TransferResult>;
  /**
   * Shows a state and its picture to everyone, or to their owner alone.
   * @throws MultitapError `not_found`.
   * @example
   * await client.states.setVisibility(7, true);
   */
  setVisibility(stateId: number, isPublic: boolean, options?: WriteOptions): Promise<State>;
  /**
   * Moves states to the trash, all or none.
   * @throws MultitapError `not_found`.
   * @example
   * await client.states.remove([7, 8]);
   */
  remove(stateIds: readonly number[], options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createStates(rpc: Rpc, http: HttpParts & DownloadParts): States {
  const get: States["get"] = (stateId, options) => rpc.query("states.get", { stateId }, options);
  return {
    list: (filter = {}, options) => rpc.query("states.list", filter, options),
    get,
    async upload(romId, { fileName, bytes, screenshot, ...about }, options) {
      const query = new URLSearchParams({ rom_id: String(romId), ...toQuery(about) });
      const body = new FormData();
      body.append("stateFile", toBlob(bytes), fileName);
      if (screenshot !== undefined)
        body.append("screenshotFile", toBlob(screenshot.bytes), screenshot.fileName);
      const call = { operation: "states.upload", options, init: { method: "POST", body } };
      const { id } = (await (await request(http, `/api/states?${query}`, call)).json()) as { id: number };
      return await get(id, options);
    },
    download: (stateId, sink, options = {}) =>
      download(http, {
        place: { operation: "states.download", path: `/api/states/${stateId}/content` },
        sink,
        options,
        findSha1: async () => (await get(stateId, options)).sha1 || null,
      }),
    setVisibility: (stateId, isPublic, options) =>
      rpc.mutate("states.setVisibility", { stateId, isPublic }, options),
    async remove(stateIds, options) {
      await rpc.mutate("states.remove", { stateIds }, options);
    },
  };
}

function toQuery({ emulator, slot, deviceId, isOverwrite }: Partial<NewState>): Record<string, string> {
  return {
    ...(emulator === undefined ? {} : { emulator }),
    ...(slot === undefined ? {} : { slot }),
    ...(deviceId === undefined ? {} : { device_id: deviceId }),
    ...(isOverwrite === true ? { overwrite: "true" } : {}),
  };
}

function toBlob(bytes: Uint8Array<ArrayBuffer> | Blob): Blob {
  return bytes instanceof Blob ? bytes : new Blob([bytes]);
}
