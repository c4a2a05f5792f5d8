import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { type Identity, OPERATOR } from "../../base/identity.ts";
import { callOperation } from "../../base/operation.ts";
import { FULL_SCOPES, WRITE_SCOPES } from "../../base/scopes.ts";
import { createUser } from "../../users/service.ts";
import { createClientToken } from "../client-tokens/service.ts";
import { openScene, type TestScene } from "../scene.testing.ts";
import { identify } from "../service.ts";
import { createClientTokenFor } from "./service.ts";

let scene: TestScene;
beforeEach(async () => {
  scene = await openScene();
  await createUser.run(scene.context(), { username: "boss", password: "password", email: "", role: "admin" });
  const ctx = scene.context({ identity: OPERATOR });
  await createUser.run(ctx, { username: "ana", password: "password", email: "", role: "user" });
});
afterEach(() => scene.close());

interface Wish {
  readonly username?: string;
  readonly scopes?: readonly string[];
  readonly expiresIn?: string;
}
const create = (wish: Wish = {}, identity: Identity = OPERATOR) =>
  callOperation(createClientTokenFor, scene.context({ identity }), () => ({
    username: "Ana",
    name: "handheld",
    scopes: [],
    ...wish,
  }));
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: { code?: string }) => error.code ?? String(error),
  );

describe("createClientTokenFor", () => {
  test("makes a token that speaks for the account, with all it may do unless said", async () => {
    const token = await create();
    expect(token).toMatchObject({ userId: 2, name: "handheld", scopes: [...WRITE_SCOPES], expiresAt: null });
    const { identity } = await identify(scene.context(), {
      authorization: `Bearer ${token.rawToken}`,
      sessionId: null,
    });
    expect(identity).toMatchObject({ kind: "user", userId: 2, proof: "client_token", isAdmin: false });
    expect((await create({ username: "boss" })).scopes).toEqual([...FULL_SCOPES]);
  });

  test("gives no more than the account has, and no more than asked for", async () => {
    expect((await create({ scopes: ["roms.read"], expiresIn: "30d" })).scopes).toEqual(["roms.read"]);
    expect(await code(create({ scopes: ["users.write"] }))).toBe("CLIENT_TOKEN_SCOPES_EXCEEDED");
    expect(await code(create({ scopes: ["moon.fly"] }))).toBe("CLIENT_TOKEN_SCOPES_EXCEEDED");
    expect(await code(create({ expiresIn: "soon" }))).toBe("CLIENT_TOKEN_EXPIRY_INVALID");
  });

  test("refuses an unknown and a disabled account", async () => {
    expect(await code(create({ username: "nobody" }))).toBe("USER_NOT_FOUND");
    await scene.ports.database.update(users).set({ enabled: false }).where(eq(users.username, "ana"));
    expect(await code(create())).toBe("TOKEN_ACCOUNT_DISABLED");
  });

  test("is for the operator only, not even for an administrator", async () => {
    const admin: Identity = { ...OPERATOR, userId: 1, username: "boss", proof: "client_token" };
    expect(await code(create({}, admin))).toBe("AUTH_OPERATOR_ONLY");
  });

  test("leaves the operator, who has no account, without a token of their own", async () => {
    const ctx = scene.context({ identity: OPERATOR });
    const input = { name: "mine", scopes: ["roms.read"], expiresIn: null };
    expect(await code(createClientToken.run(ctx, input))).toBe("AUTH_ACCOUNT_REQUIRED");
  });
});
