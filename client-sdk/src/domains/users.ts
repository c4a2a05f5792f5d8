import type { Invite } from "@multitap/server/contract/auth/invites";
import type { CurrentUser, User } from "@multitap/server/contract/users";
import { type HttpParts, request } from "../http/rest.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What a role may be called; the older `viewer` and `editor` pick the group of that name. */
export type RoleName = "user" | "viewer" | "editor" | "admin";

/** What a new account is made of. */
export interface CreateUser {
  /** Three characters or more: letters, digits, `_` and `-`. Stored in lower case. */
  readonly username: string;
  /** Six characters or more. */
  readonly password: string;
  /** None unless said. */
  readonly email?: string | undefined;
  /** `user` unless said. */
  readonly role?: RoleName | undefined;
}

/** What changes of an account; what is left out stays. */
export interface UpdateUser {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** "" for none. */
  readonly email?: string | undefined;
  /** Ignored on oneself. */
  readonly role?: RoleName | undefined;
  /** Whether the account may sign in; ignored on oneself. */
  readonly isEnabled?: boolean | undefined;
  /** Name at RetroAchievements; "" for none. */
  readonly raUsername?: string | undefined;
  /** Whatever the app keeps with the account; replaces all of it, other apps' part too. */
  readonly uiSettings?: Readonly<Record<string, unknown>> | undefined;
}

/** What somebody who was invited chooses. */
export interface RegisterUser {
  /** Of an invite. */
  readonly token: string;
  readonly username: string;
  readonly password: string;
  /** None unless said. */
  readonly email?: string | undefined;
}

/** The accounts of the server. */
export interface Users {
  /**
   * Reads the account that this client speaks for.
   * @example
   * const { username, scopes } = await client.users.me();
   */
  me(options?: CallOptions): Promise<CurrentUser>;
  /**
   * Gives every account, in the order in which they were made; needs `users.read`.
   * @example
   * const names = (await client.users.list()).map((user) => user.username);
   */
  list(options?: CallOptions): Promise<readonly User[]>;
  /**
   * Reads any account; needs `users.read`.
   * @throws MultitapError `not_found`.
   * @example
   * const { lastActiveAt } = await client.users.get(7);
   */
  get(userId: number, options?: CallOptions): Promise<User>;
  /**
   * Makes an account; needs `users.write`, and to be an administrator for another one.
   * @throws MultitapError `conflict`: `USER_NAME_TAKEN` or `USER_EMAIL_TAKEN`; `invalid` with a sentence for people.
   * @example
   * const { id } = await client.users.create({ username: "ana", password });
   */
  create(input: CreateUser, options?: WriteOptions): Promise<User>;
  /**
   * Changes an account: the client's own, or any as an administrator. A new name or password signs browsers out.
   * @throws MultitapError as for `create`; `conflict` (`USER_LAST_ADMIN`), `not_found`, `forbidden`.
   * @example
   * await client.users.update(7, { email: "ana@example.com" });
   */
  update(userId: number, changes: UpdateUser, options?: WriteOptions): Promise<User>;
  /**
   * Replaces the picture of an account: PNG, JPEG, WebP or the first frame of a GIF, of 5 MiB at most. The server
   * stores it no larger than 512 by 512 and without what a camera wrote beside the pixels.
   * @throws MultitapError `invalid` with a sentence for people, `too_large`, `forbidden`, `not_found`.
   * @example
   * await client.users.updateAvatar(7, await file.bytes());
   */
  updateAvatar(userId: number, bytes: Uint8Array<ArrayBuffer> | Blob, options?: CallOptions): Promise<void>;
  /**
   * Removes an account with everything that belongs to it; needs `users.write`.
   * @throws MultitapError `not_found`, `invalid` for one's own, `conflict` (`USER_LAST_ADMIN`).
   * @example
   * await client.users.remove(7);
   */
  remove(userId: number, options?: WriteOptions): Promise<void>;
  /**
   * Makes an invite for one account; needs `users.write`. Counts for ten minutes unless the operator or the
   * caller says otherwise.
   * @throws MultitapError `forbidden` for an administrator's role without being one.
   * @example
   * const { url, token } = await client.users.invite({ role: "user", expiresInSeconds: 86_400 });
   */
  invite(
    input: { readonly role: RoleName; readonly expiresInSeconds?: number | undefined },
    options?: WriteOptions,
  ): Promise<Invite>;
  /**
   * Makes an account with an invite; needs no sign-in.
   * @throws MultitapError `invalid` (`INVITE_TOKEN_INVALID`) for an invite that does not count, and as for `create`.
   * @example
   * await client.users.register({ token, username: "ana", password });
   */
  register(input: RegisterUser, options?: WriteOptions): Promise<User>;
  /**
   * Asks for a link that resets a password; needs no sign-in. It goes to the account's address, or to the
   * server's log. Never tells whether there is such an account.
   * @throws MultitapError `rate_limited`.
   * @example
   * await client.users.askPasswordReset("ana");
   */
  askPasswordReset(username: string, options?: WriteOptions): Promise<void>;
  /**
   * Sets a new password with the token of such a link; needs no sign-in. Ends all other sign-ins by password.
   * @throws MultitapError `invalid`: `RESET_TOKEN_INVALID` or `USER_PASSWORD_INVALID`.
   * @example
   * await client.users.resetPassword({ token, newPassword });
   */
  resetPassword(
    input: { readonly token: string; readonly newPassword: string },
    options?: WriteOptions,
  ): Promise<void>;
}

/** Builds the calls of this domain. */
export function createUsers(rpc: Rpc, http: HttpParts): Users {
  return {
    me: (options) => rpc.query("users.me", {}, options),
    list: (options) => rpc.query("users.list", {}, options),
    get: (userId, options) => rpc.query("users.get", { userId }, options),
    create(input, options) {
      const { email = "", role = "user" } = input;
      return rpc.mutate("users.create", { ...input, email, role }, options);
    },
    update: (userId, changes, options) => rpc.mutate("users.update", { userId, ...changes }, options),
    async updateAvatar(userId, bytes, options) {
      const body = new FormData();
      body.append("avatar", bytes instanceof Blob ? bytes : new Blob([bytes]), "avatar");
      const init = { method: "PUT", body };
      const call = { operation: "users.updateAvatar", options, init };
      const response = await request(http, `/api/users/${userId}`, call);
      await response.body?.cancel();
    },
    async remove(userId, options) {
      await rpc.mutate("users.remove", { userId }, options);
    },
    invite: (input, options) => rpc.mutate("users.invite", input, options),
    register(input, options) {
      const { email = "" } = input;
      return rpc.mutate("users.register", { ...input, email }, options);
    },
    async askPasswordReset(username, options) {
      await rpc.mutate("users.askPasswordReset", { username }, options);
    },
    async resetPassword(input, options) {
      await rpc.mutate("users.resetPassword", input, options);
    },
  };
}
