// The published client against the real server: both sides of every call about accounts.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient, isMultitapError } from "@multitap/client";
import { createTestApp, type TestApp } from "../app/testing.ts";
import { addAccounts, callApp } from "../auth/calls.testing.ts";
import { EDIT_SCOPES, SCOPES, WRITE_SCOPES } from "../base/scopes.ts";
import { makePicture } from "./pictures.testing.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp({ environment: { ROMM_BASE_URL: "https://games.example" } });
  await addAccounts(app);
}, 15_000);
afterAll(() => app.close());

async function open(username?: string, password?: string) {
  const fetch = (url: string, init: RequestInit) => app.fetch(url.replace("http://nas", ""), init);
  if (username === undefined) return createClient({ url: "http://nas", fetch, retry: false });
  // All that the account may do, or the token could not change what opens the account.
  const scopes = { admin: SCOPES, carl: EDIT_SCOPES }[username] ?? WRITE_SCOPES;
  const scope = scopes.join(" ");
  const form = { username, password, scope } as Record<string, string>;
  const pair = (await callApp(app, "/api/token", { form })).json as { access_token: string };
  return createClient({ url: "http://nas", fetch, auth: pair.access_token, retry: false });
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) => (isMultitapError(error) ? `${error.kind} ${error.code}` : String(error)),
  );

describe("client.users", () => {
  test("goes through an account's whole life", async () => {
    const admin = await open("admin", "adminpass");
    const { token, url } = await admin.users.invite({ role: "editor", expiresInSeconds: 60 });
    expect(url).toBe(`https://games.example/register?token=${token}`);
    const stranger = await open();
    const created = await stranger.users.register({ token, username: "Carl", password: "carls password" });
    expect(created).toMatchObject({ username: "carl", email: null, role: "user" });
    const carl = await open("carl", "carls password");
    await carl.users.updateAvatar(created.id, await makePicture("png"));
    const changed = await carl.users.update(created.id, { email: "carl@example.com", role: "admin" });
    expect(changed).toMatchObject({ email: "carl@example.com", role: "user" });
    expect(changed.avatarPath).toEndWith("/profile/avatar.png");
    expect(await admin.users.get(created.id)).toEqual(changed);
    expect((await admin.users.list()).map(({ username }) => username)).toEqual(["admin", "ana", "carl"]);
    await admin.users.remove(created.id);
    expect(await codeOf(admin.users.get(created.id))).toBe("not_found USER_NOT_FOUND");
    await Promise.all([admin.close(), stranger.close(), carl.close()]);
  });

  test("makes accounts", async () => {
    const admin = await open("admin", "adminpass");
    const user = await admin.users.create({ username: "dora", password: "doras password" });
    expect(await admin.users.me()).toMatchObject({ username: "admin", currentDeviceId: null });
    const again = admin.users.create({ username: "dora", password: "doras password" });
    expect(await codeOf(again)).toBe("conflict USER_NAME_TAKEN");
    await admin.users.remove(user.id);
    await admin.close();
  });

  test("says what goes wrong", async () => {
    const stranger = await open();
    await stranger.users.askPasswordReset("nobody");
    const reset = stranger.users.resetPassword({ token: "abc", newPassword: "a password" });
    expect(await codeOf(reset)).toBe("invalid RESET_TOKEN_INVALID");
    const input = { token: "abc", username: "eve", password: "a password" };
    expect(await codeOf(stranger.users.register(input))).toBe("invalid INVITE_TOKEN_INVALID");
    const ana = await open("ana", "viewerpass");
    expect(await codeOf(ana.users.list())).toBe("forbidden AUTH_SCOPE_MISSING");
    expect(await codeOf(ana.users.update(1, { username: "evil" }))).toBe("forbidden USER_FOREIGN");
    expect(await codeOf(ana.users.updateAvatar(2, new Uint8Array(8)))).toBe("invalid HTTP_400");
    expect(await codeOf(ana.users.updateAvatar(1, await makePicture("png")))).toBe("forbidden HTTP_403");
    await Promise.all([stranger.close(), ana.close()]);
  });
});
