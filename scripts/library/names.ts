import type { Random } from "./random.ts";

/** Longest name most file systems take. */
export const NAME_MAX_BYTES = 255;
/** Length of the names made long on purpose, extension included. */
export const LONG_NAME_BYTES = 200;

// biome-ignore format: a list of words
const FIRST_WORDS = [
  "Amber", "Brave", "Broken", "Cobalt", "Cosmic", "Crimson", "Crystal", "Distant", "Electric", "Emerald",
  "Endless", "Fallen", "Feral", "Final", "Frozen", "Gilded", "Hidden", "Hollow", "Iron", "Ivory",
  "Last", "Little", "Lost", "Lunar", "Marble", "Midnight", "Mighty", "Molten", "Neon", "Northern",
  "Painted", "Phantom", "Quiet", "Rapid", "Savage", "Silver", "Solar", "Stolen", "Velvet", "Wild",
] as const;

// biome-ignore format: a list of words
const SECOND_WORDS = [
  "Arena", "Armada", "Beacon", "Caravan", "Castle", "Circuit", "Comet", "Corsair", "Courier", "Crown",
  "Dragon", "Drifter", "Empire", "Engine", "Falcon", "Forest", "Fortress", "Garden", "Harbor", "Horizon",
  "Islands", "Journey", "Kingdom", "Labyrinth", "Lantern", "Legion", "Machine", "Monarch", "Odyssey", "Orchard",
  "Pilot", "Quest", "Racer", "Raiders", "Saga", "Sanctum", "Squadron", "Tower", "Voyage", "Warden",
] as const;

const PLAIN_TITLES = FIRST_WORDS.length * SECOND_WORDS.length;

/** Makes the `index`-th title of a platform: two words, and a number once all pairs are used. */
export function makeTitle(index: number): string {
  // 23 shares no factor with 40, so neighbours differ in both words and all pairs come up.
  const first = FIRST_WORDS[(index * 23) % FIRST_WORDS.length];
  const second = SECOND_WORDS[(Math.floor(index / FIRST_WORDS.length) + index * 7) % SECOND_WORDS.length];
  const part = Math.floor(index / PLAIN_TITLES);
  return part === 0 ? `${first} ${second}` : `${first} ${second} ${part + 1}`;
}

/** Titles that break naive code; each keeps the plain title in it, so all stay different. */
const ODD_TITLES: readonly ((title: string, index: number) => string)[] = [
  (_, index) => `星のたび ${index}`,
  (_, index) => `Тайна старого замка ${index}`,
  (_, index) => `Το χαμένο νησί ${index}`,
  (_, index) => `별빛 기사단 ${index}`,
  (_, index) => `龙之塔 ${index}`,
  (_, index) => `سر القلعة ${index}`,
  (title) => `Élan & Ñandú – ${title}`,
  // Decomposed: letter and accent are two characters, as copied from a Mac.
  (title) => `Cafe\u0301 Noe\u0308l ${title}`,
  (title, index) => `#${index} ${title}`,
  (title) => `${title} + More`,
  (title) => `100% ${title}`,
  (title) => `50%25 ${title} %20`,
  (title) => `${title} & Friends`,
  (title) => `${title}'s "Best Of"`,
  (title) => `${title}; Part = Two, Three?`,
  (title) => `~${title}~ @Home!`,
  (title) => `S.T.A.R. ${title} v1.2`,
  (title) => `The ${title} 🎮`,
  (title) => `${title}  (Double  Space)`,
  (title) => `$HOME ${title} \`x\` <b>*`,
];

const REGIONS = [
  "USA",
  "Europe",
  "Japan",
  "World",
  "USA, Europe",
  "Germany",
  "France",
  "Brazil",
  "Korea",
] as const;
const LANGUAGES = ["En", "En,Fr,De", "En,Es,It", "Ja", "En,Ja"] as const;
const TAGS = ["(Beta)", "(Demo)", "(Unl)", "[!]", "[b1]", "[T-En]", "(Virtual Console)"] as const;

/**
 * Makes a file name as collections have them: title, region, languages, revision, tags. One in ten has a title
 * from `ODD_TITLES`, one in fifty is exactly 200 bytes long.
 * @param options.index Place in the platform; names of different places differ.
 */
export function makeName(options: {
  index: number;
  hasDiscs: boolean;
  extension: string;
  random: Random;
}): string {
  const { index, hasDiscs, extension, random } = options;
  const tags = makeTags(random, hasDiscs ? index : null);
  const end = `${tags}.${extension}`;
  // Both discs of a pair carry the first one's title.
  if (hasDiscs && index % 8 < 2) return `${makeTitle(index - (index % 2))}${end}`;
  const title = makeTitle(index);
  if (index % 50 === 25) return fillName(`${title} - `, end);
  const odd = index % 10 === 9 ? ODD_TITLES[Math.floor(index / 10) % ODD_TITLES.length] : undefined;
  return `${odd === undefined ? title : odd(title, index)}${end}`;
}

/** @param discIndex Place in the platform when it has discs: the first two of eight are a pair; else null. */
function makeTags(random: Random, discIndex: number | null): string {
  const isPair = discIndex !== null && discIndex % 8 < 2;
  const parts = [isPair ? "(USA)" : `(${random.pick(REGIONS)})`];
  if (isPair) parts.push(`(Disc ${(discIndex % 2) + 1})`);
  if (random.chance(20)) parts.push(`(${random.pick(LANGUAGES)})`);
  if (random.chance(8)) parts.push(`(Rev ${random.pick(["1", "2", "A", "B"])})`);
  if (random.chance(5)) parts.push(`(v1.${random.below(10)})`);
  if (random.chance(12)) parts.push(random.pick(TAGS));
  return ` ${parts.join(" ")}`;
}

/** Puts words between start and end until the name has exactly `LONG_NAME_BYTES` ASCII characters. */
function fillName(start: string, end: string): string {
  const gap = LONG_NAME_BYTES - start.length - end.length;
  const words = SECOND_WORDS.join(" and the ");
  return `${start}${words
    .slice(0, gap - 1)
    .trimEnd()
    .padEnd(gap, "x")}${end}`;
}

/** Gives the ASCII letters, digits and spaces of a title in upper case, as headers carry it. */
export function toHeaderTitle(title: string): string {
  return title
    .toUpperCase()
    .replace(/[^A-Z0-9 ]/g, "")
    .trim();
}
