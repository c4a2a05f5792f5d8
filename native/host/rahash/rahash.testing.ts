import type { CaseFile, RaCase } from "../../vectors/ra/case.ts";
import { type ByteSource, bytesSource } from "../byte-source.ts";
import { createHasher } from "../hash.ts";
import { nameOf } from "./files.ts";
import { hashRetroAchievements } from "./rahash.ts";
import type { Md5, RaFiles, RaHashOptions, RaHashResult, RaInput, RaMissReason } from "./types.ts";

/** Gives an MD5 of the runtime. */
export function createMd5(): Md5 {
  const hasher = createHasher(["md5"]);
  return { update: (bytes) => hasher.update(bytes), digestHex: () => hasher.digest().md5 };
}

/** Gives bytes as a file of that name. */
export const fileOf = (name: string, bytes: Uint8Array): ByteSource => bytesSource(bytes, name);

/** Gives a case's bytes. */
export const bytesOf = (file: CaseFile): Uint8Array => (typeof file === "function" ? file() : file);

/** Gives files by their paths. */
export function filesOf(entry: string, files: { readonly [path: string]: CaseFile }): RaFiles {
  const sources = new Map<string, ByteSource>();
  return {
    entry,
    async find(path) {
      const file = files[path];
      if (file === undefined) return null;
      const source = sources.get(path) ?? fileOf(nameOf(path), bytesOf(file));
      sources.set(path, source);
      return source;
    },
  };
}

/** Gives a case's files. */
export const filesOfCase = (item: RaCase): RaFiles => filesOf(item.entry, item.files);

/** Hashes with the runtime's MD5. */
export const hash = (
  input: RaInput,
  consoleId: number,
  options: Partial<RaHashOptions> = {},
): Promise<RaHashResult> => hashRetroAchievements(input, consoleId, { createMd5, ...options });

/** Hashes the bytes as a file of that name. */
export const hashFile = (
  name: string,
  bytes: Uint8Array,
  consoleId: number,
  options: Partial<RaHashOptions> = {},
): Promise<RaHashResult> => hash(fileOf(name, bytes), consoleId, options);

/** Gives the hash, or the reason why there is none: what tests compare. */
export const answerOf = (result: RaHashResult): string | RaMissReason => result.raHash ?? result.reason;

/** Gives the MD5 of bytes. */
export function md5Of(...parts: readonly Uint8Array[]): string {
  const md5 = createMd5();
  for (const part of parts) md5.update(part);
  return md5.digestHex();
}
