import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { openScene, type TestScene } from "../../auth/scene.testing.ts";
import { type Identity, OPERATOR } from "../../base/identity.ts";
import { callOperation } from "../../base/operation.ts";
import { findAccount, findAccountByPassword } from "../accounts/service.ts";
import { createUser } from "../service.ts";
import { resetPassword } from "./service.ts";

let scene: TestScene;
beforeEach(async () => {
  scene = await openScene();
  const input = { username: "Ana", password: "first password", email: "", role: "admin" };
  await createUser.run(scene.context(), input);
});
afterEach(() => scene.close());

const ADMIN: Identity = { ...OPERATOR, userId: 1, username: "ana", proof: "session" };
const reset = (username: string, password: string, identity: Identity = OPERATOR) =>
  callOperation(resetPassword, scene.context({ identity }), () => ({ username, password }));
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: { code?: string }) => error.code ?? String(error),
  );

describe("resetPassword", () => {
  test("sets a password without the old one, for a name in any case", async () => {
    const before = await findAccount(scene.context(), 1);
    expect(await reset("ANA", "second password")).toEqual({ userId: 1, username: "ana" });
    const proved = (password: string) =>
      findAccountByPassword(scene.context(), { username: "ana", password });
    expect(await proved("first password")).toBeNull();
    expect((await proved("second password"))?.id).toBe(1);
    // Sessions and refresh tokens carry the mark and end with it, in this process at once.
    expect((await findAccount(scene.context(), 1))?.passwordMark).not.toBe(before?.passwordMark ?? "");
  });

  test("is for the operator only, not even for an administrator", async () => {
    expect(await code(reset("ana", "second password", ADMIN))).toBe("AUTH_OPERATOR_ONLY");
    expect(await code(reset("ana", "second password", { kind: "anonymous" }))).toBe("AUTH_REQUIRED");
  });

  test("refuses an unknown account and a password that breaks a rule", async () => {
    expect(await code(reset("nobody", "second password"))).toBe("USER_NOT_FOUND");
    expect(await code(reset("ana", "short"))).toBe("USER_PASSWORD_INVALID");
  });
});
