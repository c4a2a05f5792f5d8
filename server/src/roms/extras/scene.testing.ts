/** A scanned library on disk, its accounts, and short ways to what lies beside roms. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ADMIN, type Answer, addAccounts, type Call, callApp, VIEWER } from "../../auth/calls.testing.ts";
import { addEditor, EDITOR } from "../../permissions/scene.testing.ts";
import { openScannedLibrary, type ScannedLibrary } from "../../scan/scan.testing.ts";

export { ADMIN, EDITOR, VIEWER };

export interface ExtraScene {
  readonly library: ScannedLibrary;
  /** Calls a path as the administrator unless said. */
  call(path: string, call?: Call): Promise<Answer>;
  /** Uploads a file under its name; `fieldName` and `header` differ only where a test says so. */
  upload(path: string, upload: Upload): Promise<Answer>;
  /** The id of the rom of that name. */
  romId(fsName: string): Promise<number>;
  /** Names in a folder below the library; none when it is not there. */
  names(path: string): Promise<readonly string[]>;
  /** The same below the resources. */
  resources(path: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A rom in the compatible shape. */
export interface WireRom {
  readonly id: number;
  readonly fs_name: string;
  readonly fs_size_bytes: number;
  readonly has_simple_single_file: boolean;
  readonly has_nested_single_file: boolean;
  readonly has_soundtrack: boolean;
  readonly sha1_hash: string;
  readonly path_manual: string | null;
  readonly files: readonly {
    id: number;
    full_path: string;
    sha1_hash: string;
    category: string;
    track_meta: unknown;
  }[];
}
/** What to upload, and as whom. */
export interface Upload {
  readonly name: string;
  readonly bytes: string | Uint8Array<ArrayBuffer>;
  readonly fieldName?: string | undefined;
  readonly header?: string | null | undefined;
  readonly authorization?: string | undefined;
}

/** Opens the scene over files below `roms/gba`, which have been scanned. */
export async function openExtraScene(
  files: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ExtraScene> {
  const library = await openScannedLibrary({ environment });
  const { app } = library;
  await addAccounts(app);
  await addEditor(app);
  for (const file of files) await library.put(`roms/gba/${file}`);
  await library.scan();
  const list = async (path: string) => (await readdir(path).catch(() => [])).toSorted();
  return {
    library,
    call: (path, options) => callApp(app, path, { authorization: ADMIN, ...options }),
    async upload(path, { name, bytes, fieldName = name, header = name, authorization = ADMIN }) {
      const body = new FormData();
      body.append(fieldName, new Blob([bytes]), name);
      const headers = { authorization, ...(header === null ? {} : { "x-upload-filename": header }) };
      const response = await app.fetch(path, { method: "POST", headers, body });
      const text = await response.text();
      const isJson = response.headers.get("content-type") === "application/json";
      const json = isJson ? (JSON.parse(text) as unknown) : undefined;
      return { status: response.status, headers: response.headers, text, json };
    },
    async romId(fsName) {
      return (await library.roms()).find((rom) => rom.fsName === fsName)?.id ?? 0;
    },
    names: (path) => list(join(app.basePath, "library", path)),
    resources: (path) => list(join(app.facts.resourcesPath, path)),
    close: () => library.close(),
  };
}
