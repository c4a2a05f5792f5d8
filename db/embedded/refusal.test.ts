import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findCluster } from "./cluster.ts";
import { catchError, makeFolder, start } from "./fixtures/clusters.ts";

describe("findCluster", () => {
  const cases: { name: string; folders: Record<string, string>; expected: boolean | string }[] = [
    { name: "nothing", folders: {}, expected: false },
    { name: "an empty folder of ours", folders: { "18": "" }, expected: false },
    { name: "our major version", folders: { "18": "18\n" }, expected: true },
    {
      name: "an older cluster that an upgrade kept beside ours",
      folders: { "17": "17\n", "18": "18\n" },
      expected: true,
    },
    { name: "an older cluster in our folder", folders: { "18": "17\n" }, expected: "E_PG_MAJOR" },
    { name: "a newer cluster in our folder", folders: { "18": "19\n" }, expected: "E_PG_MAJOR" },
    { name: "only an older cluster", folders: { "17": "17\n" }, expected: "E_PG_MAJOR" },
    { name: "a newer cluster beside ours", folders: { "18": "18\n", "19": "19\n" }, expected: "E_PG_MAJOR" },
    { name: "a cluster in the parent folder itself", folders: { ".": "15\n" }, expected: "E_PG_MAJOR" },
    { name: "other folders", folders: { "17": "", backup: "16\n" }, expected: false },
  ];
  test.each(cases)("answers $expected for $name", ({ folders, expected }) => {
    const made = makeFolder();
    for (const [name, version] of Object.entries(folders)) {
      mkdirSync(join(made.folder, name), { recursive: true });
      if (version !== "") writeFileSync(join(made.folder, name, "PG_VERSION"), version);
    }
    mkdirSync(made.folder, { recursive: true });
    if (typeof expected === "boolean") expect(findCluster(made.folder)).toBe(expected);
    else expect(() => findCluster(made.folder)).toThrow(`(${expected})`);
    made.remove();
  });

  test("refuses a damaged cluster instead of starting empty", () => {
    const made = makeFolder();
    mkdirSync(join(made.folder, "18", "base"), { recursive: true });
    expect(() => findCluster(made.folder)).toThrow("has no PG_VERSION but is not empty: it holds base.");
    made.remove();
  });
});

describe("startEmbedded", () => {
  test("names both major versions, and leaves the folder free", async () => {
    const made = makeFolder();
    mkdirSync(join(made.folder, "18"), { recursive: true });
    for (const version of ["17", "19"]) {
      writeFileSync(join(made.folder, "18", "PG_VERSION"), `${version}\n`);
      const error = await catchError(start({ folder: made.folder }));
      expect(error).toMatchObject({ code: "E_PG_MAJOR", exitCode: 78 });
      expect((error as Error).message).toStartWith(
        `data folder holds PostgreSQL ${version}, this release carries 18: `,
      );
    }
    made.remove();
  });

  test("refuses a path where no folder can be made", async () => {
    const made = makeFolder();
    writeFileSync(join(made.base, "file"), "");
    const error = await catchError(start({ folder: join(made.base, "file", "postgres") }));
    expect(error).toMatchObject({ code: "E_DATA_FS", exitCode: 78 });
    made.remove();
  });
});
