import { describe, expect, test } from "bun:test";
import { describeBrowser, maskSyncConfig, mergeSyncConfig } from "./rules.ts";

describe("describeBrowser", () => {
  const table: [string | null, string, string | null][] = [
    ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux", "128"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0.0.0 Safari/537.36 Edg/127.0.2651.74",
      "Edge on Windows",
      "127",
    ],
    [
      "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
      "Chrome on Android",
      "126",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
      "Safari on iOS",
      "17",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
      "Safari on macOS",
      "17",
    ],
    [
      "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/126.0.0.0",
      "Chrome on ChromeOS",
      "126",
    ],
    ["python-requests/2.32", "Unknown browser on unknown system", null],
    ["", "Unknown browser on unknown system", null],
    [null, "Unknown browser on unknown system", null],
    [`${"x".repeat(600)} Firefox/1`, "Unknown browser on unknown system", null],
  ];
  test.each(table)("of %p is %s", (userAgent, name, version) => {
    expect(describeBrowser(userAgent)).toEqual({ name, version });
  });
});

describe("mergeSyncConfig", () => {
  const stored = { ssh_password: "secret", a: 1 };
  test.each([
    ["nothing given", stored, {}, stored],
    ["nothing there and nothing given", null, {}, null],
    ["new settings", stored, { syncConfig: { b: 2 } }, { b: 2 }],
    ["a masked secret", stored, { syncConfig: { ssh_password: "********" } }, { ssh_password: "secret" }],
    ["a masked secret of none", null, { syncConfig: { ssh_password: "********" } }, {}],
    ["a mask that is no secret", stored, { syncConfig: { a: "********" } }, { a: "********" }],
    ["a direction", stored, { syncDirection: "pull_only" }, { ...stored, direction: "pull_only" }],
    ["paths", null, { paths: { roms: "/r" } }, { paths: { roms: "/r" } }],
    ["settings that are none", "text", { syncDirection: "push_only" }, { direction: "push_only" }],
  ] as const)("with %s", (_name, before, given, after) => {
    expect(mergeSyncConfig(before, given)).toEqual(after);
  });
});

test("maskSyncConfig hides what is a secret and is set", () => {
  const stored = { ssh_password: "x", ssh_key_path: "", ssh_host: "h", deep: { ssh_password: "y" } };
  expect(maskSyncConfig(stored)).toEqual({ ...stored, ssh_password: "********" });
  expect([maskSyncConfig(null), maskSyncConfig([1])]).toEqual([null, null]);
});
