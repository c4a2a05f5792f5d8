import type { Context } from "./context.ts";
import { encodePath } from "./encode-path.ts";

/** Where the server shows the files of its resources folder; the path is compatible. */
export const RESOURCES_PREFIX = "/assets/romm/resources";

/**
 * Where a picture of the resources folder is shown, with digits that change with its row so that caches notice
 * another one.
 * @param path Below the resources folder, made by us: it needs no encoding.
 */
export function toPictureAddress(path: string, updatedAt: string): string {
  return `${RESOURCES_PREFIX}/${path}?ts=${Date.parse(updatedAt)}`;
}

/** The address under which the caller reaches us, to begin links with; "" when nobody knows it. */
export function baseUrlOf({ baseUrl, facts }: Pick<Context, "baseUrl" | "facts">): string {
  return baseUrl ?? facts.publicUrl ?? "";
}

/** Address of the bytes of a rom. */
export function formatRomUrl(baseUrl: string, rom: { readonly id: number; readonly fsName: string }): string {
  return `${baseUrl}/api/roms/${rom.id}/content/${encodePath(rom.fsName)}`;
}

/** Address of the bytes of one file; the id is the file's. */
export function formatFileUrl(
  baseUrl: string,
  file: { readonly id: number; readonly fileName: string },
): string {
  return `${baseUrl}/api/roms/${file.id}/files/content/${encodePath(file.fileName)}`;
}
