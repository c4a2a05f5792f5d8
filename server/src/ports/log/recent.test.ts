import { describe, expect, test } from "bun:test";
import { maskSecrets } from "./masking.ts";
import { createLog } from "./pino.ts";
import type { LogLine } from "./port.ts";
import { createRecentLines, LINE_CHARS_MAX, RECENT_LINES_MAX } from "./recent.ts";

const line = (text: string): LogLine => ({ atMs: 0, level: "info", component: null, text });
const texts = (lines: readonly LogLine[]) => lines.map(({ text }) => text);

describe("createRecentLines", () => {
  test("keeps the newest, oldest first", () => {
    const recent = createRecentLines(3);
    expect(recent.list(10)).toEqual([]);
    for (const text of ["a", "b"]) recent.add(line(text));
    expect(texts(recent.list(10))).toEqual(["a", "b"]);
    for (const text of ["c", "d", "e"]) recent.add(line(text));
    expect(texts(recent.list(10))).toEqual(["c", "d", "e"]);
    expect(texts(recent.list(2))).toEqual(["d", "e"]);
  });

  test("shortens, and takes colours and other commands out", () => {
    const recent = createRecentLines();
    recent.add(line(`\u001b[31mred\u001b[0m\u0007 text\n  next\u0000`));
    recent.add(line("x".repeat(LINE_CHARS_MAX + 10)));
    const [first, second] = texts(recent.list(2));
    expect(first).toBe("red text\n  next");
    expect(second).toHaveLength(LINE_CHARS_MAX + 1);
  });

  test("tells new lines until told otherwise, but not what the listener logs", () => {
    const recent = createRecentLines();
    const told: string[] = [];
    const stop = recent.follow(({ text }) => {
      told.push(text);
      recent.add(line(`about ${text}`));
    });
    recent.add(line("a"));
    stop();
    recent.add(line("b"));
    expect(told).toEqual(["a"]);
    expect(texts(recent.list(10))).toEqual(["a", "about a", "b"]);
  });
});

describe("createLog", () => {
  test.each(["text", "json"] as const)("keeps what it writes as %s, with component and facts", (format) => {
    const log = createLog({ level: "info", format, write: () => undefined });
    log.debug("noise");
    log.child("Scan").warn("slow folder", { path: "/a b", token: "hunter2" });
    log.info("ready");
    const [first, second] = log.recent?.list(RECENT_LINES_MAX) ?? [];
    expect(first).toMatchObject({
      level: "warn",
      component: "Scan",
      text: 'slow folder path="/a b" token=***',
    });
    expect(Date.now() - (first?.atMs ?? 0)).toBeLessThan(60_000);
    expect([second?.component, second?.text]).toEqual([null, "ready"]);
  });
});

describe("maskSecrets", () => {
  test.each([
    ["password=hunter2 next", "password=*** next"],
    ['user_password: "hunter 2", x', "user_password=***, x"],
    ['{"api_key":"hunter2","a":1}', '{"api_key=***,"a":1}'],
    ["Authorization: Bearer abc.def-hunter2", "Authorization=***"],
    ["sent Bearer hunter2hunter2 to", "sent Bearer *** to"],
    ["sent Basic YWRtaW46aHVudGVyMg== to", "sent Basic *** to"],
    ["https://host/reset-password?token=hunter2&x=1", "https://host/reset-password?token=***&x=1"],
    ["postgres://user:hunter2@host/db", "postgres://***@host/db"],
    ["token rmm_0123456789abcdef", "token ***"],
    ["got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "got ***"],
    ["IGDB_CLIENT_SECRET=hunter2", "IGDB_CLIENT_SECRET=***"],
    ["cookie: a", "cookie=***"],
  ])("turns %p into %p", (text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
  });

  test.each([
    "the token has expired",
    "password too short",
    "scan of 5 roms: done",
    "https://host:8080/path@x",
  ])("leaves %p alone", (text) => {
    expect(maskSecrets(text)).toBe(text);
  });

  test.each([
    "token".repeat(1600),
    "a".repeat(8000),
    "a:".repeat(4000),
    `${"a://".repeat(2000)}@`,
    `password="${"x ".repeat(3900)}`,
  ])("takes no long time for hostile text (case %#)", (text) => {
    const startedAtMs = performance.now();
    maskSecrets(text);
    expect(performance.now() - startedAtMs).toBeLessThan(250);
  });
});
