import { createHasher, type Hashes } from "./hash.ts";

/** The digests are there by name … */
export const digests: { readonly crc32: string } = createHasher(["crc32"]).digest();

type Answers<N extends string> = N extends keyof Hashes<"crc32"> ? true : false;
/** … and those not asked for are not. */
export const answers: readonly [Answers<"crc32">, Answers<"md5">] = [true, false];
