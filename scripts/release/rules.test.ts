import { describe, expect, test } from "bun:test";
import { findChanges, findManifestFaults, findVersionFaults } from "./rules.ts";
import { formatSbom, listLocked } from "./sbom.ts";

describe("findVersionFaults", () => {
  test.each([
    ["0.2.0", ["v0.1.0", "v0.1.10", "other"], []],
    ["0.2.0", ["v0.2.0-rc.2"], []],
    ["1.0.0-rc.10", ["v1.0.0-rc.9"], []],
    ["0.2.0", ["v0.2.0"], ["v0.2.0 is not before 0.2.0"]],
    ["0.2.0-rc.1", ["v0.2.0"], ["v0.2.0 is not before 0.2.0-rc.1"]],
    ["0.9.0", ["v0.10.0"], ["v0.10.0 is not before 0.9.0"]],
    ["v1", [], ['"v1" is not a version such as 0.2.0']],
    ["01.0.0", [], ['"01.0.0" is not a version such as 0.2.0']],
  ])("%s after %j", (version, tags, faults) => {
    expect(findVersionFaults(version, tags)).toEqual(faults);
  });
});

test("findManifestFaults tells who has another version, and who names a sibling by another", () => {
  const manifests = [
    { name: "@x/a", version: "0.2.0", dependencies: { "@x/b": "0.1.0", valibot: "1.5.0" } },
    { name: "@x/b", version: "0.1.0", devDependencies: { "@x/a": "0.2.0" } },
  ];
  expect(findManifestFaults("0.2.0", manifests)).toEqual([
    "@x/a depends on @x/b 0.1.0",
    "@x/b has the version 0.1.0",
  ]);
});

describe("findChanges", () => {
  const changelog = "# Changes\n\n## 0.2.0\n\n- New.\n\n## 0.1.0\n\n- First.\n\n## 0.0.9\n";

  test.each([
    ["0.2.0", "- New."],
    ["0.1.0", "- First."],
    ["0.0.9", null],
    ["0.3.0", null],
    ["0.2", null],
  ])("of %s", (version, changes) => {
    expect(findChanges(changelog, version)).toBe(changes);
  });
});

describe("the list of what a release is made of", () => {
  const lock = {
    packages: {
      "": { version: "0.1.0" },
      server: { version: "0.1.0" },
      "node_modules/@multitap/server": { link: true },
      "node_modules/elysia": { version: "1.4.30", license: "MIT" },
      "node_modules/a/node_modules/elysia": { version: "1.4.30", license: "MIT" },
      "node_modules/@x/old": { name: "real", version: "2.0.0" },
      "node_modules/typedoc": { version: "0.28.20", dev: true },
    },
  };

  test("leaves out development and our own, and names each once", () => {
    expect(listLocked(lock)).toEqual([
      { name: "elysia", version: "1.4.30", license: "MIT" },
      { name: "real", version: "2.0.0", license: null },
    ]);
  });

  test("is CycloneDX", () => {
    const text = formatSbom({ name: "@multitap/client", version: "0.1.0" }, listLocked(lock));
    expect(JSON.parse(text)).toMatchObject({
      bomFormat: "CycloneDX",
      metadata: { component: { purl: "pkg:npm/%40multitap/client@0.1.0" } },
      components: [
        { name: "elysia", licenses: [{ expression: "MIT" }], purl: "pkg:npm/elysia@1.4.30" },
        { name: "real" },
      ],
    });
  });
});
