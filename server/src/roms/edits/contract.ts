import * as v from "valibot";
import { ReceivedFileSchema } from "../../base/received-file.ts";
import { Id } from "../../base/schemas.ts";
import { SORT_KEY_CHARS_MAX } from "../../base/sort-key.ts";
import type { RomProviderIds } from "../contract.ts";
import {
  METADATA_CHARS_MAX,
  METADATA_DEPTH_MAX,
  PROVIDER_ID_CHARS_MAX,
  ROM_NAME_CHARS_MAX,
  ROM_SCREENSHOT_URLS_MAX,
  ROM_SUMMARY_CHARS_MAX,
  ROM_URL_CHARS_MAX,
} from "./limits.ts";

/** Whose answers people may write themselves; `manual` is what they say beside all providers. */
export const WRITABLE_METADATA = [
  "igdb",
  "moby",
  "ss",
  "launchbox",
  "hasheous",
  "flashpoint",
  "hltb",
  "manual",
] as const;
export type WritableMetadata = (typeof WRITABLE_METADATA)[number];

/** Facts about a game in a provider's own fields. */
export type MetadataObject = Readonly<Record<string, unknown>>;

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What changes of a rom; what is left out stays. */
export interface RomChanges {
  /** Empty: the name of the file without its tags. */
  readonly name?: string | undefined;
  /** By which the rom is sorted instead of its name; empty: by its name again. */
  readonly sortKey?: string | undefined;
  /** Null takes it away. */
  readonly summary?: string | null | undefined;
  /** The new name of its file or folder in the library, of which tags are read again. */
  readonly fsName?: string | undefined;
  /** A provider that is named is asked anew; null forgets it with what it said. */
  readonly providerIds?: Optional<Omit<RomProviderIds, "gamelist">> | undefined;
  /** What is known of a provider's game, for providers that know the rom; null or an empty object forgets it. */
  readonly metadata?: Optional<Record<WritableMetadata, MetadataObject | null>> | undefined;
  /** Web address of a picture that replaces the cover, if it is another one than before. */
  readonly urlCover?: string | undefined;
  readonly urlManual?: string | undefined;
  /** All of them. */
  readonly urlScreenshots?: readonly string[] | undefined;
  /** Also forgets where it came from. */
  readonly removeCover?: boolean | undefined;
  /** Instead of all else: forgets every provider, what they said, the cover and the summary. */
  readonly unmatch?: boolean | undefined;
}

const ZERO = "Input should not contain a zero character";
const hasNoZero = (text: string) => !text.includes("\0");
const text = (charsMax: number) => v.pipe(v.string(), v.maxLength(charsMax), v.check(hasNoZero, ZERO));

const isWebAddress = (address: string) => address === "" || /^https?:\/\//i.test(address);
const Url = v.pipe(
  text(ROM_URL_CHARS_MAX),
  v.check(isWebAddress, "Input should be an http or https address"),
);

const NumberId = v.optional(v.nullable(Id));
const TextId = v.optional(v.nullable(v.pipe(text(PROVIDER_ID_CHARS_MAX), v.minLength(1))));
const ProviderIds = v.strictObject({
  igdb: NumberId,
  sgdb: NumberId,
  moby: NumberId,
  ss: NumberId,
  ra: NumberId,
  launchbox: NumberId,
  hasheous: NumberId,
  tgdb: NumberId,
  hltb: NumberId,
  flashpoint: TextId,
  libretro: TextId,
});

function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) return true;
  return depth < METADATA_DEPTH_MAX && Object.values(value).every((item) => isShallow(item, depth + 1));
}

/** Neither a zero character nor half of a pair can be stored; an even number of backslashes before is text. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

function isStorable(value: MetadataObject): boolean {
  const json = JSON.stringify(value);
  return json.length <= METADATA_CHARS_MAX && !UNSTORABLE.test(json);
}

const Metadata = v.optional(
  v.nullable(
    v.pipe(
      v.custom<MetadataObject>(
        (value) => typeof value === "object" && value !== null && !Array.isArray(value),
        "Input should be an object",
      ),
      v.check(
        (value) => isShallow(value) && isStorable(value),
        "Input should be an object that can be stored",
      ),
    ),
  ),
);

export const UpdateRomInput = v.strictObject({
  romId: Id,
  name: v.optional(text(ROM_NAME_CHARS_MAX)),
  sortKey: v.optional(text(SORT_KEY_CHARS_MAX)),
  summary: v.optional(v.nullable(text(ROM_SUMMARY_CHARS_MAX))),
  fsName: v.optional(v.string()),
  providerIds: v.optional(ProviderIds),
  metadata: v.optional(
    v.strictObject({
      igdb: Metadata,
      moby: Metadata,
      ss: Metadata,
      launchbox: Metadata,
      hasheous: Metadata,
      flashpoint: Metadata,
      hltb: Metadata,
      manual: Metadata,
    } satisfies Record<WritableMetadata, unknown>),
  ),
  urlCover: v.optional(Url),
  urlManual: v.optional(Url),
  urlScreenshots: v.optional(v.pipe(v.array(Url), v.maxLength(ROM_SCREENSHOT_URLS_MAX), v.readonly())),
  removeCover: v.optional(v.boolean(), false),
  unmatch: v.optional(v.boolean(), false),
});
export type UpdateRomInput = v.InferOutput<typeof UpdateRomInput>;

const { providerIds: _ids, metadata: _metadata, ...plainEntries } = UpdateRomInput.entries;

/** The fields of the compatible form: each id and each provider's metadata stands by itself. */
export const UpdateRomFormInput = v.strictObject({
  ...plainEntries,
  igdbId: NumberId,
  sgdbId: NumberId,
  mobyId: NumberId,
  ssId: NumberId,
  raId: NumberId,
  launchboxId: NumberId,
  hasheousId: NumberId,
  tgdbId: NumberId,
  hltbId: NumberId,
  flashpointId: TextId,
  libretroId: TextId,
  rawIgdbMetadata: Metadata,
  rawMobyMetadata: Metadata,
  rawSsMetadata: Metadata,
  rawLaunchboxMetadata: Metadata,
  rawHasheousMetadata: Metadata,
  rawFlashpointMetadata: Metadata,
  rawHltbMetadata: Metadata,
  rawManualMetadata: Metadata,
  /** A picture that replaces the cover. */
  artwork: v.optional(ReceivedFileSchema),
});
export type UpdateRomFormInput = v.InferOutput<typeof UpdateRomFormInput>;
