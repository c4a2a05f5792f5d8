/** An app with one account of every sort, and calls through both doors. */
import { permissionGroups, users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import type { Context } from "../../base/context.ts";
import { ANONYMOUS } from "../../base/identity.ts";
import { findFreshAccount } from "../../users/accounts/service.ts";
import { hashPassword } from "../../users/passwords/service.ts";
import { ADMIN, type Answer, addAccounts, basic, callApp, VIEWER } from "../calls.testing.ts";

/** The header of an account of the Editor group. */
export const EDITOR = basic("edd", "editorpass");
export { ADMIN, VIEWER };

export interface TokenScene {
  readonly app: TestApp;
  /** Forgets every limit that calls have used up. */
  clearLimits(): Promise<void>;
  /** Calls a procedure of the typed door that changes something. */
  mutate(name: string, input: unknown, authorization?: string, headers?: ExtraHeaders): Promise<RpcAnswer>;
  /** Calls a procedure of the typed door that changes nothing. */
  query(name: string, input: unknown, authorization?: string): Promise<RpcAnswer>;
  /** An anonymous call from an address, as its operation sees it. */
  from(address: string, repeatKey?: string): Context;
  /** A token of an account, made through REST. */
  createToken(authorization: string, fields?: Readonly<Record<string, unknown>>): Promise<MadeToken>;
  /** The status that a token's secret is answered with. */
  statusOf(rawToken: string): Promise<number>;
  setEnabled(username: string, isEnabled: boolean): Promise<void>;
  /** Moves an account to another group and gives the one it was in; null is the default group. */
  moveToGroup(username: string, groupId: number | null): Promise<number | null>;
  close(): Promise<void>;
}

type ExtraHeaders = Readonly<Record<string, string>>;

export interface MadeToken {
  readonly id: number;
  readonly raw_token: string;
}

/** What the typed door answered. */
export interface RpcAnswer {
  readonly status: number;
  /** Undefined after a failure. */
  readonly data: unknown;
  /** Null after a success. */
  readonly error: { readonly message: string; readonly kind: string; readonly code: string } | null;
}

export async function openTokenScene(): Promise<TokenScene> {
  const app = await createTestApp();
  await addAccounts(app);
  await addEditor(app);
  const counters = noteCounters(app);
  const call = (path: string, authorization: string | undefined, rest: object) =>
    callApp(app, path, { ...rest, ...(authorization === undefined ? {} : { authorization }) });
  return {
    app,
    async clearLimits() {
      await app.ports.kv.remove([...counters]);
      counters.clear();
    },
    mutate: async (name, input, authorization, headers) =>
      toRpcAnswer(await call(`/trpc/${name}`, authorization, { json: input, headers })),
    query: async (name, input, authorization) => {
      const search = new URLSearchParams({ input: JSON.stringify(input) });
      return toRpcAnswer(await call(`/trpc/${name}?${search}`, authorization, {}));
    },
    from: (address, repeatKey) => ({
      ...app.createContext(ANONYMOUS),
      clientAddress: address,
      ...(repeatKey === undefined ? {} : { idempotency: { key: repeatKey, target: "POST /" } }),
    }),
    async createToken(authorization, fields = {}) {
      const json = { name: "handheld", scopes: ["me.read", "roms.read"], ...fields };
      const { json: made } = await callApp(app, "/api/client-tokens", { authorization, json });
      return made as MadeToken;
    },
    async statusOf(rawToken) {
      return (await callApp(app, "/api/users/me", { authorization: `Bearer ${rawToken}` })).status;
    },
    async setEnabled(username, enabled) {
      const where = eq(users.username, username);
      const [row] = await app.ports.database.update(users).set({ enabled }).where(where).returning();
      await findFreshAccount(app.createContext(), row?.id ?? 0);
    },
    async moveToGroup(username, permissionGroupId) {
      const { database } = app.ports;
      const [old] = await database.select().from(users).where(eq(users.username, username));
      await database.update(users).set({ permissionGroupId }).where(eq(users.username, username));
      // What the process remembers of the account is older.
      await findFreshAccount(app.createContext(), old?.id ?? 0);
      return old?.permissionGroupId ?? null;
    },
    close: () => app.close(),
  };
}

async function addEditor(app: TestApp): Promise<void> {
  const { database } = app.ports;
  const groups = await database.select().from(permissionGroups);
  const editors = groups.find(({ name }) => name.startsWith("Editor"));
  await database.insert(users).values({
    username: "edd",
    permissionGroupId: editors?.id ?? null,
    hashedPassword: await hashPassword("editorpass", { memoryKib: 8, passes: 1 }),
  });
}

function noteCounters({ ports: { kv } }: TestApp): Set<string> {
  const keys = new Set<string>();
  const increment = kv.increment.bind(kv);
  kv.increment = (key, options) => {
    keys.add(key);
    return increment(key, options);
  };
  return keys;
}

function toRpcAnswer({ status, json }: Answer): RpcAnswer {
  const body = json as {
    readonly result?: { readonly data: unknown };
    readonly error?: {
      readonly message: string;
      readonly data: { readonly kind: string; readonly code: string };
    };
  };
  const { error } = body;
  const failure =
    error === undefined ? null : { message: error.message, kind: error.data.kind, code: error.data.code };
  return { status, data: body.result?.data, error: failure };
}
