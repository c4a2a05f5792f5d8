// What became of the library: nothing may be missed, whatever commits when.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { callApp } from "../../auth/calls.testing.ts";
import { ADMIN, VIEWER } from "../../collections/scene.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";
import { REMOVALS_KEPT_MS } from "../limits.ts";
import { sweepRemovals } from "./service.ts";

interface Changes {
  readonly items: readonly { readonly id: number; readonly fsName: string }[];
  readonly removedIds: readonly number[];
  readonly nextCursor: string;
  readonly hasMore: boolean;
}

const NAMES = ["A.gba", "B.gba", "C.gba", "D.gba", "E.gba"] as const;

let library: TestLibrary;
let ids: Readonly<Record<string, number>> = {};
const id = (name: string) => ids[`${name}.gba`] ?? 0;

beforeEach(async () => {
  library = await openLibrary();
  ids = await library.addRoms("gba", NAMES);
  // Long ago, one after the other.
  await library.change(
    "update roms set updated_at = '2026-01-01Z'::timestamptz + (id - (select min(id) from roms)) * interval '1 hour'",
  );
}, 30_000);
afterEach(() => library.close());

async function ask(input: object = {}, authorization = ADMIN): Promise<Changes> {
  const { status, body } = await library.ask<Changes>("roms.changes", input, authorization);
  expect([status, body]).toEqual([200, body]);
  return body;
}
const namesOf = ({ items }: Changes) => items.map(({ fsName }) => fsName[0]).join("");

/** Reads to the end; gives all that was told and the cursor. */
async function follow(cursor: string | null, { limit = 500, authorization = ADMIN } = {}) {
  const told: string[] = [];
  const removed: number[] = [];
  let at = cursor;
  for (let pages = 0; pages < 20; pages += 1) {
    const page = await ask({ cursor: at, limit }, authorization);
    told.push(namesOf(page));
    removed.push(...page.removedIds);
    at = page.nextCursor;
    if (!page.hasMore) return { told: told.join(""), removed, cursor: at };
  }
  throw new Error("no end of pages");
}

/**
 * Waits until every change is older, by the clock of the database, than what readers allow for differences between
 * clocks: from then on only transactions that are under way keep them back.
 */
async function growOld(): Promise<void> {
  const { sql } = library.app.database.handle;
  for (let looks = 0; looks < 1_000; looks += 1) {
    const [row] = await sql`
      select bool_and(updated_at < clock_timestamp() - interval '1.1 s') as is_old from roms`;
    if (row?.is_old === true) return;
    await Bun.sleep(20);
  }
  throw new Error("the clock of the database stands still");
}

describe("roms.changes", () => {
  test("begins with everything, page by page, the longest unchanged first", async () => {
    expect(await follow(null)).toMatchObject({ told: "ABCDE", removed: [] });
    expect(await follow(null, { limit: 2 })).toMatchObject({ told: "ABCDE", removed: [] });
    expect((await ask({ limit: 2 })).hasMore).toBe(true);
  });

  test("goes on with what changed, and stays quiet when nothing does", async () => {
    const { cursor } = await follow(null, { limit: 2 });
    expect(await follow(cursor)).toMatchObject({ told: "", removed: [] });
    await library.change(`update roms set name = 'new', updated_at = now() where id = ${id("B")}`);
    const after = await follow(cursor);
    expect(after).toMatchObject({ told: "B", removed: [] });
    // Young changes may come again, older ones do not.
    expect("B".startsWith((await follow(after.cursor)).told)).toBe(true);
  });

  test("names what was removed, also with its platform", async () => {
    const { cursor } = await follow(null);
    await library.change(`delete from roms where id = ${id("C")}`);
    const once = await follow(cursor);
    expect(once.removed).toEqual([id("C")]);
    expect(await follow(null)).toMatchObject({ told: "ABDE", removed: [] });
    await library.change("delete from platforms");
    const gone = (await follow(cursor)).removed;
    expect([...gone].toSorted((a, b) => a - b)).toEqual(NAMES.map((name) => ids[name] ?? 0));
  });

  test("does not miss what a transaction commits late", async () => {
    const { cursor } = await follow(null);
    const { sql } = library.app.database.handle;
    const late = await sql.reserve();
    let after: Awaited<ReturnType<typeof follow>>;
    try {
      // It begins first and is still under way when a younger one is told of.
      await late`begin`;
      await late`update roms set name = 'late', updated_at = now() where id = ${id("A")}`;
      await late`delete from roms where id = ${id("E")}`;
      await library.change(`update roms set name = 'soon', updated_at = now() where id = ${id("D")}`);
      await growOld();
      after = await follow(cursor, { limit: 1 });
      expect(after).toMatchObject({ told: "D", removed: [] });
      // Again, since the cursor waits for the other one.
      expect((await follow(after.cursor)).told).toBe("D");
      await late`commit`;
    } finally {
      late.release();
    }
    const last = await follow(after.cursor, { limit: 1 });
    expect(last).toMatchObject({ told: "AD", removed: [id("E")] });
  }, 20_000);

  test("waits for no connection that is idle or reads another database", async () => {
    const { sql } = library.app.database.handle;
    const idle = await sql.reserve();
    await idle`select 1`;
    const { cursor } = await follow(null);
    await library.change(`update roms set updated_at = now() where id = ${id("A")}`);
    await growOld();
    const after = await follow(cursor);
    expect(after.told).toBe("A");
    expect((await follow(after.cursor)).told).toBe("");
    idle.release();
  });

  test("takes what is hidden from a caller for removed, and shows it again", async () => {
    const hide = (entity: string, entity_id: number, method: "POST" | "DELETE" = "POST") =>
      callApp(library.app, "/api/permissions/hidden", {
        authorization: ADMIN,
        method,
        json: { entity, entity_id, user_id: 2 },
      });
    const { cursor } = await follow(null, { authorization: VIEWER });
    expect((await hide("roms", id("B"))).status).toBeLessThan(300);
    const hidden = await follow(cursor, { authorization: VIEWER });
    expect(hidden).toMatchObject({ told: "", removed: [id("B")] });
    expect(await follow(null, { authorization: VIEWER })).toMatchObject({ told: "ACDE", removed: [] });
    expect((await hide("roms", id("B"), "DELETE")).status).toBeLessThan(300);
    expect(await follow(hidden.cursor, { authorization: VIEWER })).toMatchObject({ told: "B", removed: [] });
    expect(await follow(cursor, { authorization: VIEWER })).toMatchObject({ told: "", removed: [] });
    await hide("platforms", await library.addPlatform("gba"));
    const stale = await library.ask("roms.changes", { cursor }, VIEWER);
    expect([stale.status, stale.body]).toMatchObject([409, { code: "ROMS_CHANGES_STALE", kind: "conflict" }]);
  });

  test("refuses cursors that are too old or none, and limits beyond the page", async () => {
    const { cursor } = await follow(null);
    for (const input of [{ cursor: "x" }, { cursor: "" }, { limit: 0 }, { limit: 501 }]) {
      expect((await library.ask("roms.changes", input)).status).toBe(400);
    }
    expect((await library.ask("roms.changes", { cursor }, null)).status).toBe(401);
    const text = Buffer.from(cursor, "base64url").toString();
    const [order, value, romId] = JSON.parse(text) as [string, string, number];
    const old = (ageMs: number) => {
      const [changedAtMs, removedAtMs, ...rest] = JSON.parse(value) as [number, number, ...unknown[]];
      const aged = JSON.stringify([changedAtMs, removedAtMs - ageMs, ...rest]);
      return Buffer.from(JSON.stringify([order, aged, romId])).toString("base64url");
    };
    expect((await library.ask("roms.changes", { cursor: old(REMOVALS_KEPT_MS - 60_000) })).status).toBe(200);
    const stale = await library.ask("roms.changes", { cursor: old(REMOVALS_KEPT_MS + 60_000) });
    expect([stale.status, stale.body]).toMatchObject([409, { code: "ROMS_CHANGES_STALE" }]);
  });
});

describe("sweepRemovals", () => {
  test("forgets what no cursor reaches, once", async () => {
    await library.change(`insert into removals (entity, entity_id, removed_at)
      select 'roms', i, now() - interval '91 days' from generate_series(1, 10005) i`);
    await library.change(`insert into removals (entity, entity_id, removed_at)
      values ('roms', 99999, now() - interval '89 days'), ('collections', 1, now() - interval '91 days')`);
    const ctx = library.app.createContext();
    expect(await sweepRemovals(ctx)).toBe(10_006);
    expect(await sweepRemovals(ctx)).toBe(0);
    const { sql } = library.app.database.handle;
    expect(await sql<{ total: number }[]>`select count(*)::int as total from removals`).toMatchObject([
      { total: 1 },
    ]);
  });
});
