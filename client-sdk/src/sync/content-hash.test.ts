import { describe, expect, test } from "bun:test";
import { deflateRawSync } from "node:zlib";
import { contentHashOf, type SaveFile } from "./content-hash.ts";
import { md5 } from "./md5.ts";
import { readZip, writeZip } from "./zip.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const AT_MS = Date.UTC(2026, 10, 20, 12, 30, 42);
const pack = (files: readonly SaveFile[]) =>
  writeZip(files.map((file) => ({ ...file, modifiedAtMs: AT_MS })));

const ONE: readonly SaveFile[] = [{ path: "save.bin", bytes: new Uint8Array(256).fill(0x42) }];
const THREE: readonly SaveFile[] = [
  { path: "top.bin", bytes: Uint8Array.of(0, 1, 2) },
  { path: "inner/b.txt", bytes: utf8("beta") },
  { path: "inner/a.txt", bytes: utf8("alpha") },
];

/** The same archive with its one file deflated. */
function deflated({ path, bytes }: SaveFile): Uint8Array<ArrayBuffer> {
  const plain = pack([{ path, bytes }]);
  const packed = deflateRawSync(bytes);
  const name = utf8(path).length;
  const head = plain.slice(0, 30 + name);
  const tail = plain.slice(30 + name + bytes.length);
  const out = new Uint8Array(head.length + packed.length + tail.length);
  out.set(head);
  out.set(packed, head.length);
  out.set(tail, head.length + packed.length);
  const view = new DataView(out.buffer);
  const central = head.length + packed.length;
  view.setUint16(8, 8, true);
  view.setUint32(18, packed.length, true);
  view.setUint16(central + 10, 8, true);
  view.setUint32(central + 20, packed.length, true);
  view.setUint32(out.length - 22 + 16, central, true);
  return out;
}

describe("contentHashOf", () => {
  test("agrees with the measured hashes of archives", async () => {
    const archive = (files: readonly SaveFile[]) => [{ path: "a.zip", bytes: pack(files) }];
    expect(await contentHashOf(archive(ONE))).toBe("b3636b49ca5c3d807adee33e75d410ca");
    expect(await contentHashOf(archive(THREE))).toBe("8cf6bb36a82a5ee4d7d15fc98599908d");
    expect(await contentHashOf(archive([]))).toBe("d41d8cd98f00b204e9800998ecf8427e");
  });

  test("is the same for several files, in any order, and for an archive of them", async () => {
    const expected = "8cf6bb36a82a5ee4d7d15fc98599908d";
    expect(await contentHashOf(THREE)).toBe(expected);
    expect(await contentHashOf([...THREE].reverse())).toBe(expected);
  });

  test("looks into a deflated archive, whatever it begins with", async () => {
    const bytes = deflated({ path: "save.bin", bytes: new Uint8Array(256).fill(0x42) });
    expect(await contentHashOf([{ path: "x", bytes }])).toBe("b3636b49ca5c3d807adee33e75d410ca");
  });

  test("is the MD5 of a file that is no archive, or a damaged one", async () => {
    expect(await contentHashOf([{ path: "a.srm", bytes: utf8("alpha") }])).toBe(md5(utf8("alpha")));
    const damaged = pack(ONE);
    damaged[60] = (damaged[60] ?? 0) ^ 1;
    expect(await contentHashOf([{ path: "a.zip", bytes: damaged }])).toBe(md5(damaged));
  });

  test("orders names by code points", async () => {
    const names = ["\u{10000}", "\uffff", "a", "aa", "B"];
    const files = names.map((path) => ({ path, bytes: utf8(path) }));
    const lines = ["B", "a", "aa", "\uffff", "\u{10000}"].map((name) => `${name}:${md5(utf8(name))}`);
    expect(await contentHashOf(files)).toBe(md5(utf8(lines.join("\n"))));
  });
});

describe("writeZip and readZip", () => {
  test("keep paths, bytes and times to two seconds", async () => {
    const entries = [
      { path: "Käse/ö.srm", bytes: utf8("x"), modifiedAtMs: AT_MS },
      { path: "empty", bytes: new Uint8Array(0), modifiedAtMs: AT_MS + 2_000 },
    ];
    expect(await readZip(writeZip(entries))).toEqual(entries);
  });

  test("refuses every truncation and every damaged byte, or gives what was packed", async () => {
    const archive = pack(THREE);
    for (let length = 0; length < archive.length; length++)
      expect(await readZip(archive.subarray(0, length))).toBeNull();
    for (let at = 0; at < archive.length; at++) {
      const damaged = archive.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      const entries = await readZip(damaged);
      for (const { bytes } of entries ?? []) {
        expect(THREE.some((file) => Buffer.compare(file.bytes, bytes) === 0)).toBe(true);
      }
    }
  });

  test("refuses a damaged stream", async () => {
    const archive = deflated({ path: "a", bytes: Uint8Array.from({ length: 500 }, (_, at) => at % 37) });
    for (let at = 31; at < archive.length - 22 - 47; at++) {
      const damaged = archive.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x5a;
      expect(await readZip(damaged)).toBeNull();
    }
  });

  test("unpacks no more than was announced", async () => {
    const bomb = deflated({ path: "a", bytes: new Uint8Array(100_000) });
    const central = bomb.length - 22 - 47;
    const view = new DataView(bomb.buffer);
    expect(view.getUint32(central, true)).toBe(0x02014b50);
    view.setUint32(central + 24, 10, true);
    expect(await readZip(bomb)).toBeNull();
  });
});
