import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { SCOPES } from "../base/scopes.ts";
import {
  ADMIN,
  type CollectionScene,
  EDITOR,
  openCollectionScene,
  VIEWER,
  type WireCollection,
} from "./scene.testing.ts";

const OPEN_MS = 30_000;
const MISSING = 99_999;
const notFound = (id: number) => ({ detail: `Collection with id '${id}' not found` });
const denied = (id: number) => ({ detail: `Permission denied for collection with id '${id}'` });

let scene: CollectionScene;

describe("who may do what with collections", () => {
  /** Of the administrator, of the viewer and of the editor: a public and a private one each. */
  let ids: Record<string, number>;
  /** Holds every scope but those of collections. */
  let powerless = "";
  beforeAll(async () => {
    scene = await openCollectionScene();
    ids = {};
    for (const [who, authorization] of [
      ["admin", ADMIN],
      ["ana", VIEWER],
      ["edda", EDITOR],
    ] as const) {
      ids[`${who} public`] = (
        await scene.add("?is_public=true", { name: `${who} public` }, authorization)
      ).id;
      ids[`${who} private`] = (await scene.add("", { name: `${who} private` }, authorization)).id;
    }
    const others = SCOPES.filter(
      (scope) => /^(me|roms|platforms)\./.test(scope) && !scope.endsWith("roms.write"),
    );
    powerless = await scene.library.tokenWith(
      others.filter((scope) => !/platforms.write/.test(scope)).join(" "),
    );
  }, OPEN_MS);
  afterAll(() => scene.close());

  const WHOSE = ["admin public", "admin private", "ana public", "ana private", "edda public", "edda private"];
  const callers: [string, () => string, Record<string, string>][] = [
    // What each may do with a collection: "-" is like a missing one, "r" to see it, "w" to change and remove it.
    [
      "an administrator",
      () => ADMIN,
      { "admin public": "w", "admin private": "w", "ana public": "w", "edda public": "w" },
    ],
    [
      "a viewer",
      () => VIEWER,
      { "admin public": "r", "ana public": "w", "ana private": "w", "edda public": "r" },
    ],
    [
      "an editor",
      () => EDITOR,
      { "admin public": "r", "ana public": "r", "edda public": "w", "edda private": "w" },
    ],
  ];

  test.each(callers)("%s sees own and public ones through both doors", async (_who, proof, rights) => {
    const authorization = proof();
    const expected = WHOSE.filter((whose) => rights[whose] !== undefined).toSorted();
    const listed = (await scene.call("", { authorization })).json as WireCollection[];
    expect(listed.map(({ name }) => name)).toEqual(expected);
    const rpc = (await scene.ask("list", {}, authorization)).data as { name: string; romIds?: unknown }[];
    expect(rpc.map(({ name, romIds }) => [name, romIds])).toEqual(expected.map((name) => [name, undefined]));
    const identifiers = (await scene.call("/identifiers", { authorization })).json;
    expect(identifiers).toEqual(expected.map((whose) => ids[whose]));
    expect((await scene.ask("identifiers", {}, authorization)).data).toEqual(identifiers);
  });

  test.each(callers)(
    "%s is told the same of a private one as of a missing one",
    async (_who, proof, rights) => {
      const authorization = proof();
      for (const whose of WHOSE) {
        const id = ids[whose] ?? 0;
        const isSeen = rights[whose] !== undefined;
        const { status, json } = await scene.call(`/${id}`, { authorization });
        if (isSeen) expect([status, (json as WireCollection).name]).toEqual([200, whose]);
        else expect([status, json]).toEqual([404, notFound(id)]);
        const rpc = await scene.ask("get", { collectionId: id }, authorization);
        expect([rpc.status, rpc.code]).toEqual(isSeen ? [200, undefined] : [404, "COLLECTIONS_NOT_FOUND"]);
      }
      expect((await scene.call(`/${MISSING}`, { authorization })).json).toEqual(notFound(MISSING));
    },
  );

  test.each(callers)("%s changes only what they may, through every route", async (_who, proof, rights) => {
    const authorization = proof();
    const json = { rom_ids: [scene.romIds[0]] };
    for (const whose of [...WHOSE, "missing"]) {
      const id = ids[whose] ?? MISSING;
      const right = rights[whose];
      const [status, body] =
        right === "w" ? [200, null] : right === "r" ? [403, denied(id)] : [404, notFound(id)];
      const answers = [
        await scene.send("PUT", `/${id}`, { description: "x" }, authorization),
        await scene.call(`/${id}/roms`, { json, authorization }),
        await scene.call(`/${id}/roms`, { json, method: "DELETE", authorization }),
      ];
      for (const answer of answers) {
        expect([whose, answer.status]).toEqual([whose, status]);
        if (body !== null) expect(answer.json).toEqual(body);
      }
      const one = await scene.call(`/${id}/roms/${scene.romIds[0]}`, { method: "DELETE", authorization });
      expect([one.status, one.text]).toEqual(right === "w" ? [204, ""] : [status, JSON.stringify(body)]);
      const code =
        right === "w" ? undefined : right === "r" ? "COLLECTIONS_FOREIGN" : "COLLECTIONS_NOT_FOUND";
      const input = { collectionId: id, romIds: [] };
      expect((await scene.tell("update", { collectionId: id }, authorization)).code).toBe(code);
      expect((await scene.tell("addRoms", input, authorization)).code).toBe(code);
      expect((await scene.tell("removeRoms", input, authorization)).code).toBe(code);
    }
  });

  test("nobody removes another's without the grant", async () => {
    const id = ids["admin public"] ?? 0;
    for (const authorization of [VIEWER, EDITOR]) {
      const answer = await scene.call(`/${id}`, { method: "DELETE", authorization });
      expect([answer.status, answer.json]).toEqual([403, { detail: "Insufficient permissions" }]);
      expect((await scene.tell("remove", { collectionId: id }, authorization)).code).toBe(
        "PERMISSIONS_INSUFFICIENT",
      );
    }
    const hidden = await scene.call(`/${ids["admin private"]}`, { method: "DELETE", authorization: VIEWER });
    expect([hidden.status, hidden.json]).toEqual([404, notFound(ids["admin private"] ?? 0)]);
  });

  test("a grant for others' too opens public ones alone", async () => {
    const grant = (
      action: string,
    ) => `insert into user_permission_overrides (user_id, entity, action, granted, own_only)
      select id, 'collections', '${action}', true, false from users where username = 'gus'`;
    const { library } = scene;
    await library.change(`insert into users (username, hashed_password)
      select 'gus', hashed_password from users where username = 'ana'`);
    await library.change(grant("write"));
    const gus = `Basic ${Buffer.from("gus:viewerpass").toString("base64")}`;
    const id = (await scene.add("?is_public=true", { name: "for gus" })).id;
    expect((await scene.send("PUT", `/${id}`, { description: "by gus" }, gus)).status).toBe(200);
    expect((await scene.call(`/${id}`, { method: "DELETE", authorization: gus })).status).toBe(403);
    expect((await scene.send("PUT", `/${ids["ana private"]}`, { description: "x" }, gus)).status).toBe(404);
    // Taking it out of sight is a change like others.
    const closed = await scene.send("PUT", `/${id}?is_public=false`, {}, gus);
    expect([closed.status, (closed.json as WireCollection).is_public]).toEqual([200, false]);
    expect((await scene.call(`/${id}`, { authorization: gus })).status).toBe(404);
    expect((await scene.call(`/${id}`, { method: "DELETE" })).json).toBeNull();
  });

  test("anonymous callers and those without the scope are refused before anything is read", async () => {
    for (const [path, method] of [
      ["", "GET"],
      ["/1", "GET"],
      ["/1", "PUT"],
      ["/1/roms", "POST"],
      ["/1/roms/1", "DELETE"],
    ] as const) {
      const init = { method, headers: { "content-type": "text/html" } };
      const nobody = await scene.library.app.fetch(`/api/collections${path}`, init);
      // Whoever writes without a token needs the CSRF pair first.
      expect([path, nobody.status]).toEqual([path, method === "GET" ? 401 : 403]);
      const weak = await scene.call(path, { method, authorization: powerless });
      expect([path, weak.status, weak.json]).toEqual([path, 403, { detail: "Forbidden" }]);
    }
    expect((await scene.ask("list", {}, null)).code).toBe("AUTH_REQUIRED");
    expect((await scene.tell("create", { name: "x" }, powerless)).code).toBe("AUTH_SCOPE_MISSING");
  });
});

describe("collections", () => {
  beforeEach(async () => {
    scene = await openCollectionScene();
  }, OPEN_MS);
  afterEach(() => scene.close());

  test("live from a form to their removal, without an event", async () => {
    const [a = 0, b = 0, c = 0] = scene.romIds;
    const topics = await scene.listEvents(async () => {
      const made = await scene.send("POST", "?is_public=true", {
        name: "Best",
        description: "the best",
        rom_ids: "no",
      });
      expect(made.status).toBe(200);
      const {
        created_at: _c,
        updated_at: _u,
        ...rest
      } = made.json as WireCollection & { created_at: string };
      const { id } = rest;
      const expected = {
        id,
        name: "Best",
        description: "the best",
        rom_ids: [],
        rom_count: 0,
        path_cover_small: null,
        path_cover_large: null,
        path_covers_small: [],
        path_covers_large: [],
        is_public: true,
        is_favorite: false,
        is_virtual: false,
        is_smart: false,
        url_cover: "",
        user_id: 1,
        owner_username: "admin",
      };
      expect(rest as object).toEqual(expected);
      const added = await scene.call(`/${id}/roms`, { json: { rom_ids: [c, a, a, MISSING, b] } });
      expect((added.json as WireCollection).rom_ids).toEqual([a, b, c]);
      const fewer = await scene.call(`/${id}/roms`, { method: "DELETE", json: { rom_ids: [b, MISSING] } });
      expect(fewer.json).toMatchObject({ rom_ids: [a, c], rom_count: 2 });
      const changed = await scene.send("PUT", `/${id}?is_public=false`, {
        rom_ids: `[${b}, ${a}, ${MISSING}]`,
        name: "Best of",
      });
      expect(changed.json).toMatchObject({
        rom_ids: [a, b],
        name: "Best of",
        description: "the best",
        is_public: false,
      });
      const kept = await scene.send("PUT", `/${id}`, { name: "", description: "" });
      expect(kept.json).toMatchObject({ rom_ids: [a, b], name: "Best of", description: "" });
      expect((await scene.call(`/${id}/roms/${a}`, { method: "DELETE" })).status).toBe(204);
      expect((await scene.read(id)).rom_ids).toEqual([b]);
      expect(
        [await scene.call(`/${id}`, { method: "DELETE" })].map(({ status, text }) => [status, text]),
      ).toEqual([[200, "null"]]);
      expect((await scene.call(`/${id}`)).status).toBe(404);
    });
    expect(topics).toEqual([]);
    expect((await scene.library.get("/api/roms/identifiers")).body).toHaveLength(5);
  });

  test("live through the typed door", async () => {
    const [a = 0, b = 0] = scene.romIds;
    const made = (await scene.tell("create", { name: "Best" })).data as { id: number };
    const collectionId = made.id;
    const romIds = [b, a, MISSING];
    const added = await scene.tell("addRoms", { collectionId, romIds, with: ["romIds"] });
    expect(added.data).toMatchObject({ romCount: 2, romIds: [a, b], ownerUsername: "admin", ownerId: 1 });
    expect((await scene.tell("removeRoms", { collectionId, romIds: [a] })).data).toMatchObject({
      romCount: 1,
    });
    const replaced = await scene.tell("update", {
      collectionId,
      romIds: [a],
      isPublic: true,
      with: ["romIds"],
    });
    expect(replaced.data).toMatchObject({ romIds: [a], isPublic: true, name: "Best" });
    expect((await scene.ask("get", { collectionId }, VIEWER)).data).toMatchObject({
      name: "Best",
      romCount: 1,
    });
    expect((await scene.tell("remove", { collectionId })).data).toBeNull();
    expect((await scene.ask("get", { collectionId })).code).toBe("COLLECTIONS_NOT_FOUND");
  });

  test("have names of their own per account", async () => {
    await scene.add("", { name: "Best" });
    const again = await scene.send("POST", "", { name: "Best" });
    expect([again.status, again.json]).toEqual([
      409,
      { detail: "Collection with name 'Best' already exists" },
    ]);
    expect((await scene.tell("create", { name: "Best" })).code).toBe("COLLECTIONS_NAME_TAKEN");
    expect((await scene.send("POST", "", { name: "Best" }, VIEWER)).status).toBe(200);
    const other = await scene.add("", { name: "Other" });
    const renamed = await scene.send("PUT", `/${other.id}`, { name: "Best", description: "lost" });
    expect([renamed.status, renamed.json]).toEqual([
      409,
      { detail: "Collection with name 'Best' already exists" },
    ]);
    expect(await scene.read(other.id)).toMatchObject({ name: "Other", description: "" });
    const twice = await Promise.all([1, 2, 3].map(() => scene.send("POST", "", { name: "Race" })));
    expect(twice.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
  });

  test("hold favourites at most once per account", async () => {
    const first = await scene.send("POST", "?is_favorite=true&is_public=false", { name: "My games" });
    expect(first.json).toMatchObject({ is_favorite: true, is_public: false });
    const second = await scene.send("POST", "?is_favorite=true", { name: "More games" });
    expect([second.status, second.json]).toEqual([
      409,
      { detail: "A collection of favourites already exists" },
    ]);
    expect((await scene.tell("create", { name: "More", isFavorite: true })).code).toBe(
      "COLLECTIONS_FAVORITE_TAKEN",
    );
    // Some apps know no flag.
    expect(await scene.add("", { name: "Favourites" }, VIEWER)).toMatchObject({ is_favorite: true });
    expect(await scene.add("?is_favorite=false", { name: "Favorites" }, EDITOR)).toMatchObject({
      is_favorite: false,
    });
    expect((await scene.tell("create", { name: "favorites" }, EDITOR)).data).toMatchObject({
      isFavorite: false,
    });
  });

  const long = "x".repeat(401);
  test.each([
    ["no name", "", {}, ["body", "name"]],
    ["a blank name", "", { name: "  " }, ["body", "name"]],
    ["a long name", "", { name: long }, ["body", "name"]],
    ["a zero character", "", { name: "a\0b" }, ["body", "name"]],
    ["a long description", "", { name: "a", description: "x".repeat(20_001) }, ["body", "description"]],
    ["an address of another kind", "", { name: "a", url_cover: "file:///etc/passwd" }, ["body", "url_cover"]],
    ["a flag that is none", "?is_public=maybe", { name: "a" }, ["query", "is_public"]],
    ["a picture that is a text", "", { name: "a", artwork: "../../x" }, ["body", "artwork"]],
  ] as const)("are not made with %s", async (_what, query, fields, loc) => {
    const answer = await scene.send("POST", query, fields);
    expect(answer.status).toBe(422);
    expect((answer.json as { detail: { loc: unknown }[] }).detail.map((issue) => issue.loc)).toEqual([
      [...loc],
    ]);
    expect((await scene.call("")).json).toEqual([]);
  });

  test("refuse lists of roms that are none, and change nothing then", async () => {
    const [a = 0] = scene.romIds;
    const { id } = await scene.add("", { name: "Best" });
    await scene.call(`/${id}/roms`, { json: { rom_ids: [a] } });
    for (const rom_ids of ["no", "{}", "[1.5]", '["a"]', "[0]", "null", "[3000000000]"]) {
      const answer = await scene.send("PUT", `/${id}`, { rom_ids, name: "changed" });
      expect([rom_ids, answer.status]).toEqual([rom_ids, 422]);
    }
    for (const json of [{}, { rom_ids: 1 }, { rom_ids: ["a"] }, [a], { rom_ids: Array(100_001).fill(a) }]) {
      expect((await scene.call(`/${id}/roms`, { json })).status).toBe(422);
    }
    expect((await scene.call("/none/roms", { json: { rom_ids: [a] } })).status).toBe(422);
    expect(await scene.read(id)).toMatchObject({ name: "Best", rom_ids: [a] });
  });

  test("stand by name as people sort, and are listed again only after a change", async () => {
    for (const name of ["disc 10", "Disc 2", "The Best", "alpha"]) await scene.add("", { name });
    const list = async (query = "") =>
      ((await scene.call(query)).json as WireCollection[]).map(({ name }) => name);
    expect(await list()).toEqual(["alpha", "The Best", "Disc 2", "disc 10"]);
    const all = (await scene.call("")).json as WireCollection[];
    const last =
      all
        .map(({ updated_at }) => updated_at)
        .toSorted()
        .at(-1) ?? "";
    const after = `?updated_after=${encodeURIComponent(last)}`;
    expect(await list(after)).toEqual([]);
    const alpha = all[0]?.id ?? 0;
    const [a = 0] = scene.romIds;
    await scene.call(`/${alpha}/roms`, { json: { rom_ids: [a] } });
    expect(await list(after)).toEqual(["alpha"]);
    const { updated_at } = await scene.read(alpha);
    // None of these changes anything.
    await scene.call(`/${alpha}/roms`, { json: { rom_ids: [a, MISSING] } });
    await scene.call(`/${alpha}/roms`, { method: "DELETE", json: { rom_ids: [MISSING] } });
    await scene.send("PUT", `/${alpha}`, { rom_ids: `[${a}]`, name: "alpha", description: "" });
    expect((await scene.read(alpha)).updated_at).toBe(updated_at);
    await scene.send("PUT", `/${alpha}`, { description: "new" });
    expect((await scene.read(alpha)).updated_at > updated_at).toBe(true);
    expect((await scene.call("?updated_after=never")).status).toBe(422);
    expect((await scene.ask("list", { updatedAfter: "never" })).status).toBe(400);
  });

  test("lose nothing when several add at once", async () => {
    const { id } = await scene.add("", { name: "Best" });
    const answers = await Promise.all(
      [...scene.romIds, ...scene.romIds].map((romId) =>
        scene.call(`/${id}/roms`, { json: { rom_ids: [romId] } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect((await scene.read(id)).rom_ids).toEqual(scene.romIds);
  });

  test("forget a rom that is gone, and go with their account", async () => {
    const { id } = await scene.add("?is_public=true", { name: "Best" }, VIEWER);
    await scene.call(`/${id}/roms`, { json: { rom_ids: scene.romIds }, authorization: VIEWER });
    await scene.library.change(`delete from roms where id = ${scene.romIds[0]}`);
    expect((await scene.read(id)).rom_ids).toEqual(scene.romIds.slice(1));
    await scene.library.change("delete from users where username = 'ana'");
    expect((await scene.call(`/${id}`)).status).toBe(404);
  });

  test("show the covers of their first roms that have one", async () => {
    const { id } = await scene.add("", { name: "Best" });
    await scene.call(`/${id}/roms`, { json: { rom_ids: scene.romIds } });
    const [a, b, c] = scene.romIds;
    await scene.library.change(`update roms set path_cover_s = 'roms/1/' || id || '/small.png',
      path_cover_l = case when id = ${b} then '' else 'roms/1/' || id || '/big.png' end,
      updated_at = '2026-03-04T05:06:07.089Z' where id in (${b}, ${c})`);
    const ts = Date.parse("2026-03-04T05:06:07.089Z");
    const url = (romId: number | undefined, size: string) =>
      `/assets/romm/resources/roms/1/${romId}/${size}.png?ts=${ts}`;
    expect(await scene.read(id)).toMatchObject({
      path_covers_small: [url(b, "small"), url(c, "small")],
      path_covers_large: [url(c, "big")],
    });
    await scene.library.change("update roms set path_cover_s = 'x.png'");
    const { path_covers_small } = await scene.read(id);
    expect(path_covers_small).toHaveLength(5);
    expect(a).toBeGreaterThan(0);
  });
});
