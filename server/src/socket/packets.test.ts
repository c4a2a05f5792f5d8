import { describe, expect, test } from "bun:test";
import { createFindPassed, encodePassed, isWholePacket } from "./packets.ts";

const find = createFindPassed(["input", "data-message"], 10);

describe("a packet that is passed on", () => {
  test.each([
    ['42["input",{"a":1}]', "input", 0],
    ['42["input"]', "input", 0],
    ['42["data-message",[1,2]]', "data-message", 0],
    ['451-["input",{"_placeholder":true,"num":0}]', "input", 1],
    [
      '452-["data-message",{"a":{"_placeholder":true,"num":1},"b":[{"_placeholder":true,"num":0}]}]',
      "data-message",
      2,
    ],
    ['4510-["input",[PLACES]]', "input", 10],
  ])("is %s", (template, name, attachments) => {
    const places = Array.from({ length: 10 }, (_, num) => JSON.stringify({ _placeholder: true, num }));
    const text = template.replace("PLACES", places.join(","));
    const head = find(text);
    expect(head).toEqual({ name, attachments });
    expect(head !== null && isWholePacket(text, head)).toBe(true);
  });

  test.each([
    "",
    "4",
    "42",
    "2",
    "3",
    "40",
    "41",
    "42[]",
    '42["open-room",{}]',
    '421["input",1]',
    '42/admin,["input",1]',
    '42["inpu\\u0074",1]',
    '42 ["input",1]',
    '42["inputs",1]',
    '43["input"]',
    '46["input"]',
    '45-["input"]',
    '450-["input"]',
    '4511-["input"]',
    '45123456789-["input"]',
    '451["input"]',
    '451-/admin,["input"]',
    '451-7["input"]',
    '45-1-["input"]',
  ])("is not found in %s", (text) => expect(find(text)).toBeNull());

  test.each([
    '42["input"',
    '42["input",',
    '42["input",{"a":1}',
    '42["input",{"a":1}]x',
    '42["input",undefined]',
    '42["input",{a:1}]',
    '42["input"}',
    '42["input",1,2]',
    '42["input"1]',
    '42["input","\u0000"]',
    '451-["input",1]',
    '451-["input",{"_placeholder":true,"num":1}]',
    '451-["input",{"_placeholder":true,"num":-1}]',
    '451-["input",{"_placeholder":true,"num":0.5}]',
    '451-["input",{"_placeholder":true,"num":"0"}]',
    '451-["input",{"_placeholder":true}]',
    '452-["input",{"_placeholder":true,"num":0}]',
    `451-["input",${"[".repeat(40)}{"_placeholder":true,"num":0}${"]".repeat(40)}]`,
  ])("is not whole in %s", (text) => {
    const head = find(text);
    expect(head).not.toBeNull();
    expect(head !== null && isWholePacket(text, head)).toBe(false);
  });
});

describe("encodePassed", () => {
  test("writes what a websocket would have brought", () => {
    expect(encodePassed("input", [{ a: [1, null, "ß"] }], 10)).toEqual(['42["input",{"a":[1,null,"ß"]}]']);
    expect(encodePassed("input", [], 10)).toEqual(['42["input"]']);
    const [one, two] = [Buffer.from([1]), Buffer.from([2])];
    expect(encodePassed("snapshot", [{ a: one, b: [two] }], 10)).toEqual([
      '452-["snapshot",{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]}]',
      one,
      two,
    ]);
  });

  test("refuses what no receiver should have to read", () => {
    expect(encodePassed("input", [Array.from({ length: 11 }, () => Buffer.from([1]))], 10)).toBeNull();
    let deep: unknown = 1;
    for (let at = 0; at < 40; at += 1) deep = [deep];
    expect(encodePassed("input", [deep], 10)).toBeNull();
  });
});
