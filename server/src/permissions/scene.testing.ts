/** A server with an administrator, a viewer, an editor and one who holds an administrator's scopes only. */
import { createTestApp, type TestApp } from "../app/testing.ts";
import { ADMIN, type Answer, addAccounts, basic, type Call, callApp } from "../auth/calls.testing.ts";
import { inputOf } from "../rpc/kit.testing.ts";
import { hashPassword } from "../users/passwords/service.ts";

export const EDITOR = basic("edda", "editorpass");
/** Holds the scopes of administrators over users and is none. */
export const DEPUTY = basic("dora", "deputypass");

/** A group in the compatible shape. */
export interface WireGroup {
  readonly id: number;
  readonly name: string;
  readonly is_default: boolean;
  readonly member_count: number;
  readonly grants: readonly { readonly entity: string; readonly action: string }[];
}

/** What a call of the tRPC door gave. */
export interface RpcAnswer {
  readonly status: number;
  readonly data: unknown;
  /** Of an error. */
  readonly code: string | undefined;
}

/** The server, and short ways to both doors of this domain; the administrator calls unless said. */
export interface PermissionScene {
  readonly app: TestApp;
  /** By user name. */
  readonly userIds: Readonly<Record<string, number>>;
  /** By group name. */
  readonly groupIds: Readonly<Record<string, number>>;
  call(path: string, options?: Call): Promise<Answer>;
  put(path: string, json: unknown): Promise<Answer>;
  remove(path: string, json?: unknown): Promise<Answer>;
  /** Calls a query of the tRPC door. */
  ask(procedure: string, input?: unknown, authorization?: string): Promise<RpcAnswer>;
  /** Calls a mutation of the tRPC door. */
  tell(procedure: string, input: unknown, authorization?: string): Promise<RpcAnswer>;
  /** Makes a group; returns its id. */
  addGroup(name: string, fields?: object): Promise<number>;
  /** Accounts that were told of a change while `work` ran, in order. */
  listTold(work: () => Promise<unknown>): Promise<readonly number[]>;
  /** Whom or what the audit log names for an action. */
  listAudit(action: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Status and body of an answer. */
export const seen = ({ status, json }: Answer): readonly unknown[] => [status, json];

/** Opens the scene with one platform, of the id 1. */
export async function openPermissionScene(
  environment: Readonly<Record<string, string>> = {},
): Promise<PermissionScene> {
  const app = await createTestApp({ environment });
  await addAccounts(app);
  await addOthers(app);
  const { sql } = app.database.handle;
  const users = await sql<{ id: number; name: string }[]>`select id, username as name from users`;
  const groups = await sql<{ id: number; name: string }[]>`select id, name from permission_groups`;
  const byName = (rows: typeof users) => Object.fromEntries(rows.map(({ id, name }) => [name, id] as const));
  const call = (path: string, options: Call = {}) =>
    callApp(app, `/api/permissions${path}`, { authorization: ADMIN, ...options });
  const rpc = async (path: string, options: Call): Promise<RpcAnswer> => {
    const { status, json } = await callApp(app, `/trpc/permissions.${path}`, options);
    const { result, error } = json as { result?: { data: unknown }; error?: { data: { code: string } } };
    return { status, data: result?.data, code: error?.data.code };
  };
  return {
    app,
    userIds: byName(users),
    groupIds: byName(groups),
    call,
    put: (path, json) => call(path, { method: "PUT", json }),
    remove: (path, json) => call(path, { method: "DELETE", json }),
    ask: (procedure, input, authorization = ADMIN) =>
      rpc(`${procedure}${input === undefined ? "" : `?${inputOf(input)}`}`, { authorization }),
    tell: (procedure, input, authorization = ADMIN) => rpc(procedure, { authorization, json: input }),
    async addGroup(name, fields = {}) {
      const { json } = await call("/groups", { json: { name, ...fields } });
      return (json as WireGroup).id;
    },
    async listTold(work) {
      const told: number[] = [];
      const stop = app.ports.events.on("permissions", ({ userId, data }) => {
        // An event for somebody else would count as one for nobody.
        told.push(userId === data.userId ? userId : -1);
      });
      await work();
      stop();
      return told;
    },
    async listAudit(action) {
      const rows = await sql<{ subject: string }[]>`
        select subject from audit_log where action = ${action} order by id`;
      return rows.map((row) => row.subject);
    },
    close: () => app.close(),
  };
}

const hash = (password: string) => hashPassword(password, { memoryKib: 8, passes: 1 });

/** Adds the editor `edda`, whose password is `editorpass`. */
export async function addEditor(app: TestApp): Promise<void> {
  const { sql } = app.database.handle;
  await sql`insert into users (username, hashed_password, permission_group_id)
    select 'edda', ${await hash("editorpass")}, id from permission_groups where name = 'Editor'`;
}

async function addOthers(app: TestApp): Promise<void> {
  const { sql } = app.database.handle;
  await addEditor(app);
  await sql`insert into users (username, hashed_password) values ('dora', ${await hash("deputypass")})`;
  await sql`insert into user_permission_overrides (user_id, entity, action, granted, own_only)
    select id, 'users', unnest(array['read', 'write']), true, false from users where username = 'dora'`;
  await sql`insert into platforms (slug, fs_slug, name, name_sort_key) values ('gba', 'gba', 'GBA', 'gba')`;
}
