import { expect, test } from "bun:test";
import { formatPlainJson } from "./plain-json.ts";

test.each([
  [{ regions: ["USA"], platform_ids: [4] }, '{"regions": ["USA"], "platform_ids": [4]}'],
  [
    { search_term: 'Pokémon "x"', missing: false, none: null },
    '{"search_term": "Pok\\u00e9mon \\"x\\"", "missing": false, "none": null}',
  ],
  [{}, "{}"],
  [[1, [true, []], "\u{1F3AE}\n"], '[1, [true, []], "\\ud83c\\udfae\\n"]'],
  [undefined, "null"],
])("%j is written as other programs know it", (criteria, text) => {
  expect(formatPlainJson(criteria)).toBe(text);
});
