/** Pictures and forms the way apps send them. */
import type { TestApp } from "../app/testing.ts";

/** The smallest picture: one grey pixel as PNG, whose checksum of the pixels is left out by no encoder. */
const SEED = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGM4IScHRwzEcQCxYxBBO0tjggAAAABJRU5ErkJggg==",
  "base64",
);
/** One white pixel, for nothing at hand writes GIF. */
export const GIF = new Uint8Array(
  Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64"),
);

/** Makes a picture of a size. */
export async function makePicture(
  type: "png" | "jpeg" | "webp",
  width = 8,
  height = width,
): Promise<Uint8Array<ArrayBuffer>> {
  const image = new Bun.Image(SEED).resize(width, height, { fit: "fill" });
  const bytes = await (type === "png" ? image.png() : type === "jpeg" ? image.jpeg() : image.webp()).bytes();
  return new Uint8Array(bytes);
}

/** A PNG whose header tells of a size that its few bytes do not hold. */
export async function makeBomb(side: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await makePicture("png");
  const view = new DataView(bytes.buffer);
  // IHDR: signature 8, length 4, name 4, then width and height, big-endian.
  view.setUint32(16, side);
  view.setUint32(20, side);
  return bytes;
}

/** Puts a text where cameras write place and time: an APP1 segment right behind the start of a JPEG. */
export function addExif(jpeg: Uint8Array, text: string): Uint8Array<ArrayBuffer> {
  const payload = Buffer.concat([Buffer.from("Exif\0\0"), Buffer.from(text)]);
  const head = Buffer.from([0xff, 0xe1, (payload.length + 2) >> 8, (payload.length + 2) & 0xff]);
  return new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), head, payload, jpeg.subarray(2)]));
}

/** What a form holds: texts, and files under the name they have on somebody's disk. */
export type FormFields = Readonly<
  Record<string, string | { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }>
>;

/** Sends a multipart form. */
export async function sendForm(
  app: TestApp,
  path: string,
  { authorization, fields }: { readonly authorization: string; readonly fields: FormFields },
): Promise<{ readonly status: number; readonly json: unknown; readonly text: string }> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") body.append(name, value);
    else body.append(name, new Blob([value.bytes]), value.name);
  }
  const response = await app.fetch(path, { method: "PUT", headers: { authorization }, body });
  const text = await response.text();
  return { status: response.status, text, json: JSON.parse(text) };
}
