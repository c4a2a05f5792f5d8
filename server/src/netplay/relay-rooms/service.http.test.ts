// Tickets: who gets one, and who does not.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, callApp, VIEWER } from "../../auth/calls.testing.ts";
import { noteAccessChange } from "../../permissions/changes/service.ts";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";
import { issueTicket, takeTicket } from "../relay-tickets/service.ts";
import type { OpenRoomInput, RoomTicket } from "./contract.ts";
import { SEATS_MAX, TRIES_MAX } from "./limits.ts";

let library: TestLibrary;
let romId = 0;
let secretId = 0;

beforeAll(async () => {
  library = await openLibrary();
  romId = await library.addRom("nes", "Shown.nes", "x");
  secretId = await library.addRom("snes", "Secret.sfc", "y");
  const { sql } = library.app.database.handle;
  await sql`insert into hidden_entities (entity, entity_id, user_id)
    select 'roms', ${secretId}, id from users where username = 'ana'`;
  noteAccessChange(library.app);
}, 60_000);
afterAll(() => library.close());

interface Answered {
  readonly code?: string;
  readonly details?: unknown;
}

async function call<T = RoomTicket>(
  name: string,
  json: unknown,
  authorization?: string,
): Promise<T & Answered> {
  const answer = await callApp(library.app, `/trpc/netplay.${name}`, { method: "POST", json, authorization });
  const body = answer.json as { result?: { data: T }; error?: { data: Answered } };
  return (body.result?.data ?? body.error?.data) as T & Answered;
}

const room = (input: Partial<OpenRoomInput> = {}): OpenRoomInput => ({
  romId,
  name: "Sunday",
  playersMax: 2,
  inputBytes: 2,
  ...input,
});
const open = (input: Partial<OpenRoomInput> = {}) => call("open", room(input), ADMIN);

describe("a ticket", () => {
  test("names its room and where to bring it", async () => {
    const { roomId, invite, ticket, url, seat, expiresAt } = await open();
    expect(roomId).toMatch(/^[0-9a-f]{16}$/);
    expect(invite).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
    expect(ticket).toMatch(new RegExp(`^${roomId}\\.[0-9a-f]{32}$`));
    expect([url, seat]).toEqual([`/ws/netplay?room=${roomId}`, 0]);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(30_000);
  });

  test("is gone once it was taken, or its time is over", async () => {
    const { ticket } = await open();
    expect((await takeTicket(library.app, ticket))?.entrant.role).toBe("player");
    expect(await takeTicket(library.app, ticket)).toBeNull();
    const entrant = { role: "player", userId: 1, name: "a", seat: null, delayMs: null } as const;
    const issued = await issueTicket(library.app, "0".repeat(16), { entrant, opens: null });
    await library.app.ports.kv.expire(`netplay-relay:ticket:${issued.ticket}`, 1);
    await Bun.sleep(20);
    expect(await takeTicket(library.app, issued.ticket)).toBeNull();
  });

  test("is given for an invite in whatever case, without the password", async () => {
    const { roomId, invite } = await open({ password: "swordfish" });
    const ticket = await call("join", { invite: invite?.toLowerCase(), seat: 1 }, VIEWER);
    expect(ticket).toMatchObject({ roomId, invite: null, seat: 1 });
    expect(await call("spectate", { invite, delayMs: 0 }, VIEWER)).toMatchObject({ roomId, seat: null });
  });
});

describe("nobody gets one", () => {
  test.each(["open", "join", "spectate"])("to %s without the scope", async (name) => {
    const input = name === "open" ? room() : { roomId: "0".repeat(16) };
    expect((await call(name, input, await library.tokenWith("roms.user.read"))).code).toBe(
      "AUTH_SCOPE_MISSING",
    );
  });

  test("for a rom that is not there, or hidden: the answers are the same", async () => {
    const [absent, hidden] = [
      await call("open", room({ romId: 999_999 }), VIEWER),
      await call("open", room({ romId: secretId }), VIEWER),
    ];
    expect([absent.code, hidden.code]).toEqual(["ROMS_NOT_FOUND", "ROMS_NOT_FOUND"]);
  });

  test("into a room that is not there, or of a hidden rom", async () => {
    const secret = await open({ romId: secretId });
    const code = async (input: unknown) => (await call("join", input, VIEWER)).code;
    expect(await code({ roomId: "0".repeat(16) })).toBe("NETPLAY_ROOM_NOT_FOUND");
    expect(await code({ roomId: secret.roomId })).toBe("NETPLAY_ROOM_NOT_FOUND");
    expect(await code({ invite: secret.invite })).toBe("NETPLAY_ROOM_NOT_FOUND");
    expect((await call("join", { roomId: secret.roomId }, ADMIN)).roomId).toBe(secret.roomId);
  });

  test("with a wrong password, or none", async () => {
    const { roomId } = await open({ password: "swordfish" });
    const join = async (password?: string) => await call("join", { roomId, password }, VIEWER);
    expect((await join()).code).toBe("NETPLAY_PASSWORD_WRONG");
    expect((await join("Swordfish")).code).toBe("NETPLAY_PASSWORD_WRONG");
    expect((await join("swordfish")).roomId).toBe(roomId);
    expect((await call("spectate", { roomId }, VIEWER)).code).toBe("NETPLAY_PASSWORD_WRONG");
  });

  test("with other content, when both say what they have", async () => {
    const { roomId } = await open({ contentHash: "DEADBEEF" });
    expect(await call("join", { roomId, contentHash: "00000000" }, VIEWER)).toMatchObject({
      code: "NETPLAY_CONTENT_DIFFERS",
      details: { contentHash: "deadbeef" },
    });
    expect((await call("join", { roomId, contentHash: "DeadBeef" }, VIEWER)).roomId).toBe(roomId);
    expect((await call("join", { roomId }, VIEWER)).roomId).toBe(roomId);
  });

  test("for a seat that there is not", async () => {
    const { roomId } = await open();
    expect((await call("join", { roomId, seat: 2 }, VIEWER)).code).toBe("NETPLAY_SEAT_TAKEN");
  });

  test.each([
    ["open", room({ playersMax: SEATS_MAX + 1 })],
    ["open", room({ playersMax: 0 })],
    ["open", room({ inputBytes: 65 })],
    ["open", room({ inputWindow: 59 })],
    ["open", room({ name: " " })],
    ["open", room({ contentHash: "xyz" })],
    ["join", {}],
    ["join", { roomId: "0".repeat(16), invite: "ABCD1234" }],
    ["join", { invite: "ILOU1234" }],
    ["spectate", { roomId: "0".repeat(16), delayMs: 60_001 }],
  ])("to %s with %p", async (name, input) => {
    expect((await call(name, input, ADMIN)).code).toBe("INPUT_INVALID");
  });

  test("who guesses invites, after a while", async () => {
    const { invite } = await open();
    const guess = (at: number) => call("join", { invite: `0000000${at % 10}` }, VIEWER);
    const codes: (string | undefined)[] = [];
    for (let at = 0; at <= TRIES_MAX; at++) codes.push((await guess(at)).code);
    expect(new Set(codes.slice(0, TRIES_MAX - 2))).toEqual(new Set(["NETPLAY_ROOM_NOT_FOUND"]));
    expect(codes.at(-1)).toBe("NETPLAY_TRIES");
    expect((await call("join", { invite }, VIEWER)).code).toBe("NETPLAY_TRIES");
    await library.app.ports.kv.remove([
      "limit:netplay-relay-invite:127.0.0.1",
      "limit:netplay-relay-invite:local",
    ]);
  });
});

test("the list is for those who may read, and shows only sorts that are asked for", async () => {
  const list = async (authorization: string | null, input?: unknown) =>
    (await library.ask("netplay.list", input, authorization)).body as unknown;
  expect(await list(null)).toMatchObject({ code: "AUTH_REQUIRED" });
  expect(await list(VIEWER)).toEqual([]);
  expect(await list(VIEWER, { kinds: ["retroarch"], romId })).toEqual([]);
  expect(await list(VIEWER, { kinds: ["snes"] })).toMatchObject({ code: "INPUT_INVALID" });
});
