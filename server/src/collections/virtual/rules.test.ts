import { describe, expect, test } from "bun:test";
import type { VirtualKey } from "../../roms/filters/contract.ts";
import { parseVirtualId } from "../../roms/filters/rules.ts";
import { chooseTypes, formatVirtualId } from "./rules.ts";

describe("the id of a virtual collection", () => {
  // Made with Python: base64.urlsafe_b64encode(json.dumps({"name": name, "type": type}).encode()).
  const known: [VirtualKey, string][] = [
    [{ type: "genre", name: "Puzzle" }, "eyJuYW1lIjogIlB1enpsZSIsICJ0eXBlIjogImdlbnJlIn0="],
    [{ type: "company", name: "Pokémon?" }, "eyJuYW1lIjogIlBva1x1MDBlOW1vbj8iLCAidHlwZSI6ICJjb21wYW55In0="],
    [
      { type: "franchise", name: 'a"b\\c\n~>' },
      "eyJuYW1lIjogImFcImJcXGNcbn4-IiwgInR5cGUiOiAiZnJhbmNoaXNlIn0=",
    ],
    [{ type: "mode", name: "\u{1F3AE}" }, "eyJuYW1lIjogIlx1ZDgzY1x1ZGZhZSIsICJ0eXBlIjogIm1vZGUifQ=="],
  ];
  test.each(known)("of %j is %s", (key, id) => {
    expect(formatVirtualId(key)).toBe(id);
    expect(parseVirtualId(id)).toEqual(key);
    expect(parseVirtualId(id.replaceAll("=", ""))).toEqual(key);
  });

  const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  test("may be written in other ways", () => {
    expect(parseVirtualId(json({ type: "genre", name: "Puzzle", more: 1 }))).toEqual({
      type: "genre",
      name: "Puzzle",
    });
  });

  test.each([
    "",
    "zzz",
    "%%%",
    json(null),
    json([]),
    json({ name: "Puzzle" }),
    json({ name: 7, type: "genre" }),
    json({ name: "Puzzle", type: "region" }),
    json({ name: "a\0b", type: "genre" }),
    Buffer.from('{"name": "Puz').toString("base64url"),
  ])("is not %j", (id) => {
    expect(parseVirtualId(id)).toBeNull();
  });
});

test.each([
  ["all", 5],
  ["mode", 1],
  ["region", 0],
  ["", 0],
])("asking for %j means %d types", (type, count) => {
  expect(chooseTypes(type)).toHaveLength(count);
});
