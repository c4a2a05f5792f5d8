/** Covers of roms and of collections: what one may be, how it is read, and where its two pictures lie. */
import { join } from "node:path";
import type { Context } from "./context.ts";
import { AppError, type CodeOf } from "./errors.ts";
import {
  createPictureReader,
  type PictureExtension,
  type PictureOptions,
  type PicturePair,
} from "./pictures.ts";

/** Bytes of a cover. */
export const COVER_BYTES_MAX = 10 * 1024 * 1024;
/** Pixels of a cover that comes in; one takes four bytes of memory while it is read, so up to 96 MB in all. */
const PIXELS_MAX = 24_000_000;
/** Width and height in which a stored cover fits: a whole screen of today. */
const SIDE_PIXELS = 2_048;
/** Covers read at once in one process. */
const READ_MAX = 2;
/** Covers that wait for their turn; each holds its file in memory. */
const WAITING_MAX = 16;
/** Milliseconds after which somebody who found that queue full may come back. */
const BUSY_RETRY_MS = 2_000;
/** Milliseconds for a cover to come from another server: somebody waits for the answer. */
const FETCH_TIMEOUT_MS = 15_000;
/** Height in pixels from which a cover's small copy is made smaller. */
const TALL_PIXELS = 1_000;

const SIZES = ["big", "small"] as const;
const EXTENSIONS = ["png", "jpg", "webp"] as const satisfies readonly PictureExtension[];

/** What those are told who send something else. */
export interface CoverCodes extends Readonly<PictureOptions["codes"]> {
  /** No picture at an address. */
  readonly unavailable: CodeOf<"upstream">;
}

/** Reads pictures and makes the two to store; all throw the codes it was made with. */
export interface CoverReader {
  read(bytes: Uint8Array): Promise<PicturePair>;
  /** Does the same with the picture at an address; also throws what a call to another server throws. */
  fetch(ctx: Pick<Context, "ports" | "signal">, url: string): Promise<PicturePair>;
}

/** Makes a reader with its own queue, for one process. */
export function createCoverReader({ unavailable, ...codes }: CoverCodes): CoverReader {
  const pictures = createPictureReader({
    what: "Cover",
    codes,
    bytesMax: COVER_BYTES_MAX,
    pixelsMax: PIXELS_MAX,
    sidePixels: SIDE_PIXELS,
    runningMax: READ_MAX,
    waitingMax: WAITING_MAX,
    busyRetryMs: BUSY_RETRY_MS,
  });
  const read = (bytes: Uint8Array) => pictures.readPair(bytes, smallScale);
  return {
    read,
    async fetch(ctx, url) {
      const { status, headers, bytes } = await ctx.ports.fetch.fetch(url, {
        headers: { accept: "image/*" },
        maxBytes: COVER_BYTES_MAX,
        timeoutMs: FETCH_TIMEOUT_MS,
        signal: ctx.signal,
      });
      if (status === 200 && /^image\//i.test(headers.get("content-type") ?? "")) return await read(bytes);
      throw new AppError("upstream", unavailable, {
        message: "There is no picture at the address of the cover",
        details: { status },
      });
    },
  };
}

/** How much smaller the small copy of a cover is, as in the compatible API. */
export function smallScale(height: number): number {
  return height >= TALL_PIXELS ? 0.2 : 0.4;
}

/** Every path that a cover in a folder can have; both are below the resources folder. The names are compatible. */
export function listCoverPaths(folder: string): readonly string[] {
  return SIZES.flatMap((size) => EXTENSIONS.map((extension) => `${folder}/${size}.${extension}`));
}

/** Where a cover lies in a folder, as a row says it. */
export interface CoverPaths {
  readonly pathCoverLarge: string;
  readonly pathCoverSmall: string;
}

/** Where a cover will lie. */
export function coverPathsOf(folder: string, { large, small }: PicturePair): CoverPaths {
  return {
    pathCoverLarge: `${folder}/big.${large.extension}`,
    pathCoverSmall: `${folder}/small.${small.extension}`,
  };
}

/** Stores a cover on disk; after a crash each file is the old one or the whole new one. */
export async function storeCover(
  ctx: Pick<Context, "ports" | "facts">,
  folder: string,
  cover: PicturePair,
): Promise<void> {
  const { files } = ctx.ports;
  const below = (path: string) => join(ctx.facts.resourcesPath, path);
  const { pathCoverLarge, pathCoverSmall } = coverPathsOf(folder, cover);
  await files.createFolder(below(folder));
  await files.writeAtomic(below(pathCoverLarge), cover.large.bytes);
  await files.writeAtomic(below(pathCoverSmall), cover.small.bytes);
}

/** Removes the covers of a folder that are none of the present one. */
export async function removeOtherCovers(
  ctx: Pick<Context, "ports" | "facts">,
  folder: string,
  present: { readonly [key in keyof CoverPaths]: string | null },
): Promise<void> {
  for (const path of listCoverPaths(folder)) {
    if (path === present.pathCoverLarge || path === present.pathCoverSmall) continue;
    await ctx.ports.files.remove(join(ctx.facts.resourcesPath, path));
  }
}
