/** Media types by extension, of pictures that browsers show by themselves and without running anything. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["webp", "image/webp"],
  ["gif", "image/gif"],
  ["tiff", "image/tiff"],
  ["tif", "image/tiff"],
  ["bmp", "image/bmp"],
  ["avif", "image/avif"],
]);

/** How a file that users sent is answered: one that is called a picture is shown, anything else only stored. */
export function choosePictureAnswer(fileName: string): {
  readonly contentType?: string | undefined;
  readonly disposition: "inline" | "attachment";
} {
  const contentType = TYPES.get(fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase());
  return contentType === undefined ? { disposition: "attachment" } : { contentType, disposition: "inline" };
}
