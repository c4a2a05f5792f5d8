import { beforeAll, describe, expect, test } from "bun:test";
import { ensureBuilt } from "../../build.ts";
import handmade from "../../vectors/chd-handmade.json" with { type: "json" };
import made from "../../vectors/chd-vectors.json" with { type: "json" };
import { type ByteSource, bytesSource } from "../byte-source.ts";
import { openChdDisc } from "../disc-chd.ts";
import { answerOf, filesOf, hash } from "./rahash.testing.ts";

// A first build takes seconds on a busy machine.
beforeAll(async () => {
  await ensureBuilt();
}, 60_000);

interface ChdVector {
  readonly id: string;
  /** By console: the hash of the disc as it extracts. */
  readonly ra?: { readonly [consoleId: string]: { readonly hash: string } | undefined } | undefined;
}

const openChd = (source: ByteSource, signal?: AbortSignal | undefined) => openChdDisc(source, { signal });

const readVector = (folder: string, id: string): Promise<Uint8Array> =>
  Bun.file(new URL(`../../vectors/${folder}/${id}.chd`, import.meta.url)).bytes();

const listRows = (folder: string, vectors: readonly ChdVector[]) =>
  vectors.flatMap(({ id, ra = {} }) =>
    Object.entries(ra).map(([consoleId, value]) => [id, folder, Number(consoleId), value?.hash] as const),
  );

const rows = [...listRows("chd", made.files), ...listRows("chd-handmade", handmade.files)];

describe("a CHD", () => {
  test("has known answers to be held against", () => expect(rows.length).toBeGreaterThan(30));

  test.each(rows)("hashes as the disc it was made of: %s", async (id, folder, consoleId, expected) => {
    const bytes = await readVector(folder, id);
    expect<unknown>(await hash(bytesSource(bytes, `${id}.chd`), consoleId, { openChd })).toEqual({
      raHash: expected,
    });
    const disc = await openChd(bytesSource(bytes, `${id}.chd`));
    expect<unknown>(await hash(disc, consoleId)).toEqual({ raHash: expected });
    await disc.close();
  });

  test("is found behind a playlist", async () => {
    const files = filesOf("g.m3u", {
      "g.m3u": new TextEncoder().encode("g.chd\n"),
      "g.chd": await readVector("chd", "cd-psx-default"),
    });
    const { raHash } = await hash(files, 12, { openChd });
    expect(raHash).toBe(made.files.find(({ id }) => id === "cd-psx-default")?.ra?.["12"]?.hash ?? "missing");
  });

  test("has no hash where nothing opens it, and says so", async () => {
    const bytes = await readVector("chd", "cd-psx-default");
    expect(answerOf(await hash(bytesSource(bytes, "g.chd"), 12))).toBe("unsupported");
  });

  test("has no hash where it is damaged or none at all, with the cause", async () => {
    const bytes = await readVector("chd", "cd-psx-default");
    const cut = await hash(bytesSource(bytes.slice(0, 2000), "g.chd"), 12, { openChd });
    expect(cut).toMatchObject({ raHash: null, cause: expect.any(Error) });
    const wrong = await hash(bytesSource(new Uint8Array(4096), "g.chd"), 12, { openChd });
    expect(answerOf(wrong)).toBe("unrecognized");
  });
});
