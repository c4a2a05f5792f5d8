import { afterAll, beforeAll, expect, test } from "bun:test";
import fs from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ensureBuilt } from "@multitap/native/build";
import chdVectors from "../../../../../native/vectors/chd-vectors.json" with { type: "json" };
import { listCases } from "../../../../../native/vectors/ra/cases.ts";
import vectors from "../../../../../native/vectors/ra/ra-vectors.json" with { type: "json" };
import { createStoredRar } from "../../../../../scripts/library/stored-rar.ts";
import { createNoise, createPlace, createTar, runSevenZip } from "../testing/archives.ts";
import type { RaTarget } from "./hash-rom-shape.ts";

const place = createPlace();
beforeAll(() => ensureBuilt(), 120_000);
afterAll(place.remove);

const known: { readonly [id: string]: { readonly hashes: readonly string[] } } = vectors;
const cases = new Map(listCases().map((item) => [item.id, item]));

/** What the reference answers for an input. */
const answerOf = (id: string): string => known[id]?.hashes[0] ?? "no such vector";

/** Writes an input's files into a folder of its own and gives their paths. */
function storeCase(id: string, folder = id): string[] {
  const files = Object.entries(cases.get(id)?.files ?? {});
  return files.map(([name, file]) =>
    place.store(`${folder}/${name}`, typeof file === "function" ? file() : file),
  );
}

function bytesOf(id: string): Uint8Array {
  const [path] = storeCase(id, `bytes-${id}`);
  return fs.readFileSync(path ?? "");
}

const NES: RaTarget = { consoleId: 7, isDisc: false };
const PSX: RaTarget = { consoleId: 12, isDisc: true };
const PSP: RaTarget = { consoleId: 41, isDisc: true };
const ARCADE: RaTarget = { consoleId: 27, isDisc: false };

const game = bytesOf("nes-headered");
const inner = await createTar({ "readme.txt": "x", "game.nes": game, "z.txt": "y" });
place.store("game.nes", game);
place.store("inner.tar", inner);
const CONTENTS = { "readme.txt": "small", "game.nes": game };

function packOne(type: string, source: string, name: string): string {
  const path = join(place.path, name);
  runSevenZip(["a", `-t${type}`, path, join(place.path, source)]);
  return path;
}

const CONTAINERS: readonly (readonly [name: string, path: string])[] = [
  ["zip", place.pack("cart.zip", CONTENTS)],
  ["lzma zip", place.pack("cart-lzma.zip", CONTENTS, ["-mm=LZMA"])],
  ["7z", place.pack("cart.7z", CONTENTS)],
  ["rar", place.store("cart.rar", createStoredRar([{ name: "d/game.nes", bytes: game }]))],
  ["tar", place.store("cart.tar", inner)],
  ["tar.gz", place.store("cart.tar.gz", gzipSync(inner))],
  ["gz", place.store("cart.nes.gz", gzipSync(game))],
  ["bz2", packOne("bzip2", "game.nes", "cart.nes.bz2")],
  ["xz", packOne("xz", "game.nes", "cart.nes.xz")],
  ["tar.bz2", packOne("bzip2", "inner.tar", "cart.tar.bz2")],
  ["tar.xz", packOne("xz", "inner.tar", "cart.tar.xz")],
  ["7z with a tar in it", place.pack("cart-tar.7z", { "inner.tar": inner, "a.txt": "a" })],
];

test.each(CONTAINERS)("hashes the cartridge in a %s", async (_, path) => {
  for (const isFolder of [false, true]) {
    const run = isFolder ? place.hashFolder([path], { ra: NES }) : place.hash(path, { ra: NES });
    const { raHash, problems } = await run;
    expect({ raHash, problems }).toEqual({ raHash: answerOf("nes-headered"), problems: [] });
  }
  expect(fs.readdirSync(place.tempPath)).toEqual([]);
});

test("hashes an archive that was hashed before and is not read for the rom", async () => {
  const [, path = ""] = CONTAINERS[2] ?? [];
  const files = [{ isHashed: true }];
  expect(await place.hashFolder([path], { ra: NES, files })).toMatchObject({
    raHash: answerOf("nes-headered"),
  });
});

test("unpacks a packed file whose name does not say so", async () => {
  const path = join(place.path, "disguised.nes");
  fs.copyFileSync(CONTAINERS[0]?.[1] ?? "", path);
  expect(await place.hash(path, { ra: NES })).toMatchObject({ raHash: answerOf("nes-headered") });
});

test("takes what does not fit into memory through a temporary file that is gone at the end", async () => {
  const large = createNoise(20 << 20, 3);
  const path = place.pack("large.7z", { "game.md": large, "a.txt": "a" }, ["-mx1"]);
  const { raHash } = await place.hash(path, { ra: { consoleId: 1, isDisc: false } });
  expect(raHash).toBe(new Bun.CryptoHasher("md5").update(large).digest("hex"));
  expect(fs.readdirSync(place.tempPath)).toEqual([]);
});

test.each(CONTAINERS)("has none for a %s of a disc", async (_, path) => {
  expect(await place.hash(path, { ra: PSX })).toMatchObject({ raHash: "" });
});

test.each(["arcade-0", "arcade-3", "arcade-6", "arcade-9"])("hashes the name of %s", async (id) => {
  const entry = cases.get(id)?.entry ?? "";
  const path = place.store(`named/${entry.includes("/") ? "" : "roms/"}${entry}`, "no archive at all");
  const { raHash } = await place.hash(path, { ra: ARCADE });
  expect(raHash).toBe(answerOf(id));
});

test.each(["psx-cue", "psx-m3u", "ps2-cue", "saturn-cue", "dc-gdi", "pcfx-largest", "psp-iso", "psp-cso"])(
  "picks the file that stands for the folder of %s",
  async (id) => {
    const ra = { consoleId: cases.get(id)?.consoleId ?? 0, isDisc: true };
    const { raHash } = await place.hashFolder(storeCase(id), { ra });
    expect(raHash).toBe(answerOf(id));
  },
);

test("follows a playlist of a console that knows none to an image that is one", async () => {
  storeCase("psp-cso", "psp-list/discs");
  const image = cases.get("psp-cso")?.entry ?? "";
  const list = place.store("psp-list/game.m3u", `# comment\n\ndiscs\\${image}\r\n`);
  expect(await place.hashFolder([list], { ra: PSP })).toMatchObject({ raHash: answerOf("psp-cso") });
  const missing = place.store("psp-list/missing.m3u", "discs/none.cso\n");
  expect(await place.hash(missing, { ra: PSP })).toMatchObject({ raHash: "" });
});

test("hashes a sheet that is a rom of its own by the files beside it", async () => {
  const paths = storeCase("psx-cue", "loose");
  const sheet = paths.find((path) => path.endsWith(".cue")) ?? "";
  expect(await place.hash(sheet, { ra: PSX })).toMatchObject({ raHash: answerOf("psx-cue") });
});

test("takes the largest CHD of a folder before anything else", async () => {
  const vector = (name: string): Buffer =>
    fs.readFileSync(new URL(`../../../../../native/vectors/chd/${name}.chd`, import.meta.url));
  const paths = [
    place.store("chds/disc.chd", vector("cd-psx-cdzl")),
    ...storeCase("psx-cue-lies", "chds"),
    place.pack("chds/extra.zip", { a: "a" }),
  ];
  const { raHash } = await place.hashFolder(paths, { ra: PSX });
  expect(JSON.stringify(chdVectors)).toContain(raHash);
  expect(raHash).toMatch(/^[0-9a-f]{32}$/);
});

test("gives none where archives lie in the folder of a disc", async () => {
  const paths = [...storeCase("psx-cue", "with-archive"), place.pack("with-archive/x.zip", { a: "a" })];
  expect(await place.hashFolder(paths, { ra: PSX })).toMatchObject({ raHash: "" });
});

test("never costs the rom its other hashes", async () => {
  const path = place.store("odd.cue", 'FILE "../../../etc/passwd" BINARY\n  TRACK 01 MODE1/2352\n');
  for (const consoleId of [12, 16, 19, 26, 41, 62, 999]) {
    const output = await place.hash(path, { ra: { consoleId, isDisc: true } });
    expect(output.raHash).toBe("");
    expect(output.md5).not.toBe("");
  }
});
