import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { auditLog } from "@multitap/db/schema/audit";
import { openScene, type TestScene } from "../auth/scene.testing.ts";
import type { Identity } from "../base/identity.ts";
import { OPERATOR } from "../base/identity.ts";
import { inTransaction } from "../base/transaction.ts";
import { AUDIT_LINE_TTL_MS } from "./limits.ts";
import { sweepAuditRows } from "./queries.ts";
import { listAudit, noteAudit } from "./service.ts";

let scene: TestScene;
beforeAll(async () => {
  scene = await openScene();
}, 30_000);
afterAll(() => scene?.close());

const BEA: Identity = { ...OPERATOR, userId: 4, username: "bea", proof: "session" };

async function listAll() {
  return await listAudit.run(scene.context(), { limit: 100 });
}

describe("the audit log", () => {
  test("says who did what from where", async () => {
    const ctx = scene.context({ identity: BEA, address: "203.0.113.9" });
    await noteAudit(ctx, { action: "user.created", subject: "cid", details: { role: "user" } });
    const [line] = (await listAll()).items;
    expect(line?.actorId).toBe(4);
    expect(line?.actorName).toBe("bea");
    expect(line?.action).toBe("user.created");
    expect(line?.subject).toBe("cid");
    expect(line?.address).toBe("203.0.113.9");
    expect(line?.details).toEqual({ role: "user" });
  });

  test("names whom an anonymous call turned out to be, and nobody for the command line", async () => {
    const actor = { id: 9, username: "dan" };
    await noteAudit(scene.context({ identity: { kind: "anonymous" } }), {
      action: "login.succeeded",
      subject: "dan",
      actor,
    });
    await noteAudit(scene.context({ identity: OPERATOR }), { action: "user.removed", subject: "eve" });
    const [operator, dan] = (await listAll()).items;
    expect(dan?.actorId).toBe(9);
    expect([operator?.actorId, operator?.actorName]).toEqual([null, "operator"]);
  });

  test("does not keep a line of a change that was rolled back", async () => {
    const before = (await listAll()).items.length;
    const undone = inTransaction(scene.context({ identity: BEA }), async (inner) => {
      await noteAudit(inner, { action: "user.removed", subject: "nobody" });
      throw new RangeError("no");
    });
    expect(await undone.catch((error: unknown) => error)).toBeInstanceOf(RangeError);
    expect((await listAll()).items).toHaveLength(before);
  });

  test("pages from the newest line to the oldest", async () => {
    for (let index = 0; index < 5; index += 1) {
      await noteAudit(scene.context({ identity: BEA }), { action: "logout", subject: `page ${index}` });
    }
    const first = await listAudit.run(scene.context(), { limit: 2 });
    expect(first.items.map((line) => line.subject)).toEqual(["page 4", "page 3"]);
    const second = await listAudit.run(scene.context(), { limit: 2, before: first.nextBefore ?? 0 });
    expect(second.items.map((line) => line.subject)).toEqual(["page 2", "page 1"]);
    const rest = await listAudit.run(scene.context(), { limit: 100 });
    expect(rest.nextBefore).toBeNull();
  });

  test("cuts a long text from a caller", async () => {
    await noteAudit(scene.context(), { action: "login.failed", subject: "x".repeat(5_000) });
    expect((await listAll()).items[0]?.subject).toHaveLength(256);
  });

  test("forgets what is too old, and all but the newest lines", async () => {
    const { db } = scene.context();
    for (let index = 0; index < 5; index += 1) {
      await noteAudit(scene.context({ identity: BEA }), { action: "logout", subject: `kept ${index}` });
    }
    const old = { actorId: null, actorName: "old", action: "logout", subject: "old", details: {} };
    await db.insert(auditLog).values({ ...old, at: new Date(Date.now() - AUDIT_LINE_TTL_MS - 1000) });
    const oldestAt = new Date(Date.now() - AUDIT_LINE_TTL_MS);
    await sweepAuditRows(db, { oldestAt, linesMax: 1_000 });
    expect((await listAll()).items.some((line) => line.actorName === "old")).toBe(false);
    await sweepAuditRows(db, { oldestAt, linesMax: 3 });
    expect((await listAll()).items).toHaveLength(3);
  });
});
