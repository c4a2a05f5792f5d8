/** Three accounts over some roms, and short ways to send files as they do. */
import { ADMIN, openRomScene, type RomScene } from "../roms/access/scene.testing.ts";

/** A saved, stated or shown file as the compatible API answers it, as far as tests look. */
export interface AssetBody {
  readonly id: number;
  readonly rom_id: number;
  readonly file_name: string;
  readonly file_path: string;
  readonly full_path: string;
  readonly file_size_bytes: number;
  readonly download_path: string;
  readonly emulator: string | null;
  readonly slot: string | null;
  readonly content_hash: string | null;
  readonly origin_device_id: string | null;
  readonly is_public: boolean;
  readonly is_gallery: boolean;
  readonly screenshot: AssetBody | null;
  readonly detail: unknown;
}

/** One file of a form. */
export interface SentFile {
  readonly field: string;
  readonly name: string;
  readonly bytes: string | Uint8Array<ArrayBuffer>;
}

export interface AssetScene extends RomScene {
  /** Sends a form as the administrator unless said. */
  send(
    path: string,
    files: readonly SentFile[],
    how?: { readonly authorization?: string; readonly method?: string },
  ): Promise<{ readonly status: number; readonly body: AssetBody }>;
  /** A device of an account's. */
  addDevice(owner: string): Promise<string>;
  /** How many statements on users' files a call takes; the call is made once before, for what is remembered. */
  countStatements(call: () => Promise<{ readonly status: number }>): Promise<number>;
}

/** Opens the scene. */
export async function openAssetScene(
  environment: Readonly<Record<string, string>> = {},
): Promise<AssetScene> {
  const scene = await openRomScene(environment);
  const { app } = scene.library;
  let deviceCount = 0;
  let statements: string[] | null = null;
  const { sql } = app.database.handle;
  const send = sql.unsafe;
  const listen: typeof send = (text, ...rest) => {
    if (/\b(?:saves|states|screenshots|roms)\b/.test(text)) statements?.push(text);
    return send(text, ...rest);
  };
  sql.unsafe = listen;
  return {
    ...scene,
    async send(path, files, { authorization = ADMIN, method = "POST" } = {}) {
      const body = new FormData();
      for (const { field, name, bytes } of files) body.append(field, new File([bytes], name));
      const response = await app.fetch(path, { method, body, headers: { authorization } });
      return { status: response.status, body: (await response.json()) as AssetBody };
    },
    async addDevice(owner) {
      deviceCount += 1;
      const id = `device-${deviceCount}`;
      await scene.library.change(
        `insert into devices (id, user_id, name) values ('${id}', ${scene.userIds[owner]}, '${id}')`,
      );
      return id;
    },
    async countStatements(call) {
      await call();
      const own: string[] = [];
      statements = own;
      const { status } = await call();
      statements = null;
      if (status !== 200) throw new RangeError(`the call answered ${status}`);
      return own.length;
    },
  };
}
