import { afterAll, beforeAll, expect, test } from "bun:test";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import { addAccounts } from "../../auth/calls.testing.ts";
import { RELAY_ROOM_LIMITS } from "../relay-rooms/limits.ts";
import { roomFacts } from "../relay-switchboard/scene.testing.ts";
import { createRoomSwitchboard } from "../relay-switchboard/service.ts";
import { createDoorkeeper } from "./service.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp();
  await addAccounts(app);
}, 60_000);
afterAll(() => app.close());

test("accounts that are disabled or gone are told, once a room has them", async () => {
  const board = createRoomSwitchboard(RELAY_ROOM_LIMITS);
  const { listGone } = createDoorkeeper({ ports: app.ports, board });
  expect(await listGone()).toEqual([]);
  for (const userId of [1, 2, 3]) {
    const entrant = { role: "player", userId, name: "n", seat: null, delayMs: null } as const;
    const opens = roomFacts({ playersMax: 4 });
    board.handle({ kind: "arrived", roomId: opens.id, opens, connection: userId, entrant, secret: "" }, 0);
  }
  expect(await listGone()).toEqual([3]);
  await app.database.handle.sql`update users set enabled = false where id = 2`;
  expect(await listGone()).toEqual([2, 3]);
  for (const userId of await listGone()) board.handle({ kind: "dismissed", userId }, 0);
  expect(board.listUserIds()).toEqual([1]);
});
