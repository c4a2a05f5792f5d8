/** A server with accounts, and short ways to its two doors. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import { ADMIN, type Answer, addAccounts, basic, type Call, callApp } from "../auth/calls.testing.ts";
import { inputOf } from "../rpc/kit.testing.ts";
import { hashPassword } from "../users/passwords/service.ts";

/** May change the library and does not administrate. */
export const EDITOR = basic("edda", "editorpass");

/** What a call of the tRPC door gave. */
export interface RpcAnswer {
  readonly status: number;
  readonly data: unknown;
  /** Of an error. */
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** The server; an administrator calls unless said. */
export interface TwoDoors {
  readonly app: TestApp;
  call(path: string, call?: Call): Promise<Answer>;
  ask(procedure: string, input?: unknown, authorization?: string | null): Promise<RpcAnswer>;
  tell(procedure: string, input: unknown, authorization?: string | null): Promise<RpcAnswer>;
  readFile(): Promise<string>;
  writeFile(text: string): Promise<void>;
}

/** Status and body of an answer. */
export const seen = ({ status, json }: Answer): readonly unknown[] => [status, json];

/** Opens the scene; its app has to be closed. */
export async function openTwoDoors(options: TestAppOptions = {}): Promise<TwoDoors> {
  const app = await createTestApp(options);
  await addAccounts(app);
  await addEditor(app);
  const path = join(app.basePath, "config", "config.yml");
  const rpc = async (name: string, call: Call): Promise<RpcAnswer> => {
    const { status, json } = await callApp(app, `/trpc/${name}`, call);
    const { result, error } = json as {
      result?: { data: unknown };
      error?: { message: string; data: { code: string } };
    };
    return { status, data: result?.data, code: error?.data.code, message: error?.message };
  };
  const as = (authorization: string | null) => (authorization === null ? {} : { authorization });
  return {
    app,
    call: (target, call = {}) => callApp(app, target, { authorization: ADMIN, ...call }),
    ask: (name, input, authorization = ADMIN) =>
      rpc(`${name}${input === undefined ? "" : `?${inputOf(input)}`}`, as(authorization)),
    tell: (name, input, authorization = ADMIN) => rpc(name, { json: input, ...as(authorization) }),
    readFile: () => readFile(path, "utf8"),
    async writeFile(text) {
      await writeFile(path, text);
      // Drops what was read: a test does not wait for the next look at the file.
      await app.ports.settings.change(() => []);
    },
  };
}

async function addEditor(app: TestApp): Promise<void> {
  const { sql } = app.database.handle;
  const hash = await hashPassword("editorpass", { memoryKib: 8, passes: 1 });
  await sql`
    insert into users (username, hashed_password, permission_group_id)
    select 'edda', ${hash}, id from permission_groups where name = 'Editor'`;
}
