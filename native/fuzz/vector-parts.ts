/** Takes the vectors apart, for inputs to start from. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bytesSource } from "../host/byte-source.ts";
import { createFileWindow } from "../host/chd/file-window.ts";
import { type ParsedHeader, parseHeader } from "../host/chd/header.ts";
import { readHunkMap } from "../host/chd/hunk-map.ts";
import { listVectors, readVector } from "../vectors/chd-vectors.ts";

const vectorsFolder = fileURLToPath(new URL("../vectors/", import.meta.url));
const readVectorFile = async (path: string) => new Uint8Array(await readFile(vectorsFolder + path));

/** A vector's file with its header. */
export interface VectorFile {
  readonly bytes: Uint8Array;
  readonly header: ParsedHeader;
}

let files: Promise<readonly VectorFile[]> | undefined;

/** Gives all vectors, read once. */
export function listVectorFiles(): Promise<readonly VectorFile[]> {
  files ??= listVectors(readVectorFile).then((placed) =>
    Promise.all(
      placed.map(async (one) => {
        const bytes = await readVector(one, readVectorFile);
        return { bytes, header: parseHeader(bytes.subarray(0, 124)) };
      }),
    ),
  );
  return files;
}

/** A hunk as it is stored, and the size it has when it is decoded. */
export interface StoredHunk {
  readonly bytes: Uint8Array;
  readonly hunkBytes: number;
}

/** Gives the stored hunks of a codec out of all vectors of version 5, the same ones in the same order. */
export async function listStoredHunks(codecName: string): Promise<readonly StoredHunk[]> {
  const hunks: StoredHunk[] = [];
  for (const { bytes, header } of await listVectorFiles()) {
    const slot = header.codecs.indexOf(codecName);
    if (header.version !== 5 || slot < 0) continue;
    const codecs = header.codecs.map((_, index) => index + 1);
    const unitBytes = header.unitBytes ?? header.hunkBytes;
    const window = createFileWindow(bytesSource(bytes, ""));
    const map = await readHunkMap(window, { ...header, unitBytes }, { codecs, signal: undefined });
    for (let hunkIndex = 0; hunkIndex < Math.min(header.hunkCount, 400); hunkIndex += 1) {
      const entry = map.get(hunkIndex);
      if (entry.kind !== "stored" || entry.codec !== slot + 1) continue;
      const { offset, lengthBytes } = entry;
      hunks.push({ bytes: bytes.subarray(offset, offset + lengthBytes), hunkBytes: header.hunkBytes });
    }
  }
  return hunks;
}
