import type { ExportRom, Medium } from "./contract.ts";

/**
 * A path below the resources as it may be opened; "" when there is none or it leads elsewhere. What providers are
 * said to have answered can be written by users, so it is not to be trusted.
 */
export function toResourcePath(stored: unknown): string {
  if (typeof stored !== "string" || stored.includes("\0") || stored.includes("\\")) return "";
  const path = stored.replace(/^\/+/, "");
  const isInside = path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  return path !== "" && isInside ? path : "";
}

/** The stored file of one media kind: ScreenScraper's, else the imported gamelist's; "" when there is none. */
export function findKindPath({ ss, gamelist }: Pick<ExportRom, "ss" | "gamelist">, kind: string): string {
  return toResourcePath(ss[`${kind}_path`]) || toResourcePath(gamelist[`${kind}_path`]);
}

/** The medium at a path, or null without one. */
export function toMedium(path: string, folder: string): Medium | null {
  return path === "" ? null : { path, folder };
}

/** Where a medium is put beside the roms, relative to the platform's folder. */
export function toAssetPath(
  { fsNameNoExt }: Pick<ExportRom, "fsNameNoExt">,
  { path, folder }: Medium,
): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return `assets/${folder}/${fsNameNoExt}${dot < 0 ? "" : name.slice(dot)}`;
}

/** `YYYY`, `MM`, `DD` and the like in UTC; null outside the years that four digits can say. */
export function toDateParts(atMs: number | null): { readonly day: string; readonly time: string } | null {
  if (atMs === null || !Number.isFinite(atMs)) return null;
  const at = new Date(atMs);
  const year = at.getUTCFullYear();
  if (!(year >= 1 && year <= 9999)) return null;
  const [day = "", rest = ""] = at.toISOString().split("T");
  return { day, time: rest.slice(0, 8) };
}

/** One line: line breaks and other runs of white space become one space. */
export function toOneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
