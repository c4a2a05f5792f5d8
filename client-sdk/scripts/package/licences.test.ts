import { expect, test } from "bun:test";
import { findBundledPackages, formatThirdParty } from "./licences.ts";

const fileOf = (...sources: readonly string[]) => [{ path: "index.js", sources }];

test("passes on the licences of packages whose code is in a file, each once", async () => {
  const bundled = await findBundledPackages(
    fileOf(
      "client-sdk/src/client.ts",
      "node_modules/@trpc/server/dist/a.mjs",
      "node_modules/@trpc/server/dist/b.mjs",
    ),
  );
  expect(bundled).toMatchObject([{ name: "@trpc/server", license: "MIT" }]);
  expect(formatThirdParty(bundled)).toMatch(
    /## @trpc\/server \S+, MIT\n\n```text\n(?:.*\n)*.*Permission is hereby/,
  );
});

test("refuses a package that may not be in ours", async () => {
  const refused = findBundledPackages(fileOf("node_modules/typescript/lib/typescript.js"));
  expect(await refused.catch(({ message }) => message)).toBe(
    "typescript is Apache-2.0, which may not be bundled",
  );
});

test("says so when there are none", () => {
  expect(formatThirdParty([])).toContain("hold none");
});
