import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import type { FeedFile } from "./contract.ts";
import { listFiles, requirePlatform } from "./library.ts";
import { RAP_FILES_AT_ONCE, RAP_FILES_MAX } from "./limits.ts";
import {
  isPackageOf,
  KEY_BYTES,
  KEY_EXTENSION,
  lastExtension,
  PACKAGE_EXTENSION,
  PACKED_EXTENSIONS,
} from "./rules.ts";

/** Which packages a feed lists. */
export interface PackageWish {
  readonly slug: string;
  /** What the platform is called when it is not there. */
  readonly name: string;
  readonly contentType: string;
  /** Asked once the platform is known to be there; false refuses the content type. */
  readonly isAccepted: (contentType: string) => boolean;
}

/** A package, and the licence key of its rom. */
export interface Package {
  readonly file: FeedFile;
  /** The file that holds the key; null when the rom has none. */
  readonly key: FeedFile | null;
}

/**
 * Packages of one sort on one platform.
 * @throws AppError `PLATFORMS_NOT_FOUND`, `FEEDS_CONTENT_TYPE_INVALID`.
 */
export async function listPackages(ctx: Context, wish: PackageWish): Promise<readonly Package[]> {
  const { slug, name, contentType, isAccepted } = wish;
  const platform = await requirePlatform(ctx, slug, name);
  if (!isAccepted(contentType)) throw contentTypeInvalid(contentType);
  const extensions = [PACKAGE_EXTENSION, KEY_EXTENSION, ...PACKED_EXTENSIONS];
  const files = await listFiles(ctx, platform, { extensions, withArchives: true });
  const keys = new Map<number, FeedFile>();
  for (const file of files) {
    const isKey = lastExtension(file.fileName).toLowerCase() === KEY_EXTENSION;
    if (isKey && !keys.has(file.rom.id)) keys.set(file.rom.id, file);
  }
  return files
    .filter((file) => isPackageOf(file, contentType))
    .map((file) => ({ file, key: keys.get(file.rom.id) ?? null }));
}

/** What is answered to a sort of content that there is not. */
export function contentTypeInvalid(contentType: string): AppError<"invalid"> {
  return new AppError("invalid", "FEEDS_CONTENT_TYPE_INVALID", {
    message: `Invalid content type: ${contentType}`,
  });
}

/**
 * Reads the licence keys of packages.
 * @returns The key as 32 hex digits by the id of its file; none for a file that is gone, unreadable or not a key.
 */
export async function readKeys(
  ctx: Context,
  packages: readonly Package[],
): Promise<ReadonlyMap<number, string>> {
  const files = new Map(packages.flatMap(({ key }) => (key === null ? [] : [[key.id, key] as const])));
  const found = [...files.values()].filter(({ sizeBytes }) => sizeBytes === KEY_BYTES);
  const wanted = found.slice(0, RAP_FILES_MAX);
  if (found.length > wanted.length) {
    const facts = { keysMax: RAP_FILES_MAX, keyCount: found.length };
    ctx.ports.log.warn("a feed has more licence keys than its limit, and the last ones were left out", facts);
  }
  const keys = new Map<number, string>();
  for (let start = 0; start < wanted.length; start += RAP_FILES_AT_ONCE) {
    const some = wanted.slice(start, start + RAP_FILES_AT_ONCE);
    const read = await Promise.all(some.map(async (file) => [file.id, await readKey(ctx, file)] as const));
    for (const [id, key] of read) if (key !== null) keys.set(id, key);
  }
  return keys;
}

async function readKey(ctx: Context, { filePath, fileName }: FeedFile): Promise<string | null> {
  // Rows may be imported from elsewhere; what lies outside the library is nobody's key.
  if (`${filePath}/${fileName}`.split("/").includes("..")) return null;
  const path = join(ctx.facts.libraryPath, filePath, fileName);
  try {
    const facts = await ctx.ports.files.find(path);
    if (facts?.kind !== "file" || facts.sizeBytes !== KEY_BYTES) return null;
    const bytes = await new Response(
      await ctx.ports.files.openRead(path, { start: 0, end: KEY_BYTES }),
    ).bytes();
    return bytes.toHex();
  } catch (error) {
    // One key that cannot be read must not take the list away.
    if (!isAppError(error)) throw error;
    ctx.ports.log.warn("a licence key cannot be read", { path, error });
    return null;
  }
}
