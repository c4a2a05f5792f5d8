import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { permissionGroups, users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { openScene, type TestScene } from "../../auth/scene.testing.ts";
import type { Context } from "../../base/context.ts";
import { inTransaction } from "../../base/transaction.ts";
import {
  createOutsideAccount,
  findAccountByEmail,
  findAccountByIdentity,
  linkIdentity,
  type OutsideRole,
  setOutsideRole,
} from "./service.ts";

let scene: TestScene;
let ctx: Context;
const raised: unknown[] = [];
beforeAll(async () => {
  scene = await openScene();
  ctx = { ...scene.context(), raise: (event) => void raised.push(event) };
}, 20_000);
afterAll(() => scene.close());

let made = 0;
async function addUser(row: Partial<typeof users.$inferInsert> = {}): Promise<number> {
  made += 1;
  const [user] = await ctx.db
    .insert(users)
    .values({ username: `made${made}`, ...row })
    .returning({ id: users.id });
  return user?.id ?? 0;
}

async function groupOf(userId: number): Promise<{ role: string; group: string | null } | undefined> {
  const [row] = await ctx.db
    .select({ role: users.role, group: permissionGroups.name })
    .from(users)
    .leftJoin(permissionGroups, eq(permissionGroups.id, users.permissionGroupId))
    .where(eq(users.id, userId));
  return row;
}

describe("createOutsideAccount", () => {
  test("numbers a taken name, and takes another way out when all numbers are taken", async () => {
    const names: string[] = [];
    for (let index = 0; index < 22; index++) {
      const email = `sam${index}@example.org`;
      const account = await createOutsideAccount(ctx, { username: "sam", email, role: null });
      names.push(account?.username ?? "");
    }
    expect(names.slice(0, 3)).toEqual(["sam", "sam-2", "sam-3"]);
    expect(names[19]).toBe("sam-20");
    expect(names[20]).toMatch(/^sam-[0-9a-f]{8}$/);
    expect(new Set(names).size).toBe(22);
  });

  test("makes nothing for an address that somebody has, in any case", async () => {
    await addUser({ email: "taken@example.org" });
    const person = { username: "thief", email: "Taken@Example.org", role: null };
    expect(await createOutsideAccount(ctx, person)).toBeNull();
    expect((await findAccountByEmail(ctx, "TAKEN@example.org"))?.username).toStartWith("made");
  });
});

describe("findAccountByIdentity", () => {
  test("tells issuers apart", async () => {
    const userId = await addUser();
    await linkIdentity(ctx, userId, { issuer: "https://one", subject: "7" });
    const find = (issuer: string, subject: string) =>
      inTransaction(ctx, (inner) => findAccountByIdentity(inner, { issuer, subject }));
    expect((await find("https://one", "7"))?.id).toBe(userId);
    expect(await find("https://two", "7")).toBeNull();
    expect(await find("https://one", "8")).toBeNull();
    await ctx.db.delete(users).where(eq(users.id, userId));
    expect(await find("https://one", "7")).toBeNull();
  });
});

describe("setOutsideRole", () => {
  test("moves an account between the seeded groups and says so", async () => {
    const userId = await addUser();
    raised.length = 0;
    expect((await setOutsideRole(ctx, userId, "viewer")).isChanged).toBeFalse();
    expect((await setOutsideRole(ctx, userId, "editor")).account?.scopes).toContain("roms.write");
    expect(await groupOf(userId)).toEqual({ role: "user", group: "Editor" });
    await setOutsideRole(ctx, userId, "viewer");
    expect(await groupOf(userId)).toEqual({ role: "user", group: null });
    expect(raised).toEqual(Array(2).fill({ topic: "permissions", userId, data: { userId } }));
  });

  test("leaves a group that the operator made", async () => {
    const [group] = await ctx.db.insert(permissionGroups).values({ name: "Kids" }).returning();
    await addUser({ role: "admin" });
    const userId = await addUser({ permissionGroupId: group?.id ?? null });
    for (const role of ["editor", "viewer", "admin", "editor"] satisfies OutsideRole[]) {
      await setOutsideRole(ctx, userId, role);
    }
    expect(await groupOf(userId)).toEqual({ role: "user", group: "Kids" });
  });

  test("leaves one administrator of two that are demoted at once", async () => {
    await ctx.db.delete(users).where(eq(users.role, "admin"));
    const ids = [await addUser({ role: "admin" }), await addUser({ role: "admin" })];
    await addUser({ role: "admin", enabled: false });
    await Promise.all(ids.map((id) => inTransaction(ctx, (inner) => setOutsideRole(inner, id, "viewer"))));
    const roles = await Promise.all(ids.map(async (id) => (await groupOf(id))?.role));
    expect(roles.toSorted()).toEqual(["admin", "user"]);
  });
});
