import { pack } from "./packed-roms.ts";
import { addFile, makeNoise, makeSoft, type RichPlace } from "./rich-place.ts";
import { createStoredRar } from "./stored-rar.ts";
import { createStoredZip } from "./stored-zip.ts";

/** Adds archives that hold nothing, are cut, damaged or locked: their own bytes are what identifies them. */
export function addDamagedRoms(place: RichPlace): void {
  const add = (kind: string, fsName: string, bytes: Uint8Array) =>
    addFile(place, { kind, platformSlug: "gba", fsName }, bytes);
  const soft = { "Game (USA).gba": makeSoft(place, "damaged", 60_000), "b.txt": makeNoise(place, "b", 50) };
  const zip = createStoredZip([{ name: "Game (USA).gba", bytes: makeNoise(place, "damaged zip", 3_000) }]);
  const rar = createStoredRar([{ name: "Game (USA).gba", bytes: makeNoise(place, "damaged rar", 3_000) }]);
  const whole = {
    "7z": pack(soft, ["7z"]),
    "tar.gz": pack(soft, ["tar", "gzip"]),
    "tar.bz2": pack(soft, ["tar", "bzip2"]),
  };
  add("empty", "Nothing In It.zip", createStoredZip([]));
  add("empty", "Nothing In It.7z", createEmptySevenZip());
  add("empty", "Nothing In It.tar", new Uint8Array(10_240));
  for (const extension of ["zip", "7z", "tar", "tar.gz", "rar"])
    add("empty", `No Bytes.${extension}`, new Uint8Array(0));
  add("damaged", "Cut (USA).zip", zip.subarray(0, 2_000));
  add("damaged", "Cut (USA).rar", rar.subarray(0, 2_000));
  add("damaged", "One Byte Wrong (USA).rar", flip(rar, 1_000));
  add("empty", "Nothing In It.rar", createStoredRar([]));
  for (const [extension, bytes] of Object.entries(whole)) {
    add("damaged", `Cut (USA).${extension}`, bytes.subarray(0, Math.floor(bytes.length / 2)));
  }
  add("damaged", "One Byte Wrong (USA).zip", flip(zip, 1_000));
  add("damaged", "One Byte Wrong (USA).7z", flip(whole["7z"], 60));
  add("damaged", "Noise (USA).zip", makeNoise(place, "noise zip", 5_000));
  add("damaged", "Noise (USA).7z", makeNoise(place, "noise 7z", 5_000));
  add("damaged", "Noise (USA).rar", makeNoise(place, "noise rar", 5_000));
  add("locked", "Locked (USA).zip", lock(zip));
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

/** The signature header alone, which says that no other header follows; the sum is the CRC-32 of 20 zeros. */
function createEmptySevenZip(): Uint8Array {
  const header = new Uint8Array(32);
  header.set([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]);
  new DataView(header.buffer).setUint32(8, Bun.hash.crc32(header.subarray(12)), true);
  return header;
}

/** Marks the only member as encrypted, in both headers; noise is what encrypted bytes look like. */
function lock(zip: Uint8Array): Uint8Array {
  const copy = Buffer.from(zip);
  const central = copy.lastIndexOf("PK\x01\x02", undefined, "latin1");
  copy.writeUInt16LE(1, 6);
  copy.writeUInt16LE(1, central + 8);
  return copy;
}
