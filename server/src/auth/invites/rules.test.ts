import { expect, test } from "bun:test";
import { isReachable } from "./rules.ts";

test.each([
  ["https://games.example", true],
  ["http://192.168.1.5:8080", true],
  ["http://nas", true],
  ["http://localhost:8080", false],
  ["http://LOCALHOST.", false],
  ["http://games.localhost", false],
  ["http://127.0.0.1", false],
  ["http://127.8.9.1:80", false],
  ["http://2130706433", false],
  ["http://0.0.0.0", false],
  ["http://[::1]:8080", false],
  ["http://[::]", false],
  ["http://[::ffff:127.0.0.1]", false],
  ["http://[fd00::1]", true],
  ["ftp://games.example", false],
  ["not a url", false],
  [null, false],
])("others can open %p: %p", (publicUrl, expected) => {
  expect(isReachable(publicUrl)).toBe(expected);
});
