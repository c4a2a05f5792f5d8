import { describe, expect, test } from "bun:test";
import { compareRefusals, compareValues } from "./compare-values.ts";
import { createCorrespondence } from "./correspondence.ts";
import type { Json } from "./types.ts";

const UUID = "7c4a33a9-fb82-49c0-99e6-c7e7bdd41084";
const OTHER_UUID = "00000000-1111-4222-8333-444444444444";

function compare(theirs: Json, ours: Json, kind: string | null = "rom"): readonly string[] {
  const correspondence = createCorrespondence();
  return compareValues(theirs, ours, { correspondence, kind }).map(({ what, at }) => `${what} ${at}`);
}

const rows: readonly (readonly [string, Json, Json, readonly string[]])[] = [
  ["equal values", { name: "a", size: 1 }, { name: "a", size: 1 }, []],
  ["fields of ours beyond theirs", { name: "a" }, { name: "a", more: 1 }, []],
  ["a lacking field", { name: "a", slug: "b" }, { name: "a" }, ["field slug"]],
  ["another value", { name: "a" }, { name: "b" }, ["value name"]],
  ["another kind", { size: 1 }, { size: "1" }, ["value size"]],
  ["null for a text", { name: "a" }, { name: null }, ["value name"]],
  [
    "moments",
    { created_at: "2026-01-01", last_login: "x" },
    { created_at: "2027-02-02", last_login: "y" },
    [],
  ],
  ["null for a moment", { last_login: null }, { last_login: "2027-02-02" }, ["value last_login"]],
  [
    "secrets and hashes",
    { raw_token: "rmm_aaaaaaaa", md5_hash: "00" },
    { raw_token: "rmm_b", md5_hash: "11" },
    [],
  ],
  ["an empty hash", { md5_hash: "00ff" }, { md5_hash: "" }, ["value md5_hash"]],
  [
    "a word that only sounds like a secret",
    { token_type: "bearer" },
    { token_type: "mac" },
    ["value token_type"],
  ],
  ["the version", { SYSTEM: { VERSION: "development" } }, { SYSTEM: { VERSION: "5.2.0" } }, []],
  ["provider ids, which are facts", { igdb_id: 7 }, { igdb_id: 8 }, ["value igdb_id"]],
  ["scopes in another order", { scopes: ["a", "b"] }, { scopes: ["b", "a"] }, []],
  ["a lacking scope", { scopes: ["a", "b"] }, { scopes: ["a"] }, ["value scopes[]"]],
  ["words in another order", { regions: ["a", "b"] }, { regions: ["b", "a"] }, ["value regions[]"]],
  ["ids of nothing that are said back", { failed_ids: [9999] }, { failed_ids: [9999] }, []],
  ["other ids than were asked for", { failed_ids: [9999] }, { failed_ids: [1] }, ["value failed_ids[]"]],
  ["elements by name", [{ name: "a", size: 1 }], [{ name: "a", size: 2 }], ["value [].size"]],
  [
    "names that differ in the moment of their upload",
    [{ file_name: "a [2026-01-01_00-00-00].srm" }, { file_name: "a [2026-01-01_00-00-01].srm", size: 1 }],
    [{ file_name: "a [2027-02-02_00-00-00].srm" }, { file_name: "a [2027-02-02_00-00-01].srm", size: 2 }],
    ["value [].size"],
  ],
  [
    "moments in the address of a user's file",
    { download_path: "/api/saves/1/content?timestamp=2026-01-01 00:00:00+00:00" },
    { download_path: "/api/saves/1/content?timestamp=2027-02-02T00%3A00%3A00Z" },
    [],
  ],
  [
    "an address of another file",
    { download_path: "/api/saves/1/content?timestamp=2026-01-01 00:00:00+00:00" },
    { download_path: "/api/saves/2/content?timestamp=2026-01-01 00:00:00+00:00" },
    ["value download_path"],
  ],
  ["an element that lacks", [{ name: "a" }, { name: "b" }], [{ name: "a" }], ["field []{b}"]],
  ["an element too many", [{ name: "a" }], [{ name: "a" }, { name: "b" }], ["field []{b}"]],
  [
    "elements in another order",
    [{ name: "a" }, { name: "b" }],
    [{ name: "b" }, { name: "a" }],
    ["value [].order"],
  ],
  [
    "things under other names by place",
    [{ name: "a", size: 1 }],
    [{ name: "b", size: 2 }],
    ["value [].name", "value [].size"],
  ],
  [
    "grants in another order",
    { grants: [{ a: 1, b: 2 }, { a: 2 }] },
    { grants: [{ a: 2 }, { b: 2, a: 1 }] },
    [],
  ],
  ["another grant", { grants: [{ a: 1 }] }, { grants: [{ a: 2 }] }, ["value grants[]"]],
  [
    "lists without names of other lengths",
    { parts: [{ a: 1 }, { a: 1 }] },
    { parts: [{ a: 1 }] },
    ["value parts.length"],
  ],
  ["an empty list for a full one", { items: [{ id: 1, name: "a" }] }, { items: [] }, ["field items[]{a}"]],
];

describe("compareValues", () => {
  test.each(rows)("judges %s", (_, theirs, ours, expected) => {
    expect(compare(theirs, ours)).toEqual([...expected]);
  });

  test("takes ids as they come, and holds ours to them afterwards", () => {
    expect(
      compare(
        [
          { id: 1, name: "a" },
          { id: 2, name: "b" },
        ],
        [
          { id: 8, name: "a" },
          { id: 9, name: "b" },
        ],
      ),
    ).toEqual([]);
    const theirs = { items: [{ id: 1, name: "a" }], rom_id_index: [1] };
    expect(compare(theirs, { items: [{ id: 8, name: "a" }], rom_id_index: [8] })).toEqual([]);
    expect(compare(theirs, { items: [{ id: 8, name: "a" }], rom_id_index: [9] })).toEqual([
      "value rom_id_index[]",
    ]);
  });

  test("keeps ids of different things apart", () => {
    expect(compare({ id: 4, platform_id: 4 }, { id: 40, platform_id: 2 })).toEqual([]);
    expect(
      compare(
        { files: [{ id: 4, rom_id: 4, name: "f" }], id: 4 },
        { files: [{ id: 7, rom_id: 5, name: "f" }], id: 5 },
      ),
    ).toEqual([]);
  });

  test("compares lists of ids as sets, and does not learn from them", () => {
    const correspondence = createCorrespondence();
    const options = { correspondence, kind: "user" };
    compareValues(
      [
        { id: 1, username: "a" },
        { id: 2, username: "b" },
      ],
      [
        { id: 5, username: "a" },
        { id: 6, username: "b" },
      ],
      options,
    );
    expect(compareValues([2, 1], [5, 6], options)).toEqual([]);
    expect(compareValues([2, 1, 3], [5, 6, 7], options)).toHaveLength(1);
  });

  test("reads the kind of an entity from its neighbour", () => {
    const correspondence = createCorrespondence();
    correspondence.learnId("platform", 4, 9);
    const hidden = { entity: "platforms", entity_id: 4 };
    const options = { correspondence, kind: null };
    expect(compareValues(hidden, { ...hidden, entity_id: 9 }, options)).toEqual([]);
    expect(compareValues(hidden, hidden, options)).toHaveLength(1);
  });

  test("finds learned texts inside of others", () => {
    const theirs = { user_code: "RN7WHEJ6", verification_path_complete: "/pair?user_code=RN7WHEJ6" };
    expect(
      compare(theirs, { user_code: "ABCDEFGH", verification_path_complete: "/pair?user_code=ABCDEFGH" }),
    ).toEqual([]);
    expect(compare(theirs, { user_code: "ABCDEFGH", verification_path_complete: "/pair" })).toEqual([
      "value verification_path_complete",
    ]);
  });

  test("holds a UUID to what it stood for first", () => {
    expect(compare([{ id: UUID }, { id: UUID }], [{ id: OTHER_UUID }, { id: OTHER_UUID }])).toEqual([]);
    expect(compare([{ a: UUID, b: UUID }], [{ a: OTHER_UUID, b: UUID }])).toEqual(["value [].b"]);
  });

  test("exchanges ids of the request in messages", () => {
    const correspondence = createCorrespondence();
    const options = { correspondence, kind: "rom", exchanged: [["25", "37"]] as const };
    const theirs = { detail: "Rom with id '25' not found" };
    expect(compareValues(theirs, { detail: "Rom with id '37' not found" }, options)).toEqual([]);
    expect(compareValues(theirs, { detail: "Rom with id '38' not found" }, options)).toHaveLength(1);
  });
});

describe("compareRefusals", () => {
  const fault = (...loc: readonly string[]): Json => ({ type: "missing", loc, msg: "words", input: null });

  test("looks at places, not at words or order", () => {
    const ours: Json = { type: "other", loc: ["body", "a"], msg: "Other", input: 1 };
    expect(compareRefusals([fault("body", "b"), fault("body", "a")], [ours, fault("body", "b")])).toEqual([]);
  });

  test("tells places that are not refused, and fields that lack", () => {
    expect(compareRefusals([fault("body", "a"), fault("body", "b")], [fault("body", "a")])).toHaveLength(1);
    expect(compareRefusals([fault("body", "a")], [{ loc: ["body", "a"], msg: "x", input: null }])).toEqual([
      { what: "field", at: "detail[].type", theirs: "there", ours: "absent" },
    ]);
  });
});
