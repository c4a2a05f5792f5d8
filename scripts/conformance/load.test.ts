import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError, loadOpenApi, loadPairs, loadRoutes, loadTranscripts } from "./load.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-conformance-load-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await Bun.write(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const item = (seq: number) => ({
  seq,
  name: "n",
  request: { method: "GET", path: "/api", headers: {}, body: null },
  response: { status: 200, headers: [], json: null },
});

/** The refusal of a call that must fail. */
async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => error,
  );
}

describe("loading", () => {
  test("puts the pairs of all files in the order of the recording, and leaves transcripts to their own loader", async () => {
    await write("a/one.json", { group: "one", items: [item(5), item(1)] });
    await write("a/two.json", { group: "two", items: [item(3)] });
    await write("a/socket_scan.json", { log: [{ t: 1 }] });
    const examples = join(folder, "a");
    expect((await loadPairs(examples)).map(({ id }) => id)).toEqual(["one/1", "two/3", "one/5"]);
    expect(await loadTranscripts(examples)).toEqual([{ id: "socket/scan", log: [{ t: 1 }] }]);
  });

  test("reads routes and documents", async () => {
    const routes = await write("routes.tsv", "method\tpath\tsummary\nGET\t/api\tx\n\n");
    expect(await loadRoutes(routes)).toEqual([{ method: "GET", path: "/api" }]);
    expect(await loadOpenApi(await write("openapi.json", { paths: {} }))).toEqual({ paths: {} });
  });

  test("refuses what is something else", async () => {
    const other = await write("other.tsv", "a\tb\n");
    const noPaths = await write("other.json", {});
    const broken = await write("broken.json", "{");
    await write("b/one.json", { group: "one", items: [{ seq: 1 }] });
    await write("c/socket_x.json", { log: [1] });
    const calls = [
      () => loadRoutes(other),
      () => loadRoutes(join(folder, "none.tsv")),
      () => loadOpenApi(noPaths),
      () => loadOpenApi(broken),
      () => loadPairs(join(folder, "b")),
      () => loadPairs(join(folder, "c")),
      () => loadPairs(join(folder, "none")),
      () => loadTranscripts(join(folder, "c")),
    ];
    for (const call of calls) expect(await refusalOf(call())).toBeInstanceOf(InputError);
  });
});
