import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Context } from "../../base/context.ts";
import type { UserIdentity } from "../../base/identity.ts";
import { WRITE_SCOPES } from "../../base/scopes.ts";
import { createUser } from "../../users/service.ts";
import { CLIENT_TOKEN_TTL_MS } from "../limits.ts";
import { openScene, type TestScene } from "../scene.testing.ts";
import {
  createClientToken,
  listClientTokens,
  proveClientToken,
  regenerateClientToken,
  removeClientToken,
} from "./service.ts";

const OWNER: UserIdentity = {
  kind: "user",
  userId: 1,
  username: "ana",
  isAdmin: true,
  scopes: new Set(WRITE_SCOPES),
  proof: "session",
  deviceId: null,
  sessionId: null,
};

let scene: TestScene;
let ctx: Context;
beforeEach(async () => {
  scene = await openScene();
  await createUser.run(scene.context(), { username: "ana", password: "password", email: "", role: "admin" });
  ctx = scene.context({ identity: OWNER });
});
afterEach(() => scene.close());

const create = () => createClientToken.run(ctx, { name: "deck", scopes: ["me.read"], expiresIn: null });
/** Whether a process takes a secret for a proof. */
const isProof = async (rawToken: string, ports = ctx.ports) =>
  (await proveClientToken({ ports, db: ctx.db }, rawToken)) !== null;

describe("a secret that was replaced or removed", () => {
  test.each([
    ["replaced", (tokenId: number) => regenerateClientToken.run(ctx, { tokenId })],
    ["removed", (tokenId: number) => removeClientToken.run(ctx, { tokenId })],
  ] as const)("by being %s stops here at once, in other processes soon", async (_how, end) => {
    const other = scene.openOtherProcess();
    const { id, rawToken } = await create();
    expect([await isProof(rawToken), await isProof(rawToken, other)]).toEqual([true, true]);
    await end(id);
    expect(await isProof(rawToken)).toBe(false);
    scene.advance(CLIENT_TOKEN_TTL_MS);
    expect(await isProof(rawToken, other)).toBe(false);
  });

  test("counts as never used when it is new, and its first use is noted at once", async () => {
    const { id, rawToken } = await create();
    await isProof(rawToken);
    const usedAt = async () => (await listClientTokens.run(ctx, {}))[0]?.lastUsedAt;
    expect(await usedAt()).toBeString();
    const fresh = await regenerateClientToken.run(ctx, { tokenId: id });
    expect(fresh.lastUsedAt).toBeNull();
    await isProof(fresh.rawToken);
    expect(await usedAt()).toBeString();
  });
});
