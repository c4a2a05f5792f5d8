import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import own from "../../package.json" with { type: "json" };
import { buildPackage } from "./build-package.ts";
import { documentPackage } from "./documentation.ts";
import { findFaults } from "./faults.ts";
import { SOURCE_PREFIX } from "./javascript.ts";
import { packPackage } from "./pack.ts";
import { bundleApp, formatSizes, isTooLarge, measureSizes } from "./sizes.ts";

const TIMEOUT_MS = 120_000;
/** What an app must not get that imports the client alone. */
const OF_OTHER_ENTRIES = /^(?:native\/|client-sdk\/src\/(?:sync|netplay|native|node|browser|entries)\/)/;

let home = "";
const at = (...names: readonly string[]) => join(home, ...names);

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "multitap-package-"));
  await buildPackage(at("package"));
}, TIMEOUT_MS);

afterAll(() => rm(home, { recursive: true, force: true }));

/** The sources behind files of the package, by their maps. */
async function readSources(files: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all(
    files.map(async (file) => {
      const { sources } = JSON.parse(await readFile(at("package", "dist", `${file}.map`), "utf8"));
      return (sources as readonly string[]).map((source) => source.slice(SOURCE_PREFIX.length));
    }),
  );
  return lists.flat();
}

/** A copy of the package with one file changed. */
async function spoil(name: string, file: string, change: (text: string) => string): Promise<string> {
  const folder = at(name);
  await cp(at("package"), folder, { recursive: true });
  const path = join(folder, file);
  await writeFile(path, change(await readFile(path, "utf8")));
  return folder;
}

describe("the built package", () => {
  test("has the entries of the workspace, each with types first", async () => {
    const manifest = JSON.parse(await readFile(at("package", "package.json"), "utf8"));
    expect(Object.keys(manifest.exports)).toEqual(Object.keys(own.exports));
    for (const [name, target] of Object.entries<object | string>(manifest.exports)) {
      if (typeof target === "object") expect([name, Object.keys(target)[0]]).toEqual([name, "types"]);
    }
    expect(manifest).toMatchObject({ version: own.version, license: "MIT", type: "module" });
    expect(manifest).not.toHaveProperty("dependencies");
  });

  test("holds what it promises and nothing else", async () => {
    const { files } = await packPackage(at("package"), at("tarball"));
    const top = [...new Set(files.map((file) => file.split("/")[0]))].sort();
    expect(top).toEqual(
      ["CHANGELOG.md", "LICENSE", "README.md", "THIRD-PARTY.md", "dist", "docs", "package.json"].sort(),
    );
    expect(files.filter((file) => /\.(?:ts|js|map|md|wasm|json)$|^LICENSE$/.test(file))).toEqual([...files]);
    expect(files.filter((file) => /test|fixture/i.test(file))).toEqual([]);
  });

  test(
    "has no faults by publint, attw and our own rules",
    async () => {
      const { bytes } = await packPackage(at("package"), at("tarball"));
      expect(await findFaults(at("package"), bytes)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each([
    ["dist/index.d.ts", 'import "valibot";\n', "names valibot"],
    ["dist/sync.d.ts", "declare const a: RTCIceServer;\n", "uses the type RTCIceServer"],
    ["dist/sync.js", 'import * as fs from "node:fs";\n', "imports node:*"],
    ["dist/sync.js", 'import "@multitap/server/contract/roms";\n', "names @multitap/server"],
  ])(
    "is faulty when %s begins with %j",
    async (file, line, fault) => {
      const folder = await spoil("spoilt", file, (text) => line + text);
      const { bytes } = await packPackage(folder, at("tarball"));
      expect(await findFaults(folder, bytes)).toContainEqual(expect.stringContaining(`${file} ${fault}`));
      await rm(folder, { recursive: true });
    },
    TIMEOUT_MS,
  );

  test(
    "tells of a missing docstring and of a missing file",
    async () => {
      const undocumented = await spoil(
        "undocumented",
        "dist/index.d.ts",
        (text) => `${text}\nexport type Bare = 1;\n`,
      );
      const { faults } = await documentPackage(undocumented, null);
      expect(faults).toEqual([expect.stringMatching(/Bare .*does not have any documentation/)]);
      await rm(at("undocumented", "dist", "sync.d.ts"));
      const { bytes } = await packPackage(undocumented, at("tarball"));
      expect((await findFaults(undocumented, bytes)).length).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  test(
    "documents every export",
    async () => {
      expect(await documentPackage(at("package"), null)).toEqual({ faults: [] });
    },
    TIMEOUT_MS,
  );

  test(
    "is the same for the same sources",
    async () => {
      await buildPackage(at("again"));
      const names = (await readdir(at("package"), { recursive: true, withFileTypes: true }))
        .filter((each) => each.isFile())
        .map((each) => join(each.parentPath, each.name).slice(at("package").length + 1));
      for (const name of names) {
        const [first, second] = await Promise.all([
          readFile(at("package", name)),
          readFile(at("again", name)),
        ]);
        expect([name, first.equals(second)]).toEqual([name, true]);
      }
    },
    TIMEOUT_MS,
  );
});

describe("what an app gets", () => {
  test("of createClient is nothing of another entry", async () => {
    const main = JSON.stringify(at("package", "dist", "index.js"));
    const { files } = await bundleApp(
      at("package"),
      `import { createClient } from ${main}; globalThis.app = createClient;`,
    );
    const sources = await readSources(files);
    expect(sources).toContain("client-sdk/src/client.ts");
    expect(sources.filter((source) => OF_OTHER_ENTRIES.test(source))).toEqual([]);
  });

  test("of two entries is told as what is in both", async () => {
    const [main, sync] = ["index", "sync"].map((entry) =>
      JSON.stringify(at("package", "dist", `${entry}.js`)),
    );
    const { files } = await bundleApp(
      at("package"),
      `import { createClient } from ${main}; import { createSync } from ${sync}; globalThis.app = [createClient, createSync];`,
    );
    expect(await readSources(files)).toContain("client-sdk/src/sync/engine.ts");
  });

  test("of another entry is nothing of the client", async () => {
    for (const entry of ["sync", "netplay", "native", "browser", "node"]) {
      const path = JSON.stringify(at("package", "dist", `${entry}.js`));
      const { files } = await bundleApp(at("package"), `import * as all from ${path}; globalThis.app = all;`);
      const sources = await readSources(files);
      expect([entry, sources.filter((source) => /\/src\/(?:client\.ts|domains\/)/.test(source))]).toEqual([
        entry,
        [],
      ]);
    }
  });

  test("weighs no more than decision 0015 records", async () => {
    const sizes = await measureSizes(at("package"));
    console.log(formatSizes(sizes));
    expect(sizes.filter(isTooLarge).map(({ what }) => what)).toEqual([]);
  });

  test("that weighs more is told as too large", () => {
    const size = {
      what: "/x",
      firstBytes: 4097,
      lateBytes: 0,
      files: [],
      weight: { budgetBytes: 2048, recordedBytes: 4096 },
    };
    expect(isTooLarge(size)).toBe(true);
    expect(formatSizes([size])).toContain("TOO LARGE");
    expect(formatSizes([{ ...size, firstBytes: 4096 }])).toContain("2.0 over the budget");
  });
});
