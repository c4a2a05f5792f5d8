import type { RegisterInput } from "@multitap/server/contract/auth/invites";
import type { CreateUserInput, UpdateUserInput } from "@multitap/server/contract/users";
import type * as v from "valibot";
import type { Client, CreateUser, Invite, RegisterUser, UpdateUser, User } from "../index.ts";

/** Compiles only when the first type can be given where the second is asked for. */
type Fits<A, B> = [A] extends [B] ? true : never;

/** What the calls send is what the operations take. */
export const sentInputs: readonly true[] = [
  true satisfies Fits<Required<{ [K in keyof CreateUser]-?: string }>, v.InferInput<typeof CreateUserInput>>,
  true satisfies Fits<{ userId: number } & Defined<UpdateUser>, v.InferInput<typeof UpdateUserInput>>,
  true satisfies Fits<{ [K in keyof RegisterUser]-?: string }, v.InferInput<typeof RegisterInput>>,
];

/** On their way as JSON, undefined values are left out. */
type Defined<T> = { -readonly [K in keyof T]?: Mutable<Exclude<T[K], undefined>> };
type Mutable<T> = T extends Readonly<Record<string, unknown>> ? Record<string, unknown> : T;

/** What callers write. */
export async function calls({ users }: Client): Promise<void> {
  const created: User = await users.create({ username: "ana", password: "a password", role: "viewer" });
  // @ts-expect-error a role has a name
  await users.create({ username: "ana", password: "a password", role: "root" });
  // @ts-expect-error an account has a password
  await users.create({ username: "ana" });
  await users.update(created.id, { email: undefined, uiSettings: { theme: "dark" } });
  // @ts-expect-error the picture goes another way
  await users.update(created.id, { avatar: new Uint8Array() });
  // @ts-expect-error whoever was invited chooses no role
  await users.register({ token: "t", username: "ana", password: "a password", role: "admin" });
  const invite: Invite = await users.invite({ role: "editor", expiresInSeconds: 60 });
  invite.url satisfies string | null;
  await users.updateAvatar(created.id, new Uint8Array(), { timeoutMs: 5_000 });
  // @ts-expect-error bytes, not the name of a file
  await users.updateAvatar(created.id, "me.png");
}
