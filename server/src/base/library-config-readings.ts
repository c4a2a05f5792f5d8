import * as v from "valibot";
import { listOf, mapOf, oneOf, type Reading, recordOf, scalar } from "./config-reader.ts";

/** One STUN or TURN server, in the shape that WebRTC takes. */
export interface IceServer {
  readonly urls: string;
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/** Button name to what triggers it: `value` is the key, `value2` the gamepad input. */
export type ButtonControls = Readonly<
  Record<string, { readonly value?: string | undefined; readonly value2?: string | undefined }>
>;

/** The players 0 to 3; without settings a player's buttons are empty. */
export type PlayerControls = readonly [ButtonControls, ButtonControls, ButtonControls, ButtonControls];

/** One container that streams a platform's games to a browser. */
export interface StreamingContainer {
  readonly platform: string;
  readonly host: string;
  readonly brokerHost: string | null;
  readonly label: string | null;
}

/** Every place artwork can come from, in the default order; metadata comes from all but two of them. */
export const DEFAULT_ARTWORK_PRIORITY = [
  "sgdb",
  "igdb",
  "moby",
  "ss",
  "libretro",
  "ra",
  "launchbox",
  "gamelist",
  "hasheous",
  "tgdb",
  "flashpoint",
  "hltb",
] as const;

export type ScanSource = (typeof DEFAULT_ARTWORK_PRIORITY)[number];

export const DEFAULT_METADATA_PRIORITY: readonly ScanSource[] = [
  "igdb",
  "moby",
  "ss",
  "ra",
  "launchbox",
  "gamelist",
  "hasheous",
  "tgdb",
  "flashpoint",
  "hltb",
];

/** Every kind of media that a scan can fetch. */
export const SCAN_MEDIA = [
  "bezel",
  "box2d",
  "box2d_back",
  "box2d_side",
  "box3d",
  "miximage",
  "miximage_v2",
  "physical",
  "screenshot",
  "title_screen",
  "marquee",
  "logo",
  "fanart",
  "video",
  "video_normalized",
  "manual",
] as const;

export type ScanMedia = (typeof SCAN_MEDIA)[number];

export const GAMELIST_THUMBNAILS = ["box2d", "box3d", "miximage", "miximage_v2", "physical"] as const;

export type GamelistThumbnail = (typeof GAMELIST_THUMBNAILS)[number];

export const GAMELIST_IMAGES = ["title_screen", "miximage", "miximage_v2", "box2d", "screenshot"] as const;

export type GamelistImage = (typeof GAMELIST_IMAGES)[number];

export const REGION_MODES = ["prefer_rom_tags", "prefer_config"] as const;

export type RegionMode = (typeof REGION_MODES)[number];

// A number or a switch where a name belongs is meant as the name: folders are called "2600" and "true".
const NAME_SCHEMA = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.finite()), v.boolean()]),
  v.transform(String),
  v.nonEmpty(),
);
const NAME = scalar(NAME_SCHEMA, "a name");
const TEXT_OR_NONE = v.nullish(NAME_SCHEMA);

export const NAMES = listOf(NAME);

/** Names that are compared in lower case. */
export const FOLDED_NAMES = listOf(
  scalar(v.pipe(NAME_SCHEMA, v.trim(), v.toLowerCase(), v.nonEmpty()), "a name"),
);

export const BINDINGS = mapOf(NAME);

// The spellings that other YAML readers take for a switch arrive here as plain words.
const SWITCH_WORDS = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["no", false],
  ["off", false],
]);
const SWITCH_WORD = v.pipe(
  v.string(),
  v.transform((word) => SWITCH_WORDS.get(word.toLowerCase())),
  v.boolean(),
);

export const SWITCH = scalar(v.union([v.boolean(), SWITCH_WORD]), "true or false");

export const BYTES = scalar(
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\+?[0-9]+$/), v.transform(Number))]),
    v.safeInteger(),
    v.minValue(0),
  ),
  "a whole number of bytes",
);

/** A folder below the library; must not lead out of it. */
export const FOLDER = scalar(
  v.pipe(
    NAME_SCHEMA,
    v.check(
      (path) =>
        !path.startsWith("/") && !path.includes("\0") && path.split("/").every((part) => !/^\.*$/.test(part)),
    ),
  ),
  "a relative folder name",
);

export const SOURCES = listOf(oneOf(DEFAULT_ARTWORK_PRIORITY));
export const REGION_MODE = oneOf(REGION_MODES);
export const MEDIA = listOf(oneOf(SCAN_MEDIA));
export const THUMBNAIL = oneOf(GAMELIST_THUMBNAILS);
export const IMAGE = oneOf(GAMELIST_IMAGES);

export const CORE_SETTINGS = recordOf(recordOf(scalar(v.pipe(NAME_SCHEMA), "a text")));

const BUTTONS: Reading<ButtonControls> = recordOf(
  scalar(
    v.pipe(
      v.object({ value: TEXT_OR_NONE, value2: TEXT_OR_NONE }),
      v.transform(({ value, value2 }) => ({ ...(value && { value }), ...(value2 && { value2 }) })),
    ),
    "a mapping with value and value2",
  ),
);
const PLAYERS = mapOf(BUTTONS);

export const CORE_CONTROLS = recordOf<PlayerControls>((value, place, note) => {
  const players = PLAYERS(value, place, note);
  if (players === undefined) return undefined;
  const player = (number: number) => players.get(String(number)) ?? players.get(`_${number}`) ?? {};
  return [player(0), player(1), player(2), player(3)];
});

const ICE_SERVER_SCHEMA = v.pipe(
  v.object({
    urls: v.union([NAME_SCHEMA, v.array(NAME_SCHEMA)]),
    username: TEXT_OR_NONE,
    credential: TEXT_OR_NONE,
  }),
  v.transform(({ urls, username, credential }): IceServer[] =>
    // Clients expect one address per server, while WebRTC examples also show lists.
    [urls]
      .flat()
      .map((url) => ({ urls: url, ...(username && { username }), ...(credential && { credential }) })),
  ),
);
const ICE_SERVER_GROUPS = listOf(scalar(ICE_SERVER_SCHEMA, "a mapping with urls"));

export const ICE_SERVERS: Reading<IceServer[]> = (value, place, note) =>
  ICE_SERVER_GROUPS(value, place, note)?.flat();

export const CONTAINERS: Reading<StreamingContainer[]> = listOf(
  scalar(
    v.pipe(
      v.object({ platform: NAME_SCHEMA, host: NAME_SCHEMA, broker_host: TEXT_OR_NONE, label: TEXT_OR_NONE }),
      v.transform(({ platform, host, broker_host, label }) => ({
        platform,
        host,
        brokerHost: broker_host ?? null,
        label: label ?? null,
      })),
    ),
    "a mapping with platform and host",
  ),
);
