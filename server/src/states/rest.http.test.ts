import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, EDITOR, VIEWER } from "../roms/access/scene.testing.ts";
import { type AssetBody, type AssetScene, openAssetScene } from "./scene.testing.ts";

let scene: AssetScene;
beforeAll(async () => {
  scene = await openAssetScene();
}, 30_000);
afterAll(() => scene?.close());

const picture = (name: string, bytes = name) => ({ field: "screenshotFile", name, bytes });
const state = (name: string, bytes = name) => ({ field: "stateFile", name, bytes });

async function upload(
  query: Record<string, string | number>,
  files: Parameters<AssetScene["send"]>[1],
  authorization = ADMIN,
) {
  const search = new URLSearchParams(
    Object.entries({ rom_id: scene.a, ...query }).map(([name, value]) => [name, String(value)]),
  );
  return await scene.send(`/api/states?${search}`, files, { authorization });
}

const read = async (id: number, authorization = ADMIN) =>
  await scene.call(`/api/states/${id}/content`, { authorization });
const list = async (query = "", authorization = ADMIN) =>
  (await scene.call(`/api/states${query}`, { authorization })).json as readonly AssetBody[];

describe("POST /api/states", () => {
  test("stores a state and its picture", async () => {
    const { status, body } = await upload({ emulator: "mgba" }, [
      state("Käse+.state1", "one"),
      picture("Käse.state1.png"),
    ]);
    expect([status, body.file_name, body.emulator, body.file_size_bytes]).toEqual([
      200,
      "Käse.state1",
      "mgba",
      3,
    ]);
    expect(body.full_path).toMatch(/^users\/[0-9a-f]+\/states\/gba\/\d+\/mgba\/Käse\.state1$/);
    expect(body.screenshot).toMatchObject({ file_name: "Käse.state1.png", is_gallery: false });
    const { status: found, headers, text } = await read(body.id);
    expect([found, text]).toEqual([200, "one"]);
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-disposition")).toStartWith("attachment;");
  });

  test("replaces the state of its name, whatever the emulator, and moves it", async () => {
    const first = await upload({ emulator: "mgba" }, [state("up.state", "old")]);
    const other = await upload({ emulator: "vba" }, [state("up.state", "new")]);
    expect(other.body.id).toBe(first.body.id);
    expect(other.body).toMatchObject({ emulator: "vba", file_path: expect.stringMatching(/\/vba$/) });
    expect((await read(first.body.id)).text).toBe("new");
    const same = await upload({ emulator: "gpsp" }, [state("up.state", "new")]);
    expect([same.body.id, same.body.emulator]).toEqual([first.body.id, "gpsp"]);
    expect(same.body.file_path).toEndWith("/gpsp");
    const unsaid = await upload({}, [state("up.state", "newest")]);
    expect([unsaid.body.id, unsaid.body.emulator, unsaid.body.file_path]).toEqual([
      first.body.id,
      "gpsp",
      same.body.file_path,
    ]);
  });

  test("keeps what was replaced in the trash", async () => {
    const { body } = await upload({}, [state("trash.state", "gone")]);
    await upload({}, [state("trash.state", "here")]);
    const { sql } = scene.library.app.database.handle;
    const rows = await sql`select kind, reason from trashed_assets where asset_id = ${body.id}
      and kind = 'states'`;
    expect(rows.map((row) => ({ ...row }))).toEqual([{ kind: "states", reason: "replaced" }]);
  });

  test("adds versions in a slot, and refuses a device that never had the newest", async () => {
    const [deck, pocket] = [await scene.addDevice("admin"), await scene.addDevice("admin")];
    const first = await upload({ slot: "1", device_id: deck }, [state("s.state", "deck")]);
    expect(first.body.file_name).toMatch(/^s \[[\d_-]+\]\.state$/);
    expect([first.body.slot, first.body.origin_device_id]).toEqual(["1", deck]);
    const refused = await upload({ slot: "1", device_id: pocket }, [state("s.state", "pocket")]);
    expect([refused.status, refused.body.detail]).toEqual([
      409,
      "Slot has a newer state since your last sync",
    ]);
    await scene.call(`/api/states/${first.body.id}/content?device_id=${pocket}&optimistic=false`);
    expect((await upload({ slot: "1", device_id: pocket }, [state("s.state", "pocket")])).status).toBe(409);
    await scene.call(`/api/states/${first.body.id}/content?device_id=${pocket}`);
    expect((await upload({ slot: "1", device_id: pocket }, [state("s.state", "pocket")])).status).toBe(200);
    expect(await list(`?rom_id=${scene.a}&slot=1`)).toHaveLength(2);
  });

  test("tells a device that a state without slot was changed since it had it", async () => {
    const [deck, pocket] = [await scene.addDevice("admin"), await scene.addDevice("admin")];
    await upload({ device_id: deck }, [state("gate.state", "1")]);
    await upload({ device_id: pocket, overwrite: "true" }, [state("gate.state", "1")]);
    await upload({ device_id: pocket }, [state("gate.state", "2")]);
    const { status, body } = await upload({ device_id: deck }, [state("gate.state", "3")]);
    expect([status, body.detail]).toEqual([409, "State has been updated since your last sync"]);
  });

  test("notes that the rom was played", async () => {
    await upload({ rom_id: scene.c }, [state("p.state")], EDITOR);
    const { json } = await scene.call(`/api/roms/${scene.c}/simple`, { authorization: EDITOR });
    expect((json as { rom_user: { last_played: unknown } }).rom_user.last_played).not.toBeNull();
  });

  test("keeps one row of a name that many send at once", async () => {
    const sent = Array.from({ length: 12 }, (_, index) =>
      upload({ emulator: index % 2 === 0 ? "a" : "b" }, [
        state("race.state", `bytes ${index}`),
        picture("race.png"),
      ]),
    );
    const answers = await Promise.all(sent);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => body.screenshot?.id)).size).toBe(1);
    expect((await read(answers[0]?.body.id ?? 0)).text).toMatch(/^bytes \d+$/);
  });

  test.each([
    ["an unknown rom", { rom_id: 99_999 }, "x.state", 404, "Rom with id '99999' not found"],
    ["an unknown device", { device_id: "none" }, "x.state", 404, "Device with ID none not found"],
    [
      "a name of nothing",
      {},
      "?/..",
      400,
      "Invalid state filename: Filename cannot be empty after sanitization",
    ],
    [
      "a name that is too long",
      {},
      `${"x".repeat(500)}.state`,
      400,
      "Invalid state filename: Filename is too long",
    ],
    ["an emulator that leads elsewhere", { emulator: "../x" }, "x.state", 400, "Invalid emulator name"],
    ["an emulator with a backslash", { emulator: "a\\b" }, "x.state", 400, "Invalid emulator name"],
  ] as const)("refuses %s", async (_what, query, name, status, detail) => {
    const answer = await upload(query as never, [state(name, "x")]);
    expect([answer.status, answer.body.detail]).toEqual([status, detail]);
  });

  test.each([
    ["../../etc/passwd", "passwd"],
    ["..\\..\\x.state", "..-..-x.state"],
    ["a:b|c.state", "a-b-c.state"],
    ["a*?<>+.state", "a.state"],
    ["  a b.state ", "a b.state"],
  ])("makes %j safe", async (sent, stored) => {
    expect((await upload({}, [state(sent)])).body.file_name).toBe(stored);
  });

  test("wants a file, also of a rom that the caller may see", async () => {
    const none = await upload({}, [picture("x.png")]);
    expect([none.status, none.body.detail]).toMatchObject([422, [{ loc: ["body", "stateFile"] }]]);
    const hidden = await upload({ rom_id: scene.secret }, [state("x.state")], VIEWER);
    expect(hidden.status).toBe(404);
  });
});

describe("pictures of states", () => {
  test("are found by name when none was sent along", async () => {
    await scene.library.change(`insert into screenshots (rom_id, user_id, file_name, file_name_no_ext,
        file_name_no_tags, file_extension, file_path, stored_path)
      select ${scene.b}, ${scene.userIds.admin}, n || '.png', n, n, 'png', 'p', 'p'
      from unnest(array['far', 'near', 'near.state1']) n`);
    const { body: far } = await upload({ rom_id: scene.b }, [state("far.state1")]);
    const { body: near } = await upload({ rom_id: scene.b }, [state("near.state1")]);
    const { body: alone } = await upload({ rom_id: scene.b }, [state("alone.state1")]);
    expect(far.screenshot?.file_name).toBe("far.png");
    expect(near.screenshot?.file_name).toBe("near.state1.png");
    expect(alone.screenshot).toBeNull();
    const shown = await list(`?rom_id=${scene.b}`);
    expect(shown.map(({ screenshot }) => screenshot?.file_name ?? null)).toEqual([
      "far.png",
      "near.state1.png",
      null,
    ]);
    await scene.library.change(`delete from screenshots where rom_id = ${scene.b} and file_path = 'p'`);
  });

  test("belong to one version each, and go with it", async () => {
    const first = await upload({ slot: "pic" }, [state("v.state", "1"), picture("v.png", "first")]);
    const second = await upload({ slot: "pic" }, [state("v.state", "2"), picture("v.png", "second")]);
    const [one, two] = [first.body.screenshot?.id, second.body.screenshot?.id];
    expect(one).not.toBe(two);
    const again = await scene.send(`/api/states/${second.body.id}`, [picture("v.png", "third")], {
      method: "PUT",
    });
    expect(again.body.screenshot?.id).toBe(two as number);
    await scene.call("/api/states/delete", { json: { states: [first.body.id] } });
    expect((await scene.call(`/api/screenshots/${one}/content`)).status).toBe(404);
    expect((await scene.call(`/api/screenshots/${two}/content`)).text).toBe("third");
  });

  test("follow the visibility of their state", async () => {
    const { body } = await upload({}, [state("show.state1"), picture("show.state1.png")]);
    const path = `/api/screenshots/${body.screenshot?.id}/content`;
    expect((await scene.call(path, { authorization: VIEWER })).status).toBe(404);
    const shown = await scene.call(`/api/states/${body.id}/visibility`, {
      method: "PUT",
      json: { is_public: true },
    });
    expect(shown.json).toMatchObject({ is_public: true, screenshot: { is_public: true } });
    expect((await scene.call(path, { authorization: VIEWER })).status).toBe(200);
  });
});

describe("states of others", () => {
  async function open(romId: number, isPublic: boolean): Promise<number> {
    const { body } = await upload({ rom_id: romId }, [state(`seen-${romId}-${isPublic}.state`, "seen")]);
    await scene.tell("states.setVisibility", { stateId: body.id, isPublic });
    return body.id;
  }

  test.each([
    ["its owner", ADMIN, "a", false, true],
    ["its owner, public", ADMIN, "a", true, true],
    ["another user", VIEWER, "a", false, false],
    ["another user, public", VIEWER, "a", true, true],
    ["another user, public, of a rom hidden from them", VIEWER, "secret", true, false],
    ["another user, public, of a rom hidden from others", EDITOR, "secret", true, true],
  ] as const)("are handed out to %s", async (_what, authorization, rom, isPublic, isSeen) => {
    const id = await open(scene[rom], isPublic);
    const { status, json, text } = await read(id, authorization);
    expect(status).toBe(isSeen ? 200 : 404);
    if (isSeen) expect(text).toBe("seen");
    else expect(json).toEqual({ detail: `State with ID ${id} not found` });
  });

  test("are nobody else's to read, change or remove", async () => {
    const id = await open(scene.a, true);
    const call = (path: string, rest = {}) => scene.call(path, { authorization: EDITOR, ...rest });
    const detail = { detail: `State with ID ${id} not found` };
    const refused = [
      await call(`/api/states/${id}`),
      await call(`/api/states/${id}/visibility`, { method: "PUT", json: { is_public: false } }),
      await call("/api/states/delete", { json: { states: [id] } }),
    ];
    for (const { status, json } of refused) expect([status, json]).toEqual([404, detail]);
    const sent = await scene.send(`/api/states/${id}`, [state("x")], {
      method: "PUT",
      authorization: EDITOR,
    });
    expect([sent.status, sent.body.detail]).toEqual([404, detail.detail]);
    for (const [kind, procedure, input] of [
      ["ask", "states.get", { stateId: id }],
      ["tell", "states.setVisibility", { stateId: id, isPublic: false }],
      ["tell", "states.remove", { stateIds: [id] }],
    ] as const) {
      const answer = await scene[kind](procedure, input, EDITOR);
      expect([answer.status, answer.code]).toEqual([404, "STATES_NOT_FOUND"]);
    }
    expect((await scene.ask("states.list", {}, VIEWER)).data).toEqual([]);
    expect((await read(id)).text).toBe("seen");
  });
});

describe("the other routes of states", () => {
  test("list by rom and platform, and give ids", async () => {
    const { body } = await upload({ rom_id: scene.c }, [state("l.state")]);
    await upload({}, [state("elsewhere.state")]);
    const ids = (await list(`?rom_id=${scene.c}`)).map(({ id }) => id);
    expect(ids).toEqual([body.id]);
    expect(await list("?platform_id=99999")).toEqual([]);
    expect((await list("?rom_id=0&platform_id=0")).length).toBeGreaterThan(1);
    expect((await scene.call(`/api/states/identifiers?rom_id=${scene.c}`)).json).toEqual(ids);
    const { data } = await scene.ask("states.list", { romId: scene.c });
    expect(data).toMatchObject([{ id: body.id, fileName: "l.state", contentHash: body.content_hash }]);
  });

  test("replace bytes in place and keep the name", async () => {
    const { body } = await upload({ emulator: "mgba" }, [state("keep.state", "1")]);
    const put = await scene.send(`/api/states/${body.id}`, [state("other", "long")], { method: "PUT" });
    expect([put.status, put.body.file_name, put.body.emulator, put.body.file_size_bytes]).toEqual([
      200,
      "keep.state",
      "mgba",
      4,
    ]);
    expect((await read(body.id)).text).toBe("long");
  });

  test("hand out parts, and show what is called a picture", async () => {
    const { body } = await upload({}, [state("part.png", "0123456789")]);
    const { status, headers, text } = await scene.call(`/api/states/${body.id}/content`, {
      headers: { range: "bytes=2-4" },
    });
    expect([status, text, headers.get("content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
    expect([headers.get("content-type"), headers.get("x-content-type-options")]).toEqual([
      "image/png",
      "nosniff",
    ]);
    expect(headers.get("content-disposition")).toStartWith("inline;");
  });

  test("say that the file is gone from disk", async () => {
    const { body } = await upload({}, [state("gone.state")]);
    await scene.library.change(`update states set stored_path = 'nowhere' where id = ${body.id}`);
    const { status, json } = await read(body.id);
    expect([status, json]).toEqual([404, { detail: "State file not found on disk" }]);
  });

  test("remove all or none", async () => {
    const none = await scene.call("/api/states/delete", { json: { states: [] } });
    expect([none.status, none.json]).toEqual([400, { detail: "No states were provided" }]);
    const { body } = await upload({}, [state("del.state")]);
    const partly = await scene.call("/api/states/delete", { json: { states: [body.id, 99_999] } });
    expect([partly.status, partly.json]).toEqual([404, { detail: "State with ID 99999 not found" }]);
    expect((await read(body.id)).status).toBe(200);
    const gone = await scene.call("/api/states/delete", { json: { states: [body.id] } });
    expect([gone.status, gone.json]).toEqual([200, [body.id]]);
    expect((await read(body.id)).status).toBe(404);
  });

  test("need as many statements for hundreds as for none", async () => {
    const count = (path: string) => scene.countStatements(() => scene.call(path));
    await upload({ rom_id: scene.secret }, [state("first.state")]);
    const few = await count(`/api/states?rom_id=${scene.secret}`);
    await scene.library.change(`insert into states (rom_id, user_id, file_name, file_name_no_ext,
        file_name_no_tags, file_extension, file_path, stored_path, canonical_name, content_updated_at)
      select ${scene.secret}, ${scene.userIds.admin}, 'many' || i, 'many' || i, 'many' || i, '', 'p', 'p', 'many' || i, now()
      from generate_series(1, 300) i`);
    expect(await count(`/api/states?rom_id=${scene.secret}`)).toBe(few);
    expect(few).toBeLessThanOrEqual(2);
    expect((await list(`?rom_id=${scene.secret}`)).length).toBeGreaterThan(300);
  });
});
