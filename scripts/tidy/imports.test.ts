import { describe, expect, test } from "bun:test";
import { listImports, resolveImport } from "./imports.ts";
import { compilePattern, matchesAny } from "./patterns.ts";
import { readSource } from "./source.ts";

describe("listImports", () => {
  test.each<[string, string, boolean]>([
    ["a value", 'import { a } from "./x.ts";', true],
    ["a namespace", 'import * as a from "./x.ts";', true],
    ["a default name called type", 'import type from "./x.ts";', true],
    ["nothing", 'import "./x.ts";', true],
    ["a value and a type", 'import { type A, b } from "./x.ts";', true],
    ["a type", 'import type { A } from "./x.ts";', false],
    ["types one by one", 'import { type A, type B } from "./x.ts";', false],
    ["a type by call", 'type A = import("./x.ts").A;', false],
    ["a dynamic import", 'const f = () => import("./x.ts");', true],
    ["a require", 'const a = require("./x.ts");', true],
    ["a re-export", 'export { a } from "./x.ts";', true],
    ["a re-export of all", 'export * as a from "./x.ts";', true],
    ["a re-export of a type", 'export type { A } from "./x.ts";', false],
    ["a file by attribute", 'import a from "./x.ts" with { type: "file" };', true],
  ])("reads %s", (_name, text, isRuntime) => {
    const [facts, ...rest] = listImports(readSource("server/src/base/a.ts", `const before = 1;\n${text}`));
    expect(facts).toMatchObject({ specifier: "./x.ts", line: 2, isRuntime });
    expect(rest).toEqual([]);
  });

  test("passes over imports in strings, templates and comments", () => {
    const text = 'const a = "import \\"./x.ts\\"";\nconst b = `import("./x.ts")`;\n// import "./x.ts"';
    expect(listImports(readSource("server/src/base/a.ts", text))).toEqual([]);
  });

  test("reads AssemblyScript, whose decorators Bun refuses, by its tokens", () => {
    const text = 'import { a } from "./x.ts";\n@inline\nexport function f(): i32 { return a; }';
    expect(listImports(readSource("native/assembly/a.ts", text))).toMatchObject([
      { specifier: "./x.ts", isRuntime: true },
    ]);
  });
});

describe("resolveImport", () => {
  const manifest = JSON.stringify({
    exports: {
      ".": "./client.ts",
      "./schema/*": "./schema/*.ts",
      "./native": { browser: "./dist/native.js", default: "./native.ts" },
    },
  });
  const files = new Map([
    ["db/package.json", manifest],
    ["db/native.ts", ""],
  ]);

  test.each<[string, { kind: string; path: string }]>([
    ["./b.ts", { kind: "file", path: "server/src/roms/b.ts" }],
    ["../../base/c.ts", { kind: "file", path: "server/base/c.ts" }],
    ["@multitap/db", { kind: "file", path: "db/client.ts" }],
    ["@multitap/db/schema/roms", { kind: "file", path: "db/schema/roms.ts" }],
    ["@multitap/db/native", { kind: "file", path: "db/native.ts" }],
    ["@multitap/db/secret", { kind: "unexported", path: "db/secret" }],
    ["@multitap/client/sync", { kind: "file", path: "client-sdk/sync" }],
    ["node:fs", { kind: "package", path: "pkg:node:fs" }],
    ["@trpc/server/http", { kind: "package", path: "pkg:@trpc/server/http" }],
  ])("leads %s to its file or package", (specifier, expected) => {
    expect(resolveImport("server/src/roms/a.ts", specifier, files)).toMatchObject(expected);
  });
});

describe("compilePattern", () => {
  test.each<[string, string, boolean]>([
    ["db/**", "db/schema/roms.ts", true],
    ["db/**", "dbx/a.ts", false],
    ["a/*.ts", "a/b/c.ts", false],
    ["a/**/c.ts", "a/c.ts", true],
    ["a/**/c.ts", "a/b/d/c.ts", true],
    ["a/{b,*.data}.ts", "a/x.data.ts", true],
    ["a/{b,*.data}.ts", "a/c.ts", false],
    ["pkg:{node:,bun}**", "pkg:bun:sqlite", true],
  ])("matches %s against %s", (pattern, path, expected) => {
    expect(matchesAny(path, [pattern])).toBe(expected);
  });

  test("binds a name to its word and matches nothing for a name without words", () => {
    const names = { domain: ["roms", "play-sessions"], lower: [] };
    const match = compilePattern("s/<domain>/**/rest.ts", names).exec("s/play-sessions/notes/rest.ts");
    expect(match?.groups?.domain).toBe("play-sessions");
    expect(compilePattern("s/<domain>/rest.ts", names).test("s/other/rest.ts")).toBe(false);
    expect(compilePattern("s/<lower>/rest.ts", names).test("s//rest.ts")).toBe(false);
  });
});
