import { describe, expect, test } from "bun:test";
import { createLineFolding, FOLDED_KEYS_MAX } from "./folding.ts";

/** A folding whose windows end when the test says so. */
function open() {
  const written: [string, number][] = [];
  let waiting: (() => void)[] = [];
  const folding = createLineFolding<string>({
    write: (line, count) => written.push([line, count]),
    schedule: (work) => waiting.push(work),
  });
  const endWindows = () => {
    const due = waiting;
    waiting = [];
    for (const work of due) work();
  };
  return { written, folding, endWindows, waitingCount: () => waiting.length };
}

describe("createLineFolding", () => {
  test("writes the first of equal lines at once, and then how many came", () => {
    const { written, folding, endWindows } = open();
    for (let at = 1; at <= 4; at += 1) folding.take("a", `line ${at}`);
    expect(written).toEqual([["line 1", 0]]);
    endWindows();
    expect(written.slice(1)).toEqual([["line 4", 3]]);
  });

  test("goes on counting what does not end, and forgets what does", () => {
    const { written, folding, endWindows, waitingCount } = open();
    folding.take("a", "a");
    folding.take("a", "a");
    endWindows();
    folding.take("a", "a");
    endWindows();
    expect(written).toEqual([
      ["a", 0],
      ["a", 1],
      ["a", 1],
    ]);
    endWindows();
    expect(waitingCount()).toBe(0);
    folding.take("a", "again");
    expect(written.at(-1)).toEqual(["again", 0]);
  });

  test("keeps different lines apart", () => {
    const { written, folding } = open();
    for (const key of ["a", "b", "a", "b"]) folding.take(key, key);
    expect(written).toEqual([
      ["a", 0],
      ["b", 0],
    ]);
  });

  test("watches only so many, and loses none of the others", () => {
    const { written, folding } = open();
    for (let at = 0; at < FOLDED_KEYS_MAX; at += 1) folding.take(`known ${at}`, "");
    folding.take("other", "other");
    folding.take("other", "other");
    expect(written).toHaveLength(FOLDED_KEYS_MAX + 2);
  });

  test("flush tells what was not told yet, once", () => {
    const { written, folding } = open();
    folding.take("a", "a");
    folding.take("a", "a");
    folding.flush();
    folding.flush();
    expect(written).toEqual([
      ["a", 0],
      ["a", 1],
    ]);
  });
});
