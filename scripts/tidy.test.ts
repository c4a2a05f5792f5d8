import { describe, expect, test } from "bun:test";
import { domainSteps, importTable } from "./tidy/import-table.ts";
import { checkRequiredFiles } from "./tidy/layout.ts";
import { documentedFiles } from "./tidy/shape-table.ts";
import { checkFiles } from "./tidy.ts";

const manifests: [string, string][] = [
  ["db/package.json", '{ "exports": { ".": "./client.ts", "./schema/*": "./schema/*.ts" } }'],
  ["native/package.json", '{ "exports": { "./hash": "./host/hash.ts" } }'],
  ["server/package.json", '{ "exports": { "./contract/*": "./src/*/contract.ts" } }'],
  ["client-sdk/package.json", '{ "exports": { ".": "./src/index.ts", "./sync": "./src/entries/sync.ts" } }'],
];

/** The rules refused and their lines, as `rule:line`, for one file among the packages' manifests. */
function refusedIn(path: string, text: string): string[] {
  const findings = checkFiles(new Map([...manifests, [path, text]]));
  return findings
    .filter((finding) => finding.file === path && finding.severity === "refused")
    .map((finding) => `${finding.rule}:${finding.line}`);
}

function notesIn(path: string, text: string): string[] {
  const findings = checkFiles(new Map([[path, text]]));
  return findings.filter((finding) => finding.severity === "note").map((finding) => finding.rule);
}

const importValue = (specifier: string) => `import { a } from "${specifier}";\nexport const b = a;\n`;
const importType = (specifier: string) => `import type { A } from "${specifier}";\nexport type B = A;\n`;

describe("the import table", () => {
  test.each([
    ["db/client.ts", "./schema/roms.ts"],
    ["db/client.ts", "postgres"],
    ["native/host/chd.ts", "./load.ts"],
    ["server/src/base/ids.ts", "node:crypto"],
    ["server/src/ports/kv/postgres.ts", "@multitap/db"],
    ["server/src/ports/queue/pg-boss.ts", "@multitap/db"],
    ["server/src/ports/compute/worker-pool.ts", "@multitap/native/hash"],
    ["server/src/http/mount.ts", "../ports/log/port.ts"],
    ["server/src/roms/rules.ts", "./limits.ts"],
    ["server/src/roms/contract.ts", "../saves/contract.ts"],
    ["server/src/roms/wire.ts", "../states/wire.ts"],
    ["server/src/roms/files/queries.ts", "@multitap/db/schema/roms"],
    ["server/src/roms/files/queries.ts", "../contract.ts"],
    ["server/src/saves/service.ts", "./queries.ts"],
    ["server/src/saves/service.ts", "../roms/files/service.ts"],
    ["server/src/saves/service.ts", "../ports/kv/port.ts"],
    ["server/src/saves/rest.ts", "../http/route.ts"],
    ["server/src/saves/trpc.ts", "../rpc/procedures.ts"],
    ["server/src/relay/tcp.ts", "../socket/frames.ts"],
    ["server/src/metadata/providers/igdb.ts", "../../ports/fetch/port.ts"],
    ["server/src/app/app.ts", "../saves/rest.ts"],
    ["server/src/app/web/page.ts", "@multitap/client"],
    ["server/src/cli/scan.ts", "@multitap/client"],
    ["server/src/main.ts", "./app/app.ts"],
    ["client-sdk/src/entries/native.ts", "@multitap/native/hash"],
    ["client-sdk/src/entries/node.ts", "node:fs"],
    ["client-sdk/src/entries/sync.ts", "../errors.ts"],
    ["server/src/saves/service.http.test.ts", "../app/app.ts"],
    ["server/src/ports/kv/redis.db.test.ts", "../../../../scripts/testing/require-program.ts"],
    ["scripts/gen.ts", "../server/src/app/rest.ts"],
    ["bench/scan.ts", "@multitap/db"],
  ])("lets %s import %s", (path, specifier) => {
    expect(refusedIn(path, importValue(specifier)).filter((found) => !found.startsWith("docstring"))).toEqual(
      [],
    );
  });

  test.each([
    ["db/client.ts", "@multitap/server/contract/roms"],
    ["native/host/chd.ts", "@multitap/db"],
    ["native/assembly/chd/map.ts", "assemblyscript/std"],
    ["server/src/base/ids.ts", "../roms/rules.ts"],
    ["server/src/base/ids.ts", "node:fs/promises"],
    ["server/src/base/context.ts", "../ports/kv/port.ts"],
    ["server/src/ports/kv/redis.ts", "@multitap/db"],
    ["server/src/ports/kv/redis.ts", "../../roms/limits.ts"],
    ["server/src/http/mount.ts", "../roms/contract.ts"],
    ["server/src/http/mount.ts", "../rpc/handler.ts"],
    ["server/src/roms/rules.ts", "./queries.ts"],
    ["server/src/roms/rules.ts", "node:fs"],
    ["server/src/roms/contract.ts", "./service.ts"],
    ["server/src/roms/contract.ts", "@multitap/db/schema/roms"],
    ["server/src/roms/queries.ts", "../platforms/queries.ts"],
    ["server/src/roms/queries.ts", "../ports/kv/port.ts"],
    ["server/src/roms/service.ts", "../saves/service.ts"],
    ["server/src/saves/service.ts", "../states/service.ts"],
    ["server/src/saves/service.ts", "../roms/queries.ts"],
    ["server/src/saves/service.ts", "./wire.ts"],
    ["server/src/saves/service.ts", "../http/route.ts"],
    ["server/src/saves/service.ts", "../ports/kv/postgres.ts"],
    ["server/src/saves/service.ts", "drizzle-orm"],
    ["server/src/saves/service.ts", "@trpc/server"],
    ["server/src/saves/rest.ts", "@multitap/db"],
    ["server/src/saves/rest.ts", "./queries.ts"],
    ["server/src/saves/rest.ts", "../roms/service.ts"],
    ["server/src/saves/rest.ts", "../ports/kv/port.ts"],
    ["server/src/saves/rest.ts", "../rpc/procedures.ts"],
    ["server/src/saves/trpc.ts", "drizzle-orm/pg-core"],
    ["server/src/saves/trpc.ts", "@multitap/db/schema/roms"],
    ["server/src/saves/service.ts", "../app/app.ts"],
    ["server/src/app/app.ts", "../main.ts"],
    ["server/src/app/web/page.ts", "../../roms/service.ts"],
    ["client-sdk/src/client.ts", "@multitap/native/hash"],
    ["client-sdk/src/client.ts", "@multitap/server/contract/roms"],
    ["client-sdk/src/client.ts", "node:fs"],
    ["client-sdk/src/index.ts", "./entries/sync.ts"],
    ["client-sdk/src/entries/sync.ts", "../index.ts"],
    ["client-sdk/src/entries/netplay.ts", "node:net"],
  ])("refuses %s importing %s", (path, specifier) => {
    expect(refusedIn(path, importValue(specifier))).toContain("imports:1");
  });

  test.each([
    ["server/src/base/context.ts", "@multitap/db"],
    ["server/src/base/context.ts", "../ports/kv/port.ts"],
    ["server/src/roms/rules.ts", "../saves/contract.ts"],
    ["client-sdk/src/entries/sync.ts", "../index.ts"],
    ["client-sdk/src/client.ts", "@multitap/server/contract/roms"],
  ])("lets %s know the types of %s", (path, specifier) => {
    expect(refusedIn(path, importType(specifier)).filter((found) => !found.startsWith("docstring"))).toEqual(
      [],
    );
  });

  test.each([
    ["db/client.ts", "@multitap/server/contract/roms"],
    ["server/src/base/context.ts", "../roms/contract.ts"],
    ["server/src/http/mount.ts", "../roms/contract.ts"],
    ["server/src/roms/service.ts", "../app/app.ts"],
  ])("refuses %s knowing the types of %s", (path, specifier) => {
    expect(refusedIn(path, importType(specifier))).toContain("imports:1");
  });

  test("says the steps and the way out when a service looks upward", () => {
    const files = new Map([["server/src/roms/service.ts", importValue("../saves/service.ts")]]);
    const messages = checkFiles(files)
      .filter((finding) => finding.rule === "imports")
      .map((finding) => finding.message);
    expect(messages[0]).toContain("roms is on step 5, saves on step 8");
    expect(messages[0]).toContain("raise an event");
    expect(messages).toHaveLength(1);
  });

  test("refuses a file that no row knows", () => {
    expect(refusedIn("server/src/orphan.ts", importValue("./base/ids.ts"))).toEqual([
      "layout:1",
      "imports:1",
    ]);
  });

  test("gives every row a reason and every domain one step", () => {
    for (const row of importTable) expect(row.reason.length).toBeGreaterThan(20);
    const domains = domainSteps.flat();
    expect(new Set(domains).size).toBe(domains.length);
  });
});

describe("imports between files", () => {
  test("refuses a cycle once and prints the way round", () => {
    const files = new Map([
      ["server/src/base/a.ts", importValue("./b.ts")],
      ["server/src/base/b.ts", `// first\n${importValue("./c.ts")}`],
      ["server/src/base/c.ts", importValue("./a.ts")],
    ]);
    const cycles = checkFiles(files).filter((finding) => finding.rule === "cycle");
    expect(cycles).toMatchObject([
      {
        file: "server/src/base/a.ts",
        line: 1,
        message:
          "import cycle: server/src/base/a.ts > server/src/base/b.ts > server/src/base/c.ts > server/src/base/a.ts",
      },
    ]);
  });

  test("takes a way back by type for no cycle", () => {
    const files = new Map([
      ["server/src/base/a.ts", importValue("./b.ts")],
      ["server/src/base/b.ts", importType("./a.ts")],
    ]);
    expect(checkFiles(files)).toEqual([]);
  });

  test("refuses a relative import that leaves its top folder, in tests too", () => {
    expect(refusedIn("server/src/app/app.ts", importValue("../../../db/client.ts"))).toEqual([
      "relative-import:1",
    ]);
    expect(refusedIn("db/client.test.ts", importValue("../server/src/base/ids.ts"))).toEqual([
      "relative-import:1",
    ]);
  });

  test("refuses a sub-path that the package does not export", () => {
    expect(refusedIn("server/src/app/app.ts", importValue("@multitap/db/embedded/lock"))).toEqual([
      "exports:1",
    ]);
  });

  test("refuses a relative import without the file's extension", () => {
    expect(refusedIn("server/src/base/a.ts", importValue("./b"))).toEqual(["extension:1"]);
  });

  test("refuses a barrel, except as a package's entry", () => {
    const barrel = 'export { a } from "./a.ts";\nexport type { B } from "./b.ts";\n';
    expect(refusedIn("server/src/base/all.ts", barrel)).toEqual(["barrel:1"]);
    expect(refusedIn("server/src/base/all.ts", 'import { a } from "./a.ts";\nexport { a };\n')).toEqual([
      "barrel:1",
    ]);
    expect(refusedIn("server/src/base/all.ts", `${barrel}export const c = 1;\n`)).toEqual([]);
    expect(refusedIn("client-sdk/src/index.ts", barrel)).toEqual([]);
  });
});

describe("sizes", () => {
  const lines = (count: number) => "// A line.\n".repeat(count);

  test("refuses the 501st line, except in tables of facts and generated files", () => {
    expect(refusedIn("server/src/base/a.ts", lines(500))).toEqual([]);
    expect(refusedIn("server/src/base/a.ts", lines(501))).toEqual(["file-size:1"]);
    expect(refusedIn("server/src/base/a.test.ts", lines(501))).toEqual(["file-size:1"]);
    expect(refusedIn("server/src/base/a.data.ts", lines(900))).toEqual([]);
    expect(refusedIn("server/src/base/a.ts", `// @generated by gen.ts\n${lines(900)}`)).toEqual([]);
  });

  test("refuses the 71st line of a function", () => {
    const functionOf = (count: number) => `export function f() {\n${"  g();\n".repeat(count - 2)}}\n`;
    expect(refusedIn("server/src/base/a.ts", functionOf(70))).toEqual([]);
    expect(refusedIn("server/src/base/a.ts", `\n${functionOf(71)}`)).toEqual(["function-size:2"]);
  });

  test("measures the tests of a suite, not the suite", () => {
    const suite = (body: string) => `describe("a", () => {\n${body}});\n`;
    const short = 'test("b", () => {\n  c();\n});\n'.repeat(30);
    const long = `test("b", () => {\n${"  c();\n".repeat(80)}});\n`;
    expect(refusedIn("server/src/base/a.test.ts", suite(short))).toEqual([]);
    expect(refusedIn("server/src/base/a.test.ts", suite(long))).toEqual(["function-size:2"]);
  });

  test("refuses a fourth parameter, except in the row of a table test", () => {
    expect(refusedIn("server/src/base/a.ts", "export function f(a: A, b: B, c: C) {}\n")).toEqual([]);
    expect(refusedIn("server/src/base/a.ts", "export function f(a: A, b: B, c: C, d: D) {}\n")).toEqual([
      "parameters:1",
    ]);
    expect(refusedIn("server/src/base/a.test.ts", 'test.each(rows)("%s", (a, b, c, d) => {});\n')).toEqual(
      [],
    );
  });
});

describe("bans", () => {
  test.each([
    ["any", "export const a: any = 1;"],
    ["any", "export const a = b as any;"],
    ["any", "export const a = b as any[];"],
    ["any", "export const a = <any>b;"],
    ["any", "export type A = Map<string, any>;"],
    ["any", "export type A = Array<any>;"],
    ["any", "export type A = any;"],
    ["any", "export type A = string | any;"],
    ["any", "export const f = (a: any) => a;"],
    ["any", "export type F = () => any;"],
    ["any", "export interface A { [key: string]: any }"],
    ["any", "export class A<T extends any> {}"],
    ["ts-comment", "// @ts-ignore the types are wrong"],
    ["ts-comment", "/* @ts-nocheck */"],
    ["ts-comment", "// @ts-expect-error later"],
    ["plain-error", 'export function f() {\n  throw new Error("a");\n}'],
    ["empty-catch", "export function f() {\n  try {\n    g();\n  } catch {}\n}"],
    ["empty-catch", "export function f() {\n  try {\n    g();\n  } catch (error) {\n    // nothing\n  }\n}"],
    ["empty-catch", "export const f = () => g().catch(() => {});"],
    ["empty-catch", "export const f = () => g().catch((error) => {});"],
    ["default-export", "export default 1;"],
    ["reminder", "// TODO: later"],
    ["reminder", "/* FIXME */"],
    ["passwd", "export const a = os.userInfo();"],
    ["passwd", 'import { homedir } from "node:os";\nexport const a = homedir();'],
    ["forwarded-headers", 'export const a = headers.get("X-Forwarded-For");'],
    ["forwarded-headers", "export const a = `x-forwarded-${part}`;"],
    ["environment", "export const a = process.env.HOME;"],
    ["environment", "export const a = Bun.env.HOME;"],
    ["effects", "start();"],
    ["effects", "export const a = await start();"],
    ["effects", "void start();"],
    ["effects", "if (a) {\n  start();\n}"],
    ["effects", "(async () => {})();"],
  ])("refuses %s in %j", (rule, text) => {
    const found = refusedIn("server/src/ports/fetch/port.ts", `${text}\n`).map(
      (entry) => entry.split(":")[0],
    );
    expect(found.filter((name) => name !== "docstring" && name !== "imports")).toContain(rule);
  });

  test.each([
    ['export const a = "x: any";'],
    ["export const a = `as any`;"],
    ["// It takes as any other does: any."],
    ["export const a = v.any();"],
    ["export const a = { any: 1, b: 2 };"],
    ["export const a = Promise.any(b);"],
    ["export const a: { any: string; many: Company } = b;"],
    ["export const a = [b, any, c];"],
    ["export const a = /: any/;"],
    ["// See #12 for the reminder TODO."],
    ['export const a = "throw new Error(";'],
    ["export function f() {\n  throw new TypeError('a');\n}"],
    ["export function f() {\n  try {\n    g();\n  } catch (error) {\n    report(error);\n  }\n}"],
    ["export const f = () => g().catch((error) => report(error));"],
    ["export const f = () => g().catch(ignoreMissing);"],
    ["export const f = () => g().catch(() => undefined);"],
    ["export const f = () => g().catch((error) => report(error, () => {}));"],
    ["export const a = async () => {\n  await start();\n};"],
    ["export class A {\n  async f() {\n    await start();\n  }\n}"],
    ["export function f(): Promise<{ a: A }> {\n  return g();\n}\n\nexport const b = 1;"],
    ["if (import.meta.main) {\n  start();\n}"],
    ['import { tmpdir } from "node:os";\nexport const a = tmpdir;'],
    ["export const a = environment.process;"],
  ])("accepts %j", (text) => {
    expect(refusedIn("server/src/app/shape.ts", `${text}\n`)).toEqual([]);
  });

  test("lets the places that exist for it do what others may not", () => {
    expect(refusedIn("server/src/http/public-url.ts", 'export const a = "x-forwarded-proto";\n')).toEqual([]);
    expect(refusedIn("server/src/app/config-env.ts", "export const a = process.env;\n")).toEqual([]);
    expect(refusedIn("db/embedded/start.ts", "export const a = process.env;\n")).toEqual([]);
    expect(refusedIn("server/src/main.ts", "await start(process.env);\n")).toEqual([]);
    expect(refusedIn("db/drizzle.config.ts", "export default define({});\n")).toEqual([]);
    expect(refusedIn("db/roms.test-d.ts", "// @ts-expect-error not a number\n")).toEqual([]);
    expect(refusedIn("db/roms.test.ts", 'throw new Error("planted");\n')).toEqual([]);
  });

  test("refuses the type in tests and scripts too", () => {
    expect(refusedIn("db/roms.test.ts", "const a: any = 1;\n")).toEqual(["any:1"]);
    expect(refusedIn("scripts/a.ts", "const a: any = 1;\n")).toEqual(["any:1"]);
    expect(refusedIn("bench/a.ts", 'throw new Error("a");\n')).toEqual(["plain-error:1"]);
  });

  test.each<[string, boolean]>([
    ['test.only("a", f);', false],
    ['describe.only("a", f);', false],
    ['test.todo("a");', false],
    ['test.skip("a", f);', false],
    ['test.skip("a (needs redis-server)", f);', true],
    ['describe.skipIf(a)("b", f);', false],
    ['describe.skipIf(a)("b (needs 7zz)", f);', true],
    ['if (a) console.log("skipped: no root");\ndescribe.skipIf(a)("b", f);', true],
    ['const reason = "kv: skipped, no address is set";\ntest.skip(reason, f);', true],
    ['const a = requireProgram("7zz");\ndescribe.skipIf(a === null)("b", f);', true],
    ["reader.skip(4);", true],
  ])("judges %j in a test file", (text, isAccepted) => {
    expect(refusedIn("db/roms.test.ts", `${text}\n`).length === 0).toBe(isAccepted);
  });

  test.each([
    [["see /wo", "rk/main/a.ts"].join("")],
    [["(/fa", "rm/x)"].join("")],
    [["https://registry.np", "mjs.org/a"].join("")],
    [["http://deb.deb", "ian.org/"].join("")],
    [["a sub", "agent wrote this"].join("")],
    [["read ..", "/shared/a.md"].join("")],
  ])("refuses traces of the build machine in any text file: %j", (text) => {
    expect(refusedIn("server/docs/a.md", `first\n${text}\n`)).toEqual(["leftover:2"]);
    expect(refusedIn("scripts/conformance.ts", `// ${text}\n`)).toEqual([]);
  });

  test("accepts words and paths that only look like such traces", () => {
    const text = "framework/main /workers/ /homework/x shared/a.ts npm's registry";
    expect(refusedIn("server/docs/a.md", `${text}\n`)).toEqual([]);
  });

  test("notes, without refusing, what a plain search would stop at", () => {
    expect(notesIn("server/src/base/a.ts", "// The same as any other.\n")).toEqual(["lookalike"]);
    expect(notesIn("server/src/base/a.ts", "export const a = () => reader.skip(4);\n")).toEqual([
      "lookalike",
    ]);
    expect(notesIn("server/src/base/a.ts", "export const a: any = 1;\n")).toEqual([]);
    expect(notesIn("server/src/base/a.test.ts", "// The same as any other.\n")).toEqual([]);
  });
});

describe("docstrings", () => {
  const files = [
    "client-sdk/src/client.ts",
    "native/host/chd.ts",
    "server/src/roms/files/service.ts",
    "server/src/ports/kv/port.ts",
  ];

  test.each(files)("requires one on every export of %s", (path) => {
    expect(refusedIn(path, "export interface A {\n  b: B;\n}\n\nexport async function f() {}\n")).toEqual([
      "docstring:1",
      "docstring:5",
    ]);
    expect(refusedIn(path, "/** Gives the rooms. */\nexport async function f() {}\n")).toEqual([]);
    expect(refusedIn(path, "/** */\nexport const a = 1;\n")).toEqual(["docstring:2"]);
    expect(refusedIn(path, "// Gives the rooms.\nexport const a = 1;\n")).toEqual(["docstring:2"]);
  });

  test("asks for one per function, not per overload, and none on what is not exported", () => {
    const overloads =
      "/** Gives a. */\nexport function f(a: A): A;\nexport function f(a: B): B;\nfunction g() {}\n";
    expect(refusedIn("native/host/chd.ts", overloads)).toEqual([]);
  });

  test("covers a place for each sort of public file", () => {
    expect(documentedFiles).toHaveLength(files.length);
  });
});

describe("layout", () => {
  test.each([
    ["server/src/roms/service.ts"],
    ["server/src/roms/files/queries.db.test.ts"],
    ["server/src/roms/README.md"],
    ["server/src/platforms/slugs.data.ts"],
    ["server/src/metadata/providers/igdb.ts"],
    ["server/src/metadata/fixtures/igdb/search.json"],
    ["server/src/feeds/tinfoil.ts"],
    ["server/src/tasks/clean-orphans.ts"],
    ["server/src/ports/settings/yaml.ts"],
    ["server/docs/decisions/0001-bun.md"],
    [".github/workflows/check.yml"],
    ["Dockerfile"],
  ])("accepts %s", (path) => {
    expect(refusedIn(path, "\n")).toEqual([]);
  });

  test.each([
    ["docs/a.md"],
    ["server/src/events/service.ts"],
    ["server/src/utils/a.ts"],
    ["native/host/common/a.ts"],
    ["server/src/roms/errors.ts"],
    ["server/src/roms/notes/deep/service.ts"],
    ["server/src/ports/pager/port.ts"],
    ["server/src/index.ts"],
    ["server/src/base/fileName.ts"],
    ["client-sdk/src/Client.ts"],
  ])("refuses %s", (path) => {
    expect(refusedIn(path, "\n")[0]).toBe("layout:1");
  });
});

describe("checkRequiredFiles", () => {
  test("names what a newcomer would miss", () => {
    const findings = checkRequiredFiles(new Map([["README.md", "Run `npm start`."]]));
    expect(findings.map(({ file, message }) => `${file}: ${message}`)).toEqual(
      expect.arrayContaining([
        'README.md: this file does not show "npm test"',
        "server/ARCHITECTURE.md: this file is missing",
      ]),
    );
  });
});
