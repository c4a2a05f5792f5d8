import type { LibraryConfig } from "../../base/library-config.ts";
import type { ExportRom, Medium, Naming } from "../contract.ts";
import { findKindPath, toDateParts, toMedium, toResourcePath } from "../rules.ts";

/** Which media the operator wants to see first. */
export type MediaChoice = Pick<LibraryConfig["scan"]["gamelist"], "thumbnail" | "image">;

/** How a gamelist is written. */
export interface GamelistOptions {
  readonly naming: Naming;
  readonly media: MediaChoice;
  /** Site that shows videos by their id. */
  readonly youtubeBaseUrl: string;
  /** When the list is written, by the clock of the server's place: `YYYYMMDDTHHMMSS`. */
  readonly writtenAt: string;
}

export const GAMELIST_FILE = "gamelist.xml";
export const GAMELIST_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<gameList>\n';
export const GAMELIST_TAIL = "</gameList>\n";

/** Media kinds of the settings, and the folders they are put into. */
const FOLDERS = {
  box2d: "covers",
  box3d: "boxes",
  miximage: "miximages",
  miximage_v2: "miximages_v2",
  physical: "physical",
  title_screen: "titlescreens",
  screenshot: "screenshots",
} as const;

/** Kinds that have a tag of their own, in the order of the tags. */
const OWN_TAGS: readonly (readonly [tag: string, kind: string, folder: string])[] = [
  ["box3d", "box3d", "boxes"],
  ["boxback", "box2d_back", "backcovers"],
  ["fanart", "fanart", "fanart"],
  ["marquee", "marquee", "marquees"],
  ["miximage", "miximage", "miximages"],
  ["miximage_v2", "miximage_v2", "miximages_v2"],
  ["physicalmedia", "physical", "physical"],
  ["title_screen", "title_screen", "titlescreens"],
  ["bezel", "bezel", "bezels"],
];

/** The `<game>` of one rom, indented below the list, with a line break at its end. */
export function formatGame(rom: ExportRom, options: GamelistOptions): string {
  const { naming, writtenAt } = options;
  const shown = (medium: Medium | null) => (medium === null ? null : naming.medium(rom, medium));
  const released = toDateParts(rom.firstReleaseDateMs);
  const tags: readonly (readonly [string, string | null | undefined])[] = [
    ["path", naming.rom(rom)],
    ["name", rom.name],
    ["desc", rom.summary],
    ["thumbnail", shown(findThumbnail(rom, options.media))],
    ["video", shown(toMedium(toResourcePath(rom.pathVideo), "videos")) ?? formatYoutube(rom, options)],
    ["screenshot", shown(findScreenshot(rom))],
    ["image", shown(findImage(rom, options.media))],
    ["manual", shown(toMedium(toResourcePath(rom.pathManual), "manuals"))],
    ["developer", rom.companies[0]],
    ["publisher", rom.companies[1]],
    ["genre", rom.genres[0]],
    ["family", rom.franchises[0]],
    ["players", rom.playerCount],
    ["lang", rom.languages[0]],
    ["region", rom.regions[0]],
    ["releasedate", released && `${released.day}T${released.time}`.replace(/[-:]/g, "")],
    ["rating", rom.averageRating === null ? null : (rom.averageRating / 100).toFixed(2)],
    ["id", rom.gamelistId],
    ...OWN_TAGS.map(([tag, kind, folder]) => [tag, shown(toMedium(findTagPath(rom, kind), folder))] as const),
  ];
  const lines = tags.flatMap(([tag, text]) =>
    text === null || text === undefined || text === "" ? [] : [`    <${tag}>${escapeText(text)}</${tag}>\n`],
  );
  return `  <game>\n${lines.join("")}    <scrap name="RomM" date="${writtenAt}" />\n  </game>\n`;
}

/** The marquee is the game's logo, which is what front ends show there. */
function findTagPath(rom: ExportRom, kind: string): string {
  if (kind !== "marquee") return findKindPath(rom, kind);
  return toResourcePath(rom.ss.logo_path) || toResourcePath(rom.gamelist.marquee_path);
}

function findThumbnail(rom: ExportRom, { thumbnail }: MediaChoice): Medium | null {
  const chosen = toMedium(findKindPath(rom, thumbnail), FOLDERS[thumbnail]);
  return chosen ?? toMedium(toResourcePath(rom.pathCover), "covers");
}

function findImage(rom: ExportRom, { image }: MediaChoice): Medium | null {
  return toMedium(findKindPath(rom, image), FOLDERS[image]) ?? findScreenshot(rom);
}

function findScreenshot({ pathScreenshots }: ExportRom): Medium | null {
  return toMedium(toResourcePath(pathScreenshots[0]), "screenshots");
}

function formatYoutube({ youtubeVideoId }: ExportRom, { youtubeBaseUrl }: GamelistOptions): string | null {
  return youtubeVideoId === "" ? null : `${youtubeBaseUrl}/embed/${encodeURIComponent(youtubeVideoId)}`;
}

/** Characters that XML 1.0 cannot hold at all, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go.
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Text between two tags. Line breaks are those of XML. */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, "\n")
    .replace(NOT_XML, "")
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? "");
}
