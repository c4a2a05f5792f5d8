import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
}, 30_000);
afterAll(() => database.drop());

describe("the announcement behind which kept answers are forgotten", () => {
  test.each([
    "insert into hidden_entities (entity, entity_id, group_id) select 'roms', 1, id from permission_groups limit 1",
    "update permission_groups set description = 'x'",
    "delete from permission_group_grants where entity = 'roms'",
    "update users set permission_group_id = null",
    "insert into user_permission_overrides (user_id, entity, action, granted) select 1, 'roms', 'read', true where false",
  ])("comes with: %s", async (statement) => {
    const { sql } = database.handle;
    const announced = Promise.withResolvers<void>();
    const listening = await sql.listen("library_changed", () => announced.resolve());
    await sql.unsafe(statement);
    await announced.promise;
    await listening.unlisten();
    expect(await sql`select 1`).toHaveLength(1);
  });
});
