import { AppError, type CodeOf } from "./errors.ts";
import { createSlots } from "./slots.ts";

/** Where a file says what it is: from an offset in bytes on, these bytes, one character each. */
interface Signature {
  readonly type: string;
  readonly at: number;
  readonly bytes: string;
}

const SIGNATURES: readonly Signature[] = [
  { type: "image/png", at: 0, bytes: "\x89PNG\r\n\x1a\n" },
  { type: "image/jpeg", at: 0, bytes: "\xff\xd8\xff" },
  // Bytes 4 to 7 of a RIFF file are its length.
  { type: "image/webp", at: 8, bytes: "WEBP" },
  { type: "image/gif", at: 0, bytes: "GIF87a" },
  { type: "image/gif", at: 0, bytes: "GIF89a" },
  { type: "image/bmp", at: 0, bytes: "BM" },
  { type: "image/tiff", at: 0, bytes: "II*\0" },
  { type: "image/tiff", at: 0, bytes: "MM\0*" },
  { type: "image/avif", at: 4, bytes: "ftypavif" },
  { type: "image/heic", at: 4, bytes: "ftyphei" },
  { type: "image/x-icon", at: 0, bytes: "\0\0\x01\0" },
  { type: "application/pdf", at: 0, bytes: "%PDF-" },
  { type: "application/zip", at: 0, bytes: "PK\x03\x04" },
  { type: "image/svg+xml", at: 0, bytes: "<svg" },
  { type: "text/xml", at: 0, bytes: "<?xml" },
  { type: "text/html", at: 0, bytes: "<!DOCTYPE html" },
  { type: "text/html", at: 0, bytes: "<html" },
];
/** Bytes of a file that are looked at to find its type. */
const SIGNATURE_BYTES_MAX = 32;
/** Of JPEG and WebP, from 0 to 100. */
const QUALITY = 90;

/** The media type of a file by its first bytes; `application/octet-stream` for anything not known here. */
export function sniffType(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, SIGNATURE_BYTES_MAX)).toString("latin1");
  const found = SIGNATURES.find(({ at, bytes: expected }) => start.startsWith(expected, at));
  return found?.type ?? "application/octet-stream";
}

/** How pictures are stored anew. */
export type PictureExtension = "png" | "jpg" | "webp";

/**
 * The extension under which a picture is stored anew.
 * @returns Null for what is no picture that people may use. The first frame of a GIF becomes a PNG, for nothing
 *   here writes GIF.
 */
export function toPictureExtension(type: string): PictureExtension | null {
  switch (type) {
    case "image/png":
    case "image/gif":
      return "png";
    case "image/jpeg":
      return "jpg";
    case "image/webp":
      return "webp";
    default:
      return null;
  }
}

/** A picture made anew. */
export interface Picture {
  readonly extension: PictureExtension;
  readonly bytes: Uint8Array;
}

/** A picture and a smaller copy of it. */
export interface PicturePair {
  readonly large: Picture;
  readonly small: Picture;
}

/** What pictures of one sort may be, and what those who send others are told. */
export interface PictureOptions {
  /** What messages call such a picture, such as `Avatar`. */
  readonly what: string;
  readonly codes: {
    readonly tooLarge: CodeOf<"too_large">;
    readonly invalid: CodeOf<"invalid">;
    readonly busy: CodeOf<"unavailable">;
  };
  /** Bytes of the file that comes in. */
  readonly bytesMax: number;
  /** Pixels of the picture that comes in; each takes four bytes of memory while it is read. */
  readonly pixelsMax: number;
  /** Width and height in which what goes out fits. */
  readonly sidePixels: number;
  /** Pictures read at once. */
  readonly runningMax: number;
  /** Pictures that wait for their turn; each holds its file in memory. */
  readonly waitingMax: number;
  /** Milliseconds after which somebody who found that queue full may come back. */
  readonly busyRetryMs: number;
}

/**
 * Makes pictures anew: their own pixels only, the right way up, no larger than needed. What a camera wrote beside
 * the pixels is gone, save for the colour profile. All throw the codes of the options.
 */
export interface PictureReader {
  read(bytes: Uint8Array): Promise<Picture>;
  /** @param scaleOf How much smaller the copy of a picture of this height in pixels is, 0 to 1. */
  readPair(bytes: Uint8Array, scaleOf: (height: number) => number): Promise<PicturePair>;
}

/** Makes a reader with its own queue, for one process. */
export function createPictureReader(options: PictureOptions): PictureReader {
  const slots = createSlots({
    runningMax: options.runningMax,
    waitingMax: options.waitingMax,
    refuse: () =>
      new AppError("unavailable", options.codes.busy, {
        message: "Too many pictures at once. Try again later.",
        retryAfterMs: options.busyRetryMs,
      }),
  });
  const side = options.sidePixels;
  return {
    async read(bytes) {
      const extension = checkPicture(bytes, options);
      return await slots.run(() => fit({ bytes, extension }, { width: side, height: side }, options));
    },
    async readPair(bytes, scaleOf) {
      const extension = checkPicture(bytes, options);
      return await slots.run(async () => {
        const large = await fit({ bytes, extension }, { width: side, height: side }, options);
        const { width, height } = await new Bun.Image(large.bytes).metadata();
        const scale = scaleOf(height);
        const smaller = (pixels: number) => Math.max(1, Math.round(pixels * scale));
        const size = { width: smaller(width), height: smaller(height) };
        return { large, small: await fit(large, size, options) };
      });
    },
  };
}

function checkPicture(bytes: Uint8Array, { what, codes, bytesMax }: PictureOptions): PictureExtension {
  if (bytes.byteLength > bytesMax) {
    const message = `${what} may have at most ${bytesMax} bytes`;
    throw new AppError("too_large", codes.tooLarge, { message, details: { bytesMax } });
  }
  const type = sniffType(bytes);
  const extension = toPictureExtension(type);
  if (extension !== null) return extension;
  const message = `${what} must be a PNG, JPEG, WebP, or GIF image (detected ${type})`;
  throw new AppError("invalid", codes.invalid, { message });
}

interface Size {
  readonly width: number;
  readonly height: number;
}

async function fit(
  { bytes, extension }: Picture,
  { width, height }: Size,
  { what, codes, pixelsMax }: PictureOptions,
): Promise<Picture> {
  const image = new Bun.Image(bytes, { maxPixels: pixelsMax });
  const fitting = image.resize(width, height, { fit: "inside", withoutEnlargement: true });
  try {
    return { extension, bytes: await encode(fitting, extension) };
  } catch (cause) {
    const isTooLarge = codeOf(cause) === "ERR_IMAGE_TOO_MANY_PIXELS";
    throw new AppError("invalid", codes.invalid, {
      message: isTooLarge
        ? `${what} may have at most ${pixelsMax / 1_000_000} million pixels`
        : `${what} image is damaged or of a kind that cannot be read`,
      cause,
    });
  }
}

async function encode(image: Bun.Image, extension: PictureExtension): Promise<Uint8Array> {
  if (extension === "jpg") return await image.jpeg({ quality: QUALITY }).bytes();
  return extension === "webp" ? await image.webp({ quality: QUALITY }).bytes() : await image.png().bytes();
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : null;
}
