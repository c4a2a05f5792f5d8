import { PICTURE_TYPES } from "../base/media-types.data.ts";

/** How a file that users sent is answered: one that is called a picture is shown, anything else only stored. */
export function choosePictureAnswer(fileName: string): {
  readonly contentType?: string | undefined;
  readonly disposition: "inline" | "attachment";
} {
  const contentType = PICTURE_TYPES.get(fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase());
  return contentType === undefined ? { disposition: "attachment" } : { contentType, disposition: "inline" };
}
