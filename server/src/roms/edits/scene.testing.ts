/** A library with three accounts, and short ways to what changes and removes roms behind both doors. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestAppOptions } from "../../app/testing.ts";
import { ADMIN, type Answer, type Call, callApp, VIEWER } from "../../auth/calls.testing.ts";
import { addEditor, EDITOR } from "../../permissions/scene.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

export { ADMIN, EDITOR, VIEWER };

/** What a form holds: texts, and files. */
export type FormFields = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/** What these tests read of a rom in the compatible shape. */
export interface WireRom {
  readonly id: number;
  readonly platform_id: number;
  readonly fs_name: string;
  readonly full_path: string;
  readonly name: string;
  readonly name_sort_key: string;
  readonly slug: string | null;
  readonly summary: string | null;
  readonly igdb_id: number | null;
  readonly regions: readonly string[];
  readonly metadatum: Readonly<Record<string, unknown>>;
  readonly igdb_metadata: object;
  readonly manual_metadata: object;
  readonly path_cover_small: string;
  readonly path_cover_large: string;
  readonly url_cover: string;
  readonly url_manual: string;
  readonly missing_from_fs: boolean;
  readonly updated_at: string;
  readonly files: readonly { readonly id: number; readonly full_path: string }[];
}

/** What a call of the tRPC door gave. */
export interface RpcAnswer {
  readonly status: number;
  readonly data: unknown;
  /** Of an error. */
  readonly code: string | undefined;
  readonly details: unknown;
}

export interface RomScene {
  readonly library: TestLibrary;
  /** Calls a path below `/api/roms` as the administrator unless said. */
  call(path: string, call?: Call): Promise<Answer>;
  /** Changes a rom by a form. */
  edit(path: string, fields: FormFields, authorization?: string | null): Promise<Answer & { rom: WireRom }>;
  read(romId: number): Promise<WireRom>;
  /** Calls a mutation below `roms.`. */
  tell(procedure: string, input: unknown, authorization?: string | null): Promise<RpcAnswer>;
  hideFrom(username: string, romId: number): Promise<void>;
  /** Changes of the library that were announced while `work` ran. */
  listEvents(work: () => Promise<unknown>): Promise<readonly string[]>;
  /** Names in a folder below the base folder, sorted; none when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens the scene: an administrator, the viewer `ana`, and the editor `edda`. */
export async function openRomScene(options: TestAppOptions = {}): Promise<RomScene> {
  const library = await openLibrary(options);
  const { app } = library;
  await addEditor(app);
  const call: RomScene["call"] = (path, more) =>
    callApp(app, `/api/roms${path}`, { authorization: ADMIN, ...more });
  return {
    library,
    call,
    async edit(path, fields, authorization = ADMIN) {
      const body = new FormData();
      for (const [name, value] of Object.entries(fields)) {
        if (typeof value === "string") body.append(name, value);
        else body.append(name, new Blob([value]), "cover.bin");
      }
      const headers: Record<string, string> = authorization === null ? {} : { authorization };
      const response = await app.fetch(`/api/roms${path}`, { method: "PUT", headers, body });
      const text = await response.text();
      const isJson = response.headers.get("content-type") === "application/json";
      const json = isJson ? (JSON.parse(text) as unknown) : undefined;
      return { status: response.status, headers: response.headers, text, json, rom: json as WireRom };
    },
    read: async (romId) => (await call(`/${romId}`)).json as WireRom,
    async tell(procedure, json, authorization = ADMIN) {
      const proof = authorization === null ? {} : { authorization };
      const answer = await callApp(app, `/trpc/roms.${procedure}`, { ...proof, json });
      const { result, error } = answer.json as {
        result?: { data: unknown };
        error?: { data: { code: string; details: unknown } };
      };
      const { status } = answer;
      return { status, data: result?.data, code: error?.data.code, details: error?.data.details };
    },
    async hideFrom(username, romId) {
      const { sql } = app.database.handle;
      const [user] = await sql<{ id: number }[]>`select id from users where username = ${username}`;
      const json = { entity: "roms", entity_id: romId, user_id: user?.id };
      await callApp(app, "/api/permissions/hidden", { authorization: ADMIN, json });
    },
    async listEvents(work) {
      const told: string[] = [];
      const stop = app.ports.events.on("library", ({ data }) => {
        told.push(`${data.change} ${data.ids.join(",")}`);
      });
      await work();
      stop();
      return told;
    },
    list: async (path) => (await readdir(join(app.basePath, path)).catch(() => [])).toSorted(),
    close: () => library.close(),
  };
}
