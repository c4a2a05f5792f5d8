import type { ExportPlatform, ExportRom, Medium, Naming } from "../contract.ts";
import { findKindPath, toDateParts, toMedium, toOneLine, toResourcePath } from "../rules.ts";

/** How a Pegasus list is written. */
export interface PegasusOptions {
  readonly naming: Naming;
  /** Media are shown; lists that lead to a server have none. */
  readonly hasMedia: boolean;
}

export const PEGASUS_FILE = "metadata.pegasus.txt";

/**
 * The lines before the first game.
 * @param shortname The short name by which Pegasus knows the platform; null where it knows none.
 * @source https://pegasus-frontend.org/docs/user-guide/meta-files/
 */
export function formatCollection(platform: ExportPlatform, shortname: string | null): string {
  const name = toOneLine(platform.customName) || toOneLine(platform.name) || platform.slug;
  return `collection: ${name}\nshortname: ${toOneLine(shortname ?? platform.slug)}\n`;
}

/** The block of one game, with the blank line that parts it from what stands before. */
export function formatGame(rom: ExportRom, options: PegasusOptions): string {
  const title = toOneLine(rom.name) || rom.fsNameNoExt;
  const many = (key: string, values: readonly string[]) => values.map((value) => [key, value] as const);
  const entries: readonly (readonly [string, string | null | undefined])[] = [
    ["game", title],
    ["file", options.naming.rom(rom)],
    ["sort-by", rom.fsNameNoTags === rom.name ? "" : rom.fsNameNoTags],
    ["developer", rom.companies[0]],
    ["publisher", rom.companies[1]],
    ...many("genre", rom.genres),
    ...many("tag", rom.tags),
    ["players", rom.playerCount],
    ["description", rom.summary],
    ["release", toDateParts(rom.firstReleaseDateMs)?.day],
    ["rating", rom.averageRating === null ? null : formatPercent(rom.averageRating)],
    ...(options.hasMedia ? listAssets(rom, options.naming) : []),
    ["x-region", rom.regions.map(toOneLine).join(", ")],
    ["x-language", rom.languages.map(toOneLine).join(", ")],
    ["x-romm-id", String(rom.id)],
  ];
  const lines = entries.flatMap(([key, value]) => formatEntry(key, value ?? ""));
  return `\n${lines.join("\n")}\n`;
}

function formatEntry(key: string, value: string): readonly string[] {
  if (key === "description") return formatDescription(value);
  const line = toOneLine(value);
  return line === "" ? [] : [`${key}: ${line}`];
}

/** Further lines are indented; a lone dot stands for a blank one, which would end the entry. */
function formatDescription(text: string): readonly string[] {
  const [first = "", ...more] = text.trim().split(/\r\n|\r|\n/);
  if (first === "") return [];
  const rest = more.map((line) => `  ${line.trim() === "" ? "." : line.trim()}`);
  return [`description: ${first.trim()}`, ...rest];
}

function formatPercent(rating: number): string {
  return `${Math.min(100, Math.max(0, Math.round(rating)))}%`;
}

function listAssets(rom: ExportRom, naming: Naming): readonly (readonly [string, string | null])[] {
  const kind = (name: string, folder: string) => toMedium(findKindPath(rom, name), folder);
  const media: readonly (readonly [string, Medium | null])[] = [
    ["box_front", toMedium(toResourcePath(rom.pathCover), "covers") ?? kind("box2d", "covers")],
    ["box_back", kind("box2d_back", "backcovers")],
    ["box_full", kind("box3d", "boxes")],
    ["screenshot", toMedium(toResourcePath(rom.pathScreenshots[0]), "screenshots")],
    ["titlescreen", kind("title_screen", "titlescreens")],
    ["video", toMedium(toResourcePath(rom.pathVideo), "videos")],
    ["marquee", toMedium(toResourcePath(rom.gamelist.marquee_path), "marquees")],
    ["cartridge", kind("physical", "cartridges")],
    ["logo", toMedium(toResourcePath(rom.ss.logo_path), "logos")],
    ["background", kind("fanart", "backgrounds")],
    ["bezel", kind("bezel", "bezels")],
  ];
  return media.map(([key, medium]) => [`assets.${key}`, medium === null ? null : naming.medium(rom, medium)]);
}
