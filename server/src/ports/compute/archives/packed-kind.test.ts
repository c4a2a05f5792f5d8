import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { createStoredRar } from "../../../../../scripts/library/stored-rar.ts";
import { createRawZip, createTar } from "../testing/archives.ts";
import { detectPacked } from "./packed-kind.ts";

const tar = await createTar({ a: "a" });
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test.each([
  ["a zip", createRawZip([{ name: "a" }]), "zip"],
  ["an empty zip", createRawZip([]), "zip"],
  ["a gz", gzipSync("a"), "gz"],
  ["a tar", tar, "tar"],
  ["a rar", createStoredRar([]), "rar5"],
  ["an old rar", Buffer.from("Rar!\x1a\x07\x00", "latin1"), "rar4"],
  ["a bz2", bytes(0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59), "bz2"],
  ["an empty bz2", bytes(0x42, 0x5a, 0x68, 0x39, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90), "bz2"],
  ["an xz", bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00), "xz"],
  ["a 7z", bytes(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), "7z"],
  ["nothing", bytes(), null],
  ["a game", Buffer.from("NES\x1a", "latin1"), null],
  ["two letters of a zip", Buffer.from("PK"), null],
  ["text that begins like a bz2", Buffer.from("BZh9 is how it begins"), null],
  ["a tar cut off before its mark", tar.subarray(0, 260), null],
  ["a disc in RISC OS style", Buffer.from("\x1f\x8b\x00", "latin1"), null],
])("tells %s", (_, head, kind) => {
  expect(detectPacked(head)).toBe(kind as ReturnType<typeof detectPacked>);
});
