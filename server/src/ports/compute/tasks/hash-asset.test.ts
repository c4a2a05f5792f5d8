import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { createInline } from "../inline.ts";
import type { AssetDigests } from "./hash-asset.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-hash-asset-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const compute = createInline();
const md5 = (bytes: Uint8Array | string) => createHash("md5").update(bytes).digest("hex");

async function hash(bytes: Uint8Array): Promise<AssetDigests> {
  const path = join(folder, `${Bun.randomUUIDv7()}.bin`);
  await writeFile(path, bytes);
  return await compute.run("hash-asset", { path });
}

interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array | string;
  readonly isPacked?: boolean;
  readonly isCrcWrong?: boolean;
}

/** A zip as most tools write it. */
function zip(entries: readonly Entry[], comment = ""): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, isPacked = false, isCrcWrong = false } of entries) {
    const data = Buffer.from(bytes as string);
    const packed = isPacked ? deflateRawSync(data) : data;
    const nameBytes = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x800, 2);
    fields.writeUInt16LE(isPacked ? 8 : 0, 4);
    fields.writeUInt32LE(isCrcWrong ? 1 : crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, nameBytes, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, rest, nameBytes]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, central, end, Buffer.from(comment)]);
}

describe("the content hash", () => {
  test("of plain bytes is their MD5", async () => {
    const bytes = Buffer.from("save");
    expect(await hash(bytes)).toEqual({
      sizeBytes: 4,
      md5: md5(bytes),
      sha1: createHash("sha1").update(bytes).digest("hex"),
      contentHash: md5(bytes),
    });
  });

  // Measured against the compatible server.
  test.each([
    [[{ name: "save.bin", bytes: new Uint8Array(256).fill(0x42) }], "b3636b49ca5c3d807adee33e75d410ca"],
    [
      [
        { name: "top.bin", bytes: new Uint8Array([0, 1, 2]) },
        { name: "inner/b.txt", bytes: "beta" },
        { name: "inner/", bytes: "" },
        { name: "inner/a.txt", bytes: "alpha", isPacked: true },
      ],
      "8cf6bb36a82a5ee4d7d15fc98599908d",
    ],
    [[], "d41d8cd98f00b204e9800998ecf8427e"],
  ] as const)("of a zip is that of what it holds", async (entries, expected) => {
    expect((await hash(zip(entries))).contentHash).toBe(expected);
    expect((await hash(Buffer.concat([Buffer.from("a program"), zip(entries, "comment")]))).contentHash).toBe(
      expected,
    );
  });

  test("sorts names by code point, and takes the last of equal ones for all", async () => {
    const entries = [
      { name: "\u{10000}", bytes: "1" },
      { name: "\uffee", bytes: "2" },
      { name: "a", bytes: "old" },
      { name: "a", bytes: "new" },
    ];
    const lines = [`a:${md5("new")}`, `a:${md5("new")}`, `\uffee:${md5("2")}`, `\u{10000}:${md5("1")}`];
    expect((await hash(zip(entries))).contentHash).toBe(md5(lines.join("\n")));
  });

  test("of a damaged zip is none", async () => {
    const good = zip([{ name: "a", bytes: "some bytes that are packed", isPacked: true }]);
    const damaged = Buffer.from(good);
    damaged.fill(0xff, 32, 44);
    expect((await hash(damaged)).contentHash).toBeNull();
    expect((await hash(zip([{ name: "a", bytes: "x", isCrcWrong: true }]))).contentHash).toBeNull();
    expect((await hash(good.subarray(good.length - 22))).contentHash).toBeNull();
  });

  test("of an empty file is that of nothing", async () => {
    expect((await hash(new Uint8Array())).contentHash).toBe("d41d8cd98f00b204e9800998ecf8427e");
  });
});
