import { expect, test } from "bun:test";
import { createStatementBook, type StatementBook } from "./prepared.ts";

const repeat = (book: StatementBook, text: string, times: number) =>
  Array.from({ length: times }, () => book.isFrequent(text));

test("a statement is frequent from its fifth time on", () => {
  expect(repeat(createStatementBook(), "select 1", 6)).toEqual([false, false, false, false, true, true]);
});

test("long statements never are", () => {
  expect(repeat(createStatementBook(), "x".repeat(4_001), 20)).not.toContain(true);
});

test("no more than 128 are", () => {
  const book = createStatementBook();
  const texts = Array.from({ length: 140 }, (_, index) => `select ${index}`);
  for (const text of texts) repeat(book, text, 10);
  expect(texts.filter((text) => book.isFrequent(text))).toEqual(texts.slice(0, 128));
});

test("statements that never come back do not push out what is counted for ever", () => {
  const book = createStatementBook();
  repeat(book, "rare", 4);
  for (let index = 0; index < 1_000; index += 1) book.isFrequent(`once ${index}`);
  // Its count was dropped with the others.
  expect(repeat(book, "rare", 5)).toEqual([false, false, false, false, true]);
});
