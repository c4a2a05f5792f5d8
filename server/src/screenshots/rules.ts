import { AppError } from "../base/errors.ts";

/** Endings of the pictures that a gallery takes. */
const GALLERY_EXTENSIONS = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".tiff", ".tif", ".bmp", ".avif"];

/**
 * Asks whether a file of this name may go into a gallery.
 * @throws AppError `SCREENSHOTS_NAME_MISSING`, `SCREENSHOTS_TYPE_INVALID`.
 */
export function checkGalleryName(fileName: string): void {
  if (fileName === "") {
    throw new AppError("invalid", "SCREENSHOTS_NAME_MISSING", { message: "Screenshot file has no filename" });
  }
  const dot = fileName.lastIndexOf(".");
  if (dot >= 0 && GALLERY_EXTENSIONS.includes(fileName.slice(dot).toLowerCase())) return;
  throw new AppError("invalid", "SCREENSHOTS_TYPE_INVALID", {
    message: `Unsupported image file type. Allowed: ${GALLERY_EXTENSIONS.join(", ")}`,
  });
}
