/** A library with tracks in the database, its accounts, and short ways to music behind both doors. */
import { ADMIN, type Answer, type Call, callApp, VIEWER } from "../auth/calls.testing.ts";
import { addEditor, EDITOR } from "../permissions/scene.testing.ts";
import { openLibrary, type TestLibrary } from "../roms/library.testing.ts";
import { inputOf } from "../rpc/kit.testing.ts";

export { ADMIN, EDITOR, VIEWER };

/** A track to add; what is left out has no tag. */
export interface AddedTrack {
  readonly rom: string;
  readonly title?: string;
  readonly artist?: string;
  readonly album?: string;
  readonly genre?: string;
  readonly year?: number;
  readonly duration?: number;
}

/** A track in the compatible shape. */
export interface WireTrack {
  readonly rom_file_id: number;
  readonly title: string | null;
  readonly is_favorite: boolean;
}

/** One page in the compatible shape. */
export interface WirePage<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

export interface MusicScene {
  readonly library: TestLibrary;
  readonly platformId: number;
  /** By file name. */
  readonly romIds: Readonly<Record<string, number>>;
  /** Adds tracks; gives the ids of their files. */
  add(tracks: readonly AddedTrack[]): Promise<readonly number[]>;
  /** Calls a path below `/api/music` as the administrator unless said. */
  call(path: string, call?: Call): Promise<Answer>;
  /** Titles of a page of tracks. */
  titles(path: string, authorization?: string): Promise<readonly (string | null)[]>;
  /** Calls a query below `music.`; the data, or the code of the error. */
  ask(procedure: string, input: unknown, authorization?: string): Promise<unknown>;
  /** Calls a mutation below `music.`; the data, or the code of the error. */
  tell(procedure: string, input: unknown, authorization?: string): Promise<unknown>;
  /** Hides a rom from an account. */
  hide(fsName: string, username: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the scene over the roms `A.gba` and `B.gba`, without tracks. */
export async function openMusicScene(): Promise<MusicScene> {
  const library = await openLibrary({ environment: { MULTITAP_RESPONSE_CACHE: "false" } });
  const { app } = library;
  await addEditor(app);
  const romIds = await library.addRoms("gba", ["A.gba", "B.gba"]);
  const { sql } = app.database.handle;
  const call: MusicScene["call"] = (path, options) =>
    callApp(app, `/api/music${path}`, { authorization: ADMIN, ...options });
  const rpc = async (path: string, options: Call) => {
    const { json } = await callApp(app, `/trpc/music.${path}`, options);
    const { result, error } = json as { result?: { data: unknown }; error?: { data: { code: string } } };
    return error === undefined ? result?.data : error.data.code;
  };
  let next = 0;
  return {
    library,
    romIds,
    platformId: await library.addPlatform("gba"),
    async add(tracks) {
      const ids: number[] = [];
      for (const track of tracks) {
        next += 1;
        const romId = romIds[track.rom] ?? 0;
        const [file] = await sql<
          { id: number }[]
        >`insert into rom_files (rom_id, file_name, file_path, category)
          values (${romId}, ${`${String(next).padStart(3, "0")} (x).mp3`}, 'roms/gba/x/soundtrack', 'soundtrack') returning id`;
        const {
          title = null,
          artist = null,
          album = null,
          genre = null,
          year = null,
          duration = null,
        } = track;
        await sql`insert into track_meta (rom_file_id, rom_id, title, artist, album, genre, year, duration_seconds)
          values (${file?.id ?? 0}, ${romId}, ${title}, ${artist}, ${album}, ${genre}, ${year}, ${duration})`;
        ids.push(file?.id ?? 0);
      }
      return ids;
    },
    call,
    async titles(path, authorization = ADMIN) {
      const { json } = await call(path, { authorization });
      return (json as WirePage<WireTrack>).items.map(({ title }) => title);
    },
    ask: (procedure, input, authorization = ADMIN) =>
      rpc(`${procedure}?${inputOf(input)}`, { authorization }),
    tell: (procedure, input, authorization = ADMIN) => rpc(procedure, { authorization, json: input }),
    async hide(fsName, username) {
      await sql`insert into hidden_entities (entity, entity_id, user_id)
        select 'roms', ${romIds[fsName] ?? 0}, id from users where username = ${username}`;
    },
    close: () => library.close(),
  };
}
