import fs from "node:fs";
import { dirname, join } from "node:path";
import { createRandom } from "./random.ts";

/** One rom or firmware file of the kinds that `everything` adds. */
export interface RichEntry {
  /** Group it belongs to, such as `zip` or `folder`. */
  readonly kind: string;
  readonly platformSlug: string;
  /** Name in the platform's folder. */
  readonly fsName: string;
  /** Of the file or folder. */
  readonly path: string;
}

/** Where such entries are put, and what came of it. */
export interface RichPlace {
  readonly seed: number;
  readonly entries: RichEntry[];
  /** What could not be made, and why. */
  readonly skipped: { readonly what: string; readonly reason: string }[];
  getFolder(platformSlug: string, content: "roms" | "firmware"): string;
}

/** What an entry is. */
export interface RichFacts {
  readonly kind: string;
  readonly platformSlug: string;
  readonly fsName: string;
}

/** Gives the path of an entry to be written, whose folder exists, and lists it. */
export function addPath(place: RichPlace, facts: RichFacts): string {
  const content = facts.kind === "firmware" ? "firmware" : "roms";
  const path = join(place.getFolder(facts.platformSlug, content), facts.fsName);
  fs.mkdirSync(dirname(path), { recursive: true });
  place.entries.push({ ...facts, path });
  return path;
}

/** Adds a rom that is one file. */
export function addFile(place: RichPlace, facts: RichFacts, bytes: Uint8Array): void {
  fs.writeFileSync(addPath(place, facts), bytes, { flag: "wx" });
}

/** Adds a rom that is a folder of files. */
export function addFolder(
  place: RichPlace,
  facts: RichFacts,
  files: Readonly<Record<string, Uint8Array>>,
): void {
  const path = addPath(place, facts);
  fs.mkdirSync(path, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(path, name)), { recursive: true });
    fs.writeFileSync(join(path, name), bytes, { flag: "wx" });
  }
}

/** Content that cannot be compressed. */
export function makeNoise(place: Pick<RichPlace, "seed">, key: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  createRandom(`${place.seed}/everything/${key}`).fill(bytes);
  return bytes;
}

/** Content that compresses to a few percent: runs of bytes of different lengths. */
export function makeSoft(place: Pick<RichPlace, "seed">, key: string, sizeBytes: number): Uint8Array {
  const random = createRandom(`${place.seed}/everything/${key}`);
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; ) {
    const end = Math.min(sizeBytes, at + 32 + random.below(200));
    bytes.fill(random.below(256), at, end);
    at = end;
  }
  return bytes;
}

/** ASCII or other text as bytes. */
export const toText = (text: string): Uint8Array => new TextEncoder().encode(text);
