// Notes on roms, through both doors.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ADMIN, EDITOR, openRomScene, type RomScene, VIEWER } from "../access/scene.testing.ts";
import { NOTE_CONTENT_CHARS_MAX, NOTES_LISTED_MAX, NOTES_PER_USER_MAX } from "./limits.ts";

const OPEN_MS = 30_000;
const MISSING = 99_999;
const romNotFound = (id: number) => ({ detail: `Rom with id '${id}' not found` });
const noteNotFound = (id: number) => ({ detail: `Note with id '${id}' not found` });

/** The compatible shape. */
interface WireNote {
  readonly id: number;
  readonly title: string;
  readonly content: string;
  readonly is_public: boolean;
  readonly tags: readonly string[];
  readonly created_at: string;
  readonly updated_at: string;
  readonly user_id: number;
  readonly username: string;
}

let scene: RomScene;
beforeAll(async () => {
  scene = await openRomScene();
}, OPEN_MS);
afterAll(() => scene.close());
beforeEach(() => scene.library.change("delete from rom_notes"));

const notes = (path = "", romId = scene.a) => `/api/roms/${romId}/notes${path}`;
const add = async (json: object, authorization = ADMIN) =>
  (await scene.call(notes(), { json, authorization })).json as WireNote;
const listTitles = async (query = "", authorization = ADMIN) => {
  const { json } = await scene.call(notes(query), { authorization });
  return (json as WireNote[]).map(({ title }) => title);
};
const update = (noteId: number, json: unknown, authorization = ADMIN) =>
  scene.call(notes(`/${noteId}`), { method: "PUT", json, authorization });
const remove = (noteId: number, authorization = ADMIN) =>
  scene.call(notes(`/${noteId}`), { method: "DELETE", authorization });

describe("a note", () => {
  test("goes through its whole life", async () => {
    const made = await scene.call(notes(), {
      json: { title: "Tip", content: "# Hello", is_public: true, tags: ["help"], mood: "ignored" },
    });
    expect(made.status).toBe(200);
    const note = made.json as WireNote;
    const { id, created_at, updated_at, ...rest } = note;
    expect(Object.keys(note)).toEqual([
      "id",
      "title",
      "content",
      "is_public",
      "tags",
      "created_at",
      "updated_at",
      "user_id",
      "username",
      "user_avatar_path",
      "user_updated_at",
    ]);
    expect(rest).toMatchObject({ title: "Tip", content: "# Hello", is_public: true, tags: ["help"] });
    expect([rest.user_id, rest.username]).toEqual([scene.userIds.admin ?? 0, "admin"]);
    expect(updated_at).toBe(created_at);
    const changed = (await update(id, { content: "changed", is_public: false })).json as WireNote;
    expect(changed).toEqual({
      ...note,
      content: "changed",
      is_public: false,
      updated_at: changed.updated_at,
    });
    expect(Date.parse(changed.updated_at)).toBeGreaterThan(Date.parse(updated_at));
    expect((await scene.call(notes())).json).toEqual([changed]);
    expect((await scene.call(notes("/identifiers"))).json).toEqual([id]);
    const removed = await remove(id);
    expect([removed.status, removed.json]).toEqual([200, { message: "Note deleted successfully" }]);
    expect((await scene.call(notes())).json).toEqual([]);
  });

  test("needs a title alone, and takes null for none", async () => {
    expect(await add({ title: "Bare" })).toMatchObject({ content: "", is_public: false, tags: [] });
    const nulls = await add({ title: "Nulls", content: null, is_public: null, tags: null });
    expect(nulls).toMatchObject({ content: "", is_public: false, tags: [] });
    const changed = await update(nulls.id, { title: null, tags: null });
    expect(changed.json).toEqual({ ...nulls });
  });

  test("has a title of its own among the notes of one account on one rom", async () => {
    const { id } = await add({ title: "Tip" });
    const other = await add({ title: "Trick" });
    const detail = "Note with title 'Tip' already exists for this rom";
    const events = await scene.listEvents(async () => {
      const again = await scene.call(notes(), { json: { title: "Tip" } });
      expect([again.status, again.json]).toEqual([409, { detail }]);
      const renamed = await update(other.id, { title: "Tip" });
      expect([renamed.status, renamed.json]).toEqual([409, { detail }]);
      const typed = await scene.tell("notes.create", { romId: scene.a, title: "Tip" });
      expect([typed.status, typed.code]).toEqual([409, "NOTES_TITLE_TAKEN"]);
    });
    expect(events).toEqual([]);
    expect((await update(id, { title: "Tip" })).status).toBe(200);
    expect((await scene.call(notes("", scene.b), { json: { title: "Tip" } })).status).toBe(200);
    expect((await scene.call(notes(), { json: { title: "Tip" }, authorization: VIEWER })).status).toBe(200);
  });

  test("that stays as it is keeps its date, and nobody is told", async () => {
    const note = await add({ title: "Tip", tags: ["a", "b"] });
    const events = await scene.listEvents(async () => {
      const same = await update(note.id, { title: "Tip", content: "", tags: ["a", "b"], is_public: false });
      expect(same.json).toEqual(note as never);
    });
    expect(events).toEqual([]);
  });

  test("is news for its owner alone", async () => {
    const events = await scene.listEvents(async () => {
      const { id } = await add({ title: "Tip", is_public: true }, VIEWER);
      await update(id, { content: "x" }, VIEWER);
      await remove(id, VIEWER);
    });
    const told = {
      topic: "library",
      userId: scene.userIds.ana ?? 0,
      data: { change: "updated", entity: "rom", ids: [scene.a] },
    };
    expect(events as unknown[]).toEqual([told, told, told]);
  });
});

describe("who may do what with notes", () => {
  let ids: Record<string, number>;
  beforeEach(async () => {
    ids = {};
    for (const [who, authorization] of [
      ["admin", ADMIN],
      ["ana", VIEWER],
      ["edda", EDITOR],
    ] as const) {
      for (const is_public of [true, false]) {
        const title = `${who} ${is_public ? "public" : "private"}`;
        ids[title] = (await add({ title, is_public }, authorization)).id;
      }
    }
  });

  const callers: [string, string][] = [
    ["admin", ADMIN],
    ["ana", VIEWER],
    ["edda", EDITOR],
  ];
  test.each(callers)(
    "%s reads own and public ones, and changes own ones alone",
    async (who, authorization) => {
      const readable = Object.keys(ids)
        .filter((title) => title.startsWith(who) || title.endsWith("public"))
        .toReversed();
      expect(await listTitles("", authorization)).toEqual(readable);
      const identifiers = readable.map((title) => ids[title] ?? 0);
      expect((await scene.call(notes("/identifiers"), { authorization })).json).toEqual(identifiers);
      const typed = await scene.ask("notes.list", { romId: scene.a }, authorization);
      expect((typed.data as { title: string }[]).map(({ title }) => title)).toEqual(readable);
      expect((await scene.ask("notes.identifiers", { romId: scene.a }, authorization)).data).toEqual(
        identifiers,
      );
      const { json } = await scene.call(`/api/roms/${scene.a}`, { authorization });
      const { all_user_notes } = json as { all_user_notes: WireNote[] };
      expect(all_user_notes).toEqual((await scene.call(notes(), { authorization })).json as WireNote[]);

      const events = await scene.listEvents(async () => {
        for (const [title, id] of Object.entries(ids)) {
          if (title.startsWith(who)) continue;
          for (const answer of [
            await update(id, { content: "x" }, authorization),
            await remove(id, authorization),
          ]) {
            expect([title, answer.status, answer.json]).toEqual([title, 404, noteNotFound(id)]);
          }
          const input = { romId: scene.a, noteId: id };
          expect((await scene.tell("notes.update", input, authorization)).code).toBe("NOTES_NOT_FOUND");
          expect((await scene.tell("notes.remove", input, authorization)).code).toBe("NOTES_NOT_FOUND");
        }
      });
      expect(events).toEqual([]);
      expect(await listTitles("", authorization)).toEqual(readable);
      for (const kind of ["public", "private"]) {
        const id = ids[`${who} ${kind}`] ?? 0;
        expect((await update(id, { content: "x" }, authorization)).status).toBe(200);
        expect((await remove(id, authorization)).status).toBe(200);
      }
    },
  );

  test("a note is changed by the path of its own rom alone", async () => {
    const id = ids["admin private"] ?? 0;
    const path = notes(`/${id}`, scene.b);
    expect((await scene.call(path, { method: "PUT", json: {} })).json).toEqual(noteNotFound(id));
    expect((await scene.call(path, { method: "DELETE" })).json).toEqual(noteNotFound(id));
    expect((await update(MISSING, {})).json).toEqual(noteNotFound(MISSING));
  });

  test("notes of a hidden rom are as absent as the rom", async () => {
    const { sql } = scene.library.app.database.handle;
    const [row] = await sql<
      { id: number }[]
    >`insert into rom_notes (rom_id, user_id, title, content, is_public)
      values (${scene.secret}, ${scene.userIds.ana ?? 0}, 'Old', '', true) returning id`;
    const noteId = row?.id ?? 0;
    const authorization = VIEWER;
    const events = await scene.listEvents(async () => {
      for (const romId of [scene.secret, MISSING]) {
        const one = notes(`/${noteId}`, romId);
        const answers = [
          await scene.call(notes("", romId), { authorization }),
          await scene.call(notes("/identifiers", romId), { authorization }),
          await scene.call(notes("", romId), { json: { title: "New" }, authorization }),
          await scene.call(one, { method: "PUT", json: { title: "New" }, authorization }),
          await scene.call(one, { method: "DELETE", authorization }),
        ];
        for (const answer of answers) expect([answer.status, answer.json]).toEqual([404, romNotFound(romId)]);
        const codes = [
          await scene.ask("notes.list", { romId }, authorization),
          await scene.ask("notes.identifiers", { romId }, authorization),
          await scene.tell("notes.create", { romId, title: "New" }, authorization),
          await scene.tell("notes.update", { romId, noteId }, authorization),
          await scene.tell("notes.remove", { romId, noteId }, authorization),
        ].map(({ code }) => code);
        expect(new Set(codes)).toEqual(new Set(["ROMS_NOT_FOUND"]));
      }
    });
    expect(events).toEqual([]);
  });
});

describe("lists of notes", () => {
  const filters: [string, readonly string[]][] = [
    ["", ["Third", "Second", "First"]],
    ["?public_only=true", ["Third", "First"]],
    ["?public_only=1&search=find", ["First"]],
    ["?search=find", ["Second", "First"]],
    ["?search=FIND", []],
    ["?search=Thi", ["Third"]],
    ["?search=", ["Third", "Second", "First"]],
    ["?search=%25", ["Third"]],
    ["?search=_", []],
    ["?tags=help", ["Second", "First"]],
    ["?tags=help&tags=boss", ["Second"]],
    ["?tags=hel", []],
    ["?tags=help&search=100", []],
  ];
  test.each(filters)("with %p hold what meets every condition, the newest first", async (query, titles) => {
    await add({ title: "First", content: "find it", is_public: true, tags: ["help"] });
    await add({ title: "Second", content: "find more", tags: ["boss", "help"] });
    await add({ title: "Third", content: "100%", is_public: true });
    expect(await listTitles(query)).toEqual([...titles]);
    const given = new URLSearchParams(query);
    const input = {
      romId: scene.a,
      isPublicOnly: given.has("public_only") ? true : undefined,
      search: given.get("search") ?? undefined,
      tags: given.has("tags") ? given.getAll("tags") : undefined,
    };
    const typed = (await scene.ask("notes.list", input)).data as { title: string }[];
    expect(typed.map(({ title }) => title)).toEqual([...titles]);
  });

  test("are bounded: own ones first, then the newest", async () => {
    await scene.library.change(`insert into rom_notes (rom_id, user_id, title, content, is_public, created_at)
      select ${scene.a}, ${scene.userIds.admin}, 'N' || i, '', true, now() + i * interval '1 second'
      from generate_series(1, ${NOTES_LISTED_MAX}) i`);
    await add({ title: "Own" }, VIEWER);
    const titles = await listTitles("", VIEWER);
    expect(titles).toHaveLength(NOTES_LISTED_MAX);
    expect([titles[0], titles.at(-2), titles.at(-1)]).toEqual([`N${NOTES_LISTED_MAX}`, "N2", "Own"]);
    const ids = (await scene.call(notes("/identifiers"), { authorization: VIEWER })).json;
    expect(ids).toHaveLength(NOTES_LISTED_MAX);
  });
});

describe("refused notes", () => {
  const refused: [string, unknown, readonly (string | number)[], string][] = [
    ["without a title", { content: "x" }, ["body", "title"], "missing"],
    ["with an empty title", { title: " " }, ["body", "title"], "value_error"],
    ["with a long title", { title: "x".repeat(401) }, ["body", "title"], "string_too_long"],
    ["with a zero character", { title: "a\0b" }, ["body", "title"], "value_error"],
    ["with a number for a title", { title: 5 }, ["body", "title"], "string_type"],
    [
      "with long content",
      { title: "x", content: "x".repeat(NOTE_CONTENT_CHARS_MAX + 1) },
      ["body", "content"],
      "string_too_long",
    ],
    ["with a tag that is no text", { title: "x", tags: ["a", 5] }, ["body", "tags", 1], "string_type"],
    ["with many tags", { title: "x", tags: Array.from("x".repeat(51)) }, ["body", "tags"], "too_long"],
    ["with a text for a flag", { title: "x", is_public: "yes" }, ["body", "is_public"], "bool_type"],
    ["as a list", [], ["body"], "model_attributes_type"],
  ];
  test.each(refused)("%s change nothing", async (_name, json, loc, type) => {
    const events = await scene.listEvents(async () => {
      const answer = await scene.call(notes(), { json });
      const [issue] = (answer.json as { detail: { loc: unknown; type: string }[] }).detail;
      expect([answer.status, issue?.loc, issue?.type]).toEqual([422, loc, type]);
    });
    expect([events, await listTitles()]).toEqual([[], []]);
  });

  test(
    "are those beyond the limit of an account, also at the same moment",
    async () => {
      await scene.library.change(`insert into rom_notes (rom_id, user_id, title, content)
        select ${scene.a}, ${scene.userIds.admin}, 'N' || i, '' from generate_series(1, ${NOTES_PER_USER_MAX - 2}) i`);
      const answers = await Promise.all(
        ["1", "2", "3", "4", "5"].map((title) => scene.call(notes(), { json: { title } })),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 409, 409, 409]);
      const detail = `One account can have at most ${NOTES_PER_USER_MAX} notes on one rom`;
      expect(answers.find(({ status }) => status === 409)?.json).toEqual({ detail });
      expect((await scene.tell("notes.create", { romId: scene.a, title: "6" })).code).toBe("NOTES_LIMIT");
      expect((await scene.call(notes("", scene.b), { json: { title: "6" } })).status).toBe(200);
      expect((await scene.call(notes(), { json: { title: "6" }, authorization: VIEWER })).status).toBe(200);
    },
    OPEN_MS,
  );

  test("of one title at the same moment leave one", async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map((content) => scene.call(notes(), { json: { title: "Tip", content: `${content}` } })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    expect(await listTitles()).toEqual(["Tip"]);
  });
});
