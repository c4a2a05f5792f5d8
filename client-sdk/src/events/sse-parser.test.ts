import { describe, expect, test } from "bun:test";
import { createSseParser, type ServerSentEvent } from "./sse-parser.ts";

function parse(...pieces: string[]): ServerSentEvent[] {
  const events: ServerSentEvent[] = [];
  const feed = createSseParser((event) => events.push(event));
  for (const piece of pieces) feed(piece);
  return events;
}

describe("the event stream parser", () => {
  test.each([
    ["smallest", "data:\n\n", [{ type: "message", data: "", lastEventId: "" }]],
    ["typical", "event: ping\ndata: {}\nid: 7\n\n\n", [{ type: "ping", data: "{}", lastEventId: "7" }]],
    ["several lines", "data: a\ndata:b\n\n", [{ type: "message", data: "a\nb", lastEventId: "" }]],
    ["only one space is taken off", "data:  a\n\n", [{ type: "message", data: " a", lastEventId: "" }]],
    ["field without colon", "data\n\n", [{ type: "message", data: "", lastEventId: "" }]],
    [
      "comments and unknown fields",
      ": hi\nretry: 5\nx: y\ndata: a\n\n",
      [{ type: "message", data: "a", lastEventId: "" }],
    ],
    [
      "an event without data is none, but its id counts",
      "event: a\nid: 3\n\ndata: b\n\n",
      [{ type: "message", data: "b", lastEventId: "3" }],
    ],
    [
      "an empty id unsets it",
      "id: 3\ndata: a\n\nid:\ndata: b\n\n",
      [
        { type: "message", data: "a", lastEventId: "3" },
        { type: "message", data: "b", lastEventId: "" },
      ],
    ],
    [
      "an id with a zero byte is ignored",
      "id: a\0b\ndata: c\n\n",
      [{ type: "message", data: "c", lastEventId: "" }],
    ],
    ["unfinished", "data: a\n", []],
  ])("reads: %s", (_name, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test("reads the same with every line end and every cut", () => {
    const text = "event: x\ndata: one\ndata: two\nid: 9\n\ndata: three\n\n";
    const expected = parse(text);
    expect(expected).toHaveLength(2);
    for (const lineEnd of ["\n", "\r\n", "\r"]) {
      // A lone carriage return at the end is only known to be one by what follows.
      const whole = `${text.replaceAll("\n", lineEnd)}:`;
      for (let cut = 0; cut <= whole.length; cut++) {
        expect(parse(whole.slice(0, cut), whole.slice(cut))).toEqual(expected);
      }
      expect(parse(...whole)).toEqual(expected);
    }
  });

  test("refuses an event that is larger than any of ours", () => {
    expect(() => parse(`data: ${"x".repeat(1024 * 1024)}`)).toThrow("too large");
    expect(() => parse(...Array.from({ length: 70 }, () => `data: ${"x".repeat(16_000)}\n`))).toThrow(
      "too large",
    );
  });
});
