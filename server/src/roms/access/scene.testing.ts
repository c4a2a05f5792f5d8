/** A library with roms of one platform, three accounts, and short ways to what they keep beside roms. */
import { ADMIN, type Answer, type Call, callApp, VIEWER } from "../../auth/calls.testing.ts";
import { TOPICS } from "../../base/events.ts";
import { addEditor, EDITOR } from "../../permissions/scene.testing.ts";
import type { RaisedEvent } from "../../ports/events/port.ts";
import { inputOf } from "../../rpc/kit.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

export { ADMIN, EDITOR, VIEWER };

/** What a call of the tRPC door gave. */
export interface RpcAnswer {
  readonly status: number;
  readonly data: unknown;
  /** Of an error. */
  readonly code: string | undefined;
}

export interface RomScene {
  readonly library: TestLibrary;
  /** The roms `A.gba`, `B.gba` and `C.gba`; the first two are siblings. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** A rom that is hidden from the viewer. */
  readonly secret: number;
  /** Ids of accounts by name. */
  readonly userIds: Readonly<Record<string, number>>;
  /** Calls the REST door as the administrator unless said. */
  call(path: string, call?: Call): Promise<Answer>;
  /** Calls a query of the tRPC door. */
  ask(procedure: string, input: unknown, authorization?: string): Promise<RpcAnswer>;
  /** Calls a mutation of the tRPC door. */
  tell(procedure: string, input: unknown, authorization?: string): Promise<RpcAnswer>;
  /** Events that came while `work` ran. */
  listEvents(work: () => Promise<unknown>): Promise<readonly RaisedEvent[]>;
  close(): Promise<void>;
}

/** Opens the scene: an administrator, the viewer `ana` and the editor `edda`. */
export async function openRomScene(environment: Readonly<Record<string, string>> = {}): Promise<RomScene> {
  const library = await openLibrary({ environment });
  const { app } = library;
  await addEditor(app);
  const added = await library.addRoms("gba", ["A.gba", "B.gba", "C.gba", "Secret.gba"]);
  const idOf = (name: string) => added[name] ?? 0;
  await library.change("update roms set igdb_id = 7 where fs_name in ('A.gba', 'B.gba')");
  const { sql } = app.database.handle;
  const accounts = await sql<{ id: number; username: string }[]>`select id, username from users`;
  const userIds = Object.fromEntries(accounts.map(({ id, username }) => [username, id]));
  const secret = idOf("Secret.gba");
  const json = { entity: "roms", entity_id: secret, user_id: userIds.ana };
  await callApp(app, "/api/permissions/hidden", { authorization: ADMIN, json });
  const rpc = async (path: string, call: Call): Promise<RpcAnswer> => {
    const answer = await callApp(app, `/trpc/${path}`, call);
    const { result, error } = answer.json as {
      result?: { data: unknown };
      error?: { data: { code: string } };
    };
    return { status: answer.status, data: result?.data, code: error?.data.code };
  };
  return {
    library,
    a: idOf("A.gba"),
    b: idOf("B.gba"),
    c: idOf("C.gba"),
    secret,
    userIds,
    call: (path, call) => callApp(app, path, { authorization: ADMIN, ...call }),
    ask: (procedure, input, authorization = ADMIN) =>
      rpc(`${procedure}?${inputOf(input)}`, { authorization }),
    tell: (procedure, input, authorization = ADMIN) => rpc(procedure, { authorization, json: input }),
    async listEvents(work) {
      const events: RaisedEvent[] = [];
      const stops = TOPICS.map((topic) => app.ports.events.on(topic, (event) => void events.push(event)));
      await work();
      for (const stop of stops) stop();
      return events;
    },
    close: () => library.close(),
  };
}
