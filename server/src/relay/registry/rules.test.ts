import { describe, expect, test } from "bun:test";
import { createSession, stepSession } from "../sessions/rules.ts";
import { formatBan, formatPage, parseCommand, parsePage, sortBans } from "./rules.ts";

const ID = "aeeNTGPaC7uJ9qJL";
const place = { address: "games.example", port: 4_000 };

describe("an entry of the registry", () => {
  const { session } = createSession({ id: ID, owner: 1, network: "10.0.0.1" }, 5_000);
  const user = {
    userId: "AQIDBAUGBwgJCgsM",
    connection: 2,
    network: "10.0.0.2",
    shownAddress: new Uint8Array(16),
    early: new Uint8Array(),
  };

  test("is read as it was written, and holds no id by which a link could be taken", () => {
    const joined = stepSession(session, { kind: "user_came", user }, 6_000).session ?? session;
    const text = formatPage(place, [joined]);
    expect(text).not.toContain(user.userId);
    expect(parsePage(text)).toEqual([
      {
        place,
        id: ID,
        network: "10.0.0.1",
        openedAtMs: 5_000,
        pingMs: null,
        nick: null,
        hasPassword: null,
        crc32: null,
        coreName: null,
        coreVersion: null,
        claim: null,
        players: [{ playerId: 1, nick: null, network: "10.0.0.2", isLinked: false }],
      },
    ]);
  });

  test.each([[""], ["{}"], ['{"place":{"address":null,"port":1},"sessions":[{}]}'], ["[1,2"]])(
    "is empty when it is %p",
    (text) => expect(parsePage(text)).toEqual([]),
  );
});

describe("commands", () => {
  test.each([
    [{ kind: "bans" }],
    [{ kind: "kicked", sessionId: ID, memberId: 1, isBanned: true }],
    [{ kind: "claimed", sessionId: ID, claim: { userId: 1, username: "ana" } }],
  ])("are read as they were sent: %p", (command) => {
    expect(parseCommand(JSON.stringify(command))).toEqual(command as ReturnType<typeof parseCommand>);
  });

  test.each(["", "null", '{"kind":"stop"}', '{"kind":"kicked"}', "[]"])("are none: %p", (text) => {
    expect(parseCommand(text)).toBeNull();
  });
});

describe("bans", () => {
  test("last until their end, the later one of two", () => {
    const members = [formatBan("10.0.0.1", 100), formatBan("10.0.0.1", 300), formatBan("2001:db8::/64", 200)];
    expect(sortBans(members, 150)).toEqual({
      bans: new Map([
        ["10.0.0.1", 300],
        ["2001:db8::/64", 200],
      ]),
      stale: ["100 10.0.0.1"],
    });
    expect(sortBans([...members, "nonsense"], 300).bans.size).toBe(0);
  });
});
