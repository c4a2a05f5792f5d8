import { describe, expect, test } from "bun:test";
import { createLog } from "./pino.ts";

function collect(format: "text" | "json", level: "debug" | "info" = "info") {
  const lines: string[] = [];
  return { lines, log: createLog({ level, format, write: (line) => lines.push(line) }) };
}

describe("createLog", () => {
  test("writes one readable line with level, component and facts", () => {
    const { lines, log } = collect("text");
    log.child("scan").warn("folder is slow", { path: "/roms/a b", count: 3 });
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}scan: folder is slow path="\/roms\/a b" count=3\n$/,
    );
  });

  test("writes one JSON object a line", () => {
    const { lines, log } = collect("json");
    log.info("ready", { port: 8080 });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", msg: "ready", port: 8080 });
  });

  test("leaves out what is less important than the level", () => {
    const { lines, log } = collect("json");
    log.debug("noise");
    expect(lines).toEqual([]);
  });

  test("never writes secrets", () => {
    const { lines, log } = collect("json");
    log.info("request", { token: "rmm_abc", nested: { password: "hunter2" }, authorization: "Basic xyz" });
    expect(lines[0]).not.toMatch(/rmm_abc|hunter2|xyz/);
  });

  test("shows an error with its causes", () => {
    const { lines, log } = collect("text");
    log.error("failed", { error: new RangeError("outer", { cause: new TypeError("inner") }) });
    expect(lines[0]).toContain("RangeError: outer");
    expect(lines[0]).toContain("caused by TypeError: inner");
  });

  test("shows a failed query without the values it was given", () => {
    const { lines, log } = collect("json");
    const message = "Failed query: insert into users values ($1)\nparams: hunter2,$argon2id$secret\nmore";
    log.error("failed", { error: new RangeError(message, { cause: new RangeError(message) }) });
    expect(lines[0]).toContain("insert into users");
    expect(lines[0]).not.toMatch(/hunter2|argon2id/);
    expect(lines[0]).toContain("pino.test.ts");
  });
});
