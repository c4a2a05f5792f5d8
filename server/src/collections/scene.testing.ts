/** A library with roms, four accounts, and short ways to the collections behind both doors. */
import { ADMIN, type Answer, type Call, callApp, VIEWER } from "../auth/calls.testing.ts";
import { addEditor, EDITOR } from "../permissions/scene.testing.ts";
import { openLibrary, type TestLibrary } from "../roms/library.testing.ts";
import { inputOf } from "../rpc/kit.testing.ts";

export { ADMIN, EDITOR, VIEWER };

/** What a form holds: texts, and files. */
export type FormFields = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/** A collection in the compatible shape. */
export interface WireCollection {
  readonly id: number;
  readonly name: string;
  readonly rom_ids: readonly number[];
  readonly rom_count: number;
  readonly path_cover_small: string | null;
  readonly path_cover_large: string | null;
  readonly path_covers_small: readonly string[];
  readonly is_public: boolean;
  readonly is_favorite: boolean;
  readonly url_cover: string;
  readonly updated_at: string;
}

/** What a call of the tRPC door gave. */
export interface RpcAnswer {
  readonly status: number;
  readonly data: unknown;
  /** Of an error. */
  readonly code: string | undefined;
}

export interface CollectionScene {
  readonly library: TestLibrary;
  /** Ids of the roms `A.gba` to `E.gba`, in this order. */
  readonly romIds: readonly number[];
  readonly platformId: number;
  /** Calls a path below `/api/collections` as the administrator unless said. */
  call(path: string, call?: Call): Promise<Answer>;
  /** The same with a multipart form. */
  send(method: "POST" | "PUT", path: string, fields: FormFields, authorization?: string): Promise<Answer>;
  /** Makes a collection; returns what the door says of it. */
  add(query: string, fields: FormFields, authorization?: string): Promise<WireCollection>;
  read(collectionId: number, authorization?: string): Promise<WireCollection>;
  /** Calls a query below `collections.`. */
  ask(procedure: string, input: unknown, authorization?: string | null): Promise<RpcAnswer>;
  /** Calls a mutation below `collections.`. */
  tell(procedure: string, input: unknown, authorization?: string | null): Promise<RpcAnswer>;
  /** Topics of the events that came while `work` ran. */
  listEvents(work: () => Promise<unknown>): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens the scene: an administrator, the viewer `ana`, and the editor `edda`. */
export async function openCollectionScene(
  environment: Readonly<Record<string, string>> = {},
): Promise<CollectionScene> {
  const library = await openLibrary({ environment });
  const { app } = library;
  await addEditor(app);
  const names = ["A.gba", "B.gba", "C.gba", "D.gba", "E.gba"];
  const added = await library.addRoms("gba", names);
  const call: CollectionScene["call"] = (path, options) =>
    callApp(app, `/api/collections${path}`, { authorization: ADMIN, ...options });
  const send: CollectionScene["send"] = async (method, path, fields, authorization = ADMIN) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === "string") body.append(name, value);
      else body.append(name, new Blob([value]), "cover.bin");
    }
    const response = await app.fetch(`/api/collections${path}`, { method, headers: { authorization }, body });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    const json = isJson ? (JSON.parse(text) as unknown) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  };
  const rpc = async (path: string, options: Call): Promise<RpcAnswer> => {
    const { status, json } = await callApp(app, `/trpc/collections.${path}`, options);
    const { result, error } = json as { result?: { data: unknown }; error?: { data: { code: string } } };
    return { status, data: result?.data, code: error?.data.code };
  };
  const withProof = (authorization: string | null) => (authorization === null ? {} : { authorization });
  return {
    library,
    romIds: names.map((name) => added[name] ?? 0),
    platformId: await library.addPlatform("gba"),
    call,
    send,
    add: async (query, fields, authorization) =>
      (await send("POST", query, fields, authorization)).json as WireCollection,
    read: async (collectionId, authorization = ADMIN) =>
      (await call(`/${collectionId}`, { authorization })).json as WireCollection,
    ask: (procedure, input, authorization = ADMIN) =>
      rpc(`${procedure}?${inputOf(input)}`, withProof(authorization)),
    tell: (procedure, input, authorization = ADMIN) =>
      rpc(procedure, { ...withProof(authorization), json: input }),
    async listEvents(work) {
      const topics: string[] = [];
      const stops = (["library", "saves", "tasks", "permissions"] as const).map((topic) =>
        app.ports.events.on(topic, () => void topics.push(topic)),
      );
      await work();
      for (const stop of stops) stop();
      return topics;
    },
    close: () => library.close(),
  };
}
