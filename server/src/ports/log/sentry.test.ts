import { describe, expect, test } from "bun:test";
import { createSentryReporter, type LoggedFailure } from "./sentry.ts";
import { formatEnvelope, parseSentryDsn, withoutPersons } from "./sentry-envelope.ts";

const TARGET = { url: "https://sentry.example/api/7/envelope/", key: "abc" };

describe("parseSentryDsn", () => {
  test.each([
    ["https://abc@sentry.example/7", TARGET],
    ["http://abc@host:9000/path/7", { url: "http://host:9000/path/api/7/envelope/", key: "abc" }],
  ])("reads %p", (text, target) => {
    expect(parseSentryDsn(text)).toEqual(target);
  });

  test.each([
    "",
    "sentry.example",
    "https://sentry.example/7",
    "https://abc@sentry.example",
    "ftp://abc@host/7",
  ])("refuses %p", (text) => {
    expect(parseSentryDsn(text)).toBeNull();
  });
});

describe("withoutPersons", () => {
  test.each([
    ['user "ana" not found', "user <text> not found"],
    [
      "cannot read /romm/assets/users/abc/Zelda.srm: permission denied",
      "cannot read <path>: permission denied",
    ],
    ["mail to ana@example.org failed", "mail to <mail> failed"],
    ["connect to 192.168.1.20 failed", "connect to <address> failed"],
    ["calling https://api.example/games?key=1 failed", "calling <url> failed"],
    ["no rom Zelda.z64 there", "no rom <file> there"],
    ["password=hunter2 was refused", "password=*** was refused"],
    ["Failed query: select 1\nparams: ana,secret", "Failed query: select 1"],
    ["the database does not answer", "the database does not answer"],
  ])("turns %p into %p", (text, left) => {
    expect(withoutPersons(text)).toBe(left);
  });
});

describe("formatEnvelope", () => {
  test("holds our words, the causes and our own frames, and nothing of anyone", () => {
    const error = new TypeError('cannot store "Zelda.srm" of ana@example.org', {
      cause: Object.assign(new RangeError("in /home/ana/roms/x.z64"), { code: "ENOSPC" }),
    });
    const text = formatEnvelope({
      id: "0".repeat(32),
      at: new Date(0),
      release: "multitap@1.0.0",
      level: "error",
      component: "scan",
      message: "a task failed",
      error,
    });
    const [head = "", item = "", body = ""] = text.trimEnd().split("\n");
    expect(JSON.parse(head)).toMatchObject({ event_id: "0".repeat(32) });
    expect(JSON.parse(item)).toEqual({ type: "event" });
    const event = JSON.parse(body);
    expect(event).toMatchObject({
      release: "multitap@1.0.0",
      logger: "scan",
      message: { formatted: "a task failed" },
    });
    expect(
      event.exception.values.map(({ type, value }: { type: string; value: string }) => [type, value]),
    ).toEqual([
      ["RangeError", "in <path> (ENOSPC)"],
      ["TypeError", "cannot store <text> of <mail>"],
    ]);
    const files = event.exception.values[1].stacktrace.frames.map(
      ({ filename }: { filename: string }) => filename,
    );
    expect(files.at(-1)).toBe("server/src/ports/log/sentry.test.ts");
    expect(text).not.toMatch(/Zelda|ana@|home|hostname/);
  });
});

describe("createSentryReporter", () => {
  const failure = (message: string): LoggedFailure => ({ component: null, message, error: null });

  function open(status = 200, headers: Record<string, string> = {}) {
    const sent: { readonly url: string; readonly init: RequestInit }[] = [];
    let nowMs = 1_000_000_000_000;
    const reporter = createSentryReporter({
      target: TARGET,
      release: "multitap@1.0.0",
      now: () => new Date(nowMs),
      send: async (url, init) => {
        sent.push({ url, init });
        return new Response(null, { status, headers });
      },
    });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return { sent, reporter, pass };
  }

  test("sends a failure once, with the key in a header", async () => {
    const { sent, reporter, pass } = open();
    for (let at = 0; at < 3; at += 1) reporter.report(failure("request failed"));
    await reporter.close(1_000);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.url).toBe(TARGET.url);
    expect(JSON.stringify(sent[0]?.init.headers)).toContain("sentry_key=abc");
    pass(11 * 60_000);
    reporter.report(failure("request failed"));
    await reporter.close(1_000);
    expect(sent).toHaveLength(2);
  });

  test("is silent for as long as it is told", async () => {
    const { sent, reporter, pass } = open(429, { "retry-after": "30" });
    reporter.report(failure("one"));
    await reporter.close(1_000);
    reporter.report(failure("two"));
    await reporter.close(1_000);
    expect(sent).toHaveLength(1);
    pass(31_000);
    reporter.report(failure("three"));
    await reporter.close(1_000);
    expect(sent).toHaveLength(2);
  });

  test("drops what it cannot send in time, and never fails", async () => {
    const reporter = createSentryReporter({
      target: TARGET,
      release: "",
      send: () => Promise.reject(new TypeError("away")),
    });
    for (let at = 0; at < 100; at += 1) reporter.report(failure(`failure ${at}`));
    await reporter.close(1_000);
  });
});
