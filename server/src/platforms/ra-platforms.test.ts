import { expect, test } from "bun:test";
import { findRaConsole, listRaPlatforms } from "@multitap/native/ra-platforms";
import { PLATFORM_FACT_ROWS } from "./facts.data.ts";

test("hashing in apps takes the same platforms for the same consoles", () => {
  const wanted = PLATFORM_FACT_ROWS.flatMap(({ slug, raConsoleId }) =>
    raConsoleId === undefined ? [] : [[slug, raConsoleId]],
  );
  const given = listRaPlatforms().map((slug) => [slug, findRaConsole(slug)]);
  expect(given.sort()).toEqual(wanted.sort());
});
