/** A library with roms whose saves can be sent over the REST door. */
import { createHash } from "node:crypto";
import { ADMIN } from "../auth/calls.testing.ts";
import { type LibraryAnswer, openLibrary, type TestLibrary } from "../roms/library.testing.ts";

/** A save as the compatible API answers it, as far as tests look. */
export interface SaveBody {
  readonly id: number;
  readonly rom_id: number;
  readonly file_name: string;
  readonly slot: string | null;
  readonly content_hash: string | null;
  readonly updated_at: string;
  readonly device_syncs: readonly { readonly device_id: string; readonly is_current: boolean }[];
  readonly detail: unknown;
}

export interface SaveScene {
  readonly library: TestLibrary;
  readonly romId: number;
  /** A device of the administrator's. */
  addDevice(name: string): Promise<string>;
  upload(
    query: Record<string, string | number>,
    file: { readonly name: string; readonly bytes: string | Uint8Array<ArrayBuffer> },
    authorization?: string,
  ): Promise<LibraryAnswer<SaveBody>>;
  /** Gives a save other bytes in the name of a device. */
  replace(saveId: number, bytes: string, deviceId: string): Promise<LibraryAnswer<SaveBody>>;
  /** A device says that it has the bytes of a save. */
  acknowledge(saveId: number, deviceId: string): Promise<LibraryAnswer<SaveBody>>;
  /** The bytes of a save as text. */
  read(saveId: number): Promise<string>;
  close(): Promise<void>;
}

/** MD5 as lower-case hex. */
export const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** Opens the scene with one rom. */
export async function openSaveScene(): Promise<SaveScene> {
  const library = await openLibrary();
  const romId = await library.addRom("n64", "Star Pilot (USA).z64", "rom");
  let deviceCount = 0;
  return {
    library,
    romId,
    async addDevice(name) {
      deviceCount += 1;
      const id = `device-${deviceCount}-${name}`;
      await library.change(
        `insert into devices (id, user_id, name) select '${id}', id, '${name}' from users where role = 'admin' limit 1`,
      );
      return id;
    },
    async upload(query, { name, bytes }, authorization = ADMIN) {
      const form = new FormData();
      form.append("saveFile", new File([bytes], name));
      const search = new URLSearchParams(
        Object.entries({ rom_id: romId, ...query }).map(([key, value]) => [key, String(value)]),
      );
      return await library.get<SaveBody>(`/api/saves?${search}`, {
        method: "POST",
        body: form,
        headers: { authorization },
      });
    },
    async replace(saveId, bytes, deviceId) {
      const body = new FormData();
      body.append("saveFile", new File([bytes], "replaced.srm"));
      return await library.get<SaveBody>(`/api/saves/${saveId}?device_id=${deviceId}`, {
        method: "PUT",
        body,
      });
    },
    async acknowledge(saveId, deviceId) {
      return await library.get<SaveBody>(`/api/saves/${saveId}/downloaded`, {
        method: "POST",
        headers: { authorization: ADMIN, "content-type": "application/json" },
        body: JSON.stringify({ device_id: deviceId }),
      });
    },
    async read(saveId) {
      const response = await library.app.fetch(`/api/saves/${saveId}/content`, {
        headers: { authorization: ADMIN },
      });
      return await response.text();
    },
    close: () => library.close(),
  };
}
