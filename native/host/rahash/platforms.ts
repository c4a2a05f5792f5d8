/** Platforms by their slugs in the library, with RetroAchievements' id of their console: `id:slugs`. */
const SLUGS_BY_CONSOLE =
  "1:genesis|2:n64|3:sfam snes|4:gb|5:gba|6:gbc|7:famicom nes|8:supergrafx tg16|9:segacd|10:sega32|11:sms|12:psx|" +
  "13:lynx|14:neo-geo-pocket neo-geo-pocket-color|15:gamegear|16:ngc|17:jaguar|18:nds|19:wii|21:ps2|23:odyssey-2|" +
  "24:pokemon-mini|25:atari2600|27:arcade|28:virtualboy|29:msx msx2|33:sg1000|37:acpc|38:appleii|39:saturn|40:dc|" +
  "41:psp|43:3do|44:colecovision|45:intellivision|46:vectrex|47:pc-8800-series|49:pc-fx|51:atari7800|" +
  "53:wonderswan wonderswan-color|56:neo-geo-cd|57:fairchild-channel-f|63:supervision|" +
  "69:mega-duck-slash-cougar-boy|71:arduboy|72:wasm-4|73:arcadia-2001|74:interton-vc-4000|75:elektor|" +
  "76:turbografx-cd|77:atari-jaguar-cd|78:nintendo-dsi|80:uzebox|81:fds|102:win";

const CONSOLES: ReadonlyMap<string, number> = new Map(
  SLUGS_BY_CONSOLE.split("|").flatMap((row) => {
    const [id, slugs = ""] = row.split(":");
    return slugs.split(" ").map((slug) => [slug, Number(id)] as const);
  }),
);

/** Gives RetroAchievements' id of a platform's console, by its slug; null where it has none. */
export function findRaConsole(platformSlug: string): number | null {
  return CONSOLES.get(platformSlug) ?? null;
}

/** Gives the slugs of all platforms that have a console at RetroAchievements. */
export function listRaPlatforms(): readonly string[] {
  return [...CONSOLES.keys()];
}
