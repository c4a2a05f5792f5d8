import { isEntryName } from "../../base/entry-name.ts";
import { AppError } from "../../base/errors.ts";
import { deriveSortKey } from "../../base/sort-key.ts";
import type {
  MetadataObject,
  RomChanges,
  UpdateRomFormInput,
  UpdateRomInput,
  WritableMetadata,
} from "./contract.ts";

type ProviderName = keyof NonNullable<RomChanges["providerIds"]>;

/** What a change has to know of the row. */
export interface ChangeableRom {
  readonly id: number;
  readonly platformId: number;
  readonly fsName: string;
  readonly fsPath: string;
  readonly fsNameNoTags: string;
  readonly isFolder: boolean;
  readonly name: string | null;
  readonly nameSortKey: string;
  readonly slug: string | null;
  readonly summary: string | null;
  readonly igdbId: number | null;
  readonly sgdbId: number | null;
  readonly mobyId: number | null;
  readonly ssId: number | null;
  readonly raId: number | null;
  readonly launchboxId: number | null;
  readonly hasheousId: number | null;
  readonly tgdbId: number | null;
  readonly hltbId: number | null;
  readonly flashpointId: string | null;
  readonly gamelistId: string | null;
  readonly libretroId: string | null;
  readonly pathCoverSmall: string;
  readonly pathCoverLarge: string;
  readonly urlCover: string;
  readonly urlManual: string;
  readonly urlScreenshots: string[];
  readonly pathScreenshots: string[];
  readonly updatedAt: Date;
}

const ID_FIELDS = {
  igdb: "igdbId",
  sgdb: "sgdbId",
  moby: "mobyId",
  ss: "ssId",
  ra: "raId",
  launchbox: "launchboxId",
  hasheous: "hasheousId",
  tgdb: "tgdbId",
  hltb: "hltbId",
  flashpoint: "flashpointId",
  libretro: "libretroId",
} as const satisfies Record<ProviderName, keyof ChangeableRom>;

const PROVIDERS = Object.keys(ID_FIELDS) as readonly ProviderName[];

/** What differs in a row after a change. */
export type RomPatch = Partial<ChangeableRom>;

/** What a provider's row of answers becomes; null: none. */
export type AnswerChange = readonly [provider: string, data: MetadataObject | null];

/** A change of a rom, worked out. */
export interface PlannedChange {
  readonly patch: RomPatch;
  readonly answers: readonly AnswerChange[];
  /** Providers that have to be asked. */
  readonly asked: readonly ProviderName[];
}

/** Reads the compatible form as the change that it asks for. */
export function fromForm(form: Omit<UpdateRomFormInput, "artwork">): UpdateRomInput {
  const { igdbId, sgdbId, mobyId, ssId, raId, launchboxId, hasheousId, tgdbId, hltbId, ...others } = form;
  const { flashpointId, libretroId, rawIgdbMetadata, rawMobyMetadata, rawSsMetadata, ...more } = others;
  const { rawLaunchboxMetadata, rawHasheousMetadata, rawFlashpointMetadata, ...rest } = more;
  const { rawHltbMetadata, rawManualMetadata, ...plain } = rest;
  return {
    ...plain,
    providerIds: {
      igdb: igdbId,
      sgdb: sgdbId,
      moby: mobyId,
      ss: ssId,
      ra: raId,
      launchbox: launchboxId,
      hasheous: hasheousId,
      tgdb: tgdbId,
      hltb: hltbId,
      flashpoint: flashpointId,
      libretro: libretroId,
    },
    metadata: {
      igdb: rawIgdbMetadata,
      moby: rawMobyMetadata,
      ss: rawSsMetadata,
      launchbox: rawLaunchboxMetadata,
      hasheous: rawHasheousMetadata,
      flashpoint: rawFlashpointMetadata,
      hltb: rawHltbMetadata,
      manual: rawManualMetadata,
    },
  };
}

type StoredAnswers = Readonly<Record<string, unknown>>;

const NO_COVER = { urlCover: "", pathCoverLarge: "", pathCoverSmall: "" } as const;

/** Works out what a change makes of a row and of what the providers said. The name of its file is not among it. */
export function planChange(
  row: ChangeableRom,
  changes: UpdateRomInput,
  stored: StoredAnswers,
): PlannedChange {
  const changedProviders = PROVIDERS.filter((provider) => {
    const id = changes.providerIds?.[provider];
    return id !== undefined && id !== row[ID_FIELDS[provider]];
  });
  const idOf = (provider: ProviderName) => changes.providerIds?.[provider] ?? null;
  const hasOtherGame = changedProviders.some((provider) => provider === "igdb" || provider === "hasheous");
  const { summary, urlCover, urlManual, urlScreenshots, removeCover } = changes;
  const patch = keepDiffering(row, {
    ...Object.fromEntries(changedProviders.map((provider) => [ID_FIELDS[provider], idOf(provider)])),
    ...planNames(row, changes),
    // Only these two give one.
    ...(hasOtherGame ? { slug: null } : {}),
    ...(summary === undefined ? {} : { summary: summary === "" ? null : summary }),
    ...(urlCover === undefined ? {} : { urlCover }),
    ...(urlManual === undefined ? {} : { urlManual }),
    ...(urlScreenshots === undefined ? {} : { urlScreenshots: [...urlScreenshots] }),
    ...(removeCover ? NO_COVER : {}),
  });
  return {
    patch,
    answers: planAnswers({ ...row, ...patch }, changes, { stored, changedProviders }),
    asked: changedProviders.filter((provider) => idOf(provider) !== null),
  };
}

/** So that the date of a change tells the truth. */
function keepDiffering(row: ChangeableRom, wished: RomPatch): RomPatch {
  const entries = Object.entries(wished) as [keyof ChangeableRom, unknown][];
  return Object.fromEntries(entries.filter(([field, value]) => !Bun.deepEquals(row[field], value)));
}

/**
 * The name, and what it is sorted by: the key follows the name unless somebody set another one. One that is sent as
 * it is stored is no wish of its own, for forms send everything.
 */
function planNames(row: ChangeableRom, { name: sent, sortKey }: UpdateRomInput): RomPatch {
  const before = row.name ?? row.fsNameNoTags;
  const name = sent?.trim() === "" ? row.fsNameNoTags : (sent ?? before);
  const names = sent === undefined ? {} : { name };
  const derived = deriveSortKey(name);
  if (sortKey !== undefined && sortKey !== row.nameSortKey)
    return { ...names, nameSortKey: sortKey || derived };
  return row.nameSortKey === deriveSortKey(before) ? { ...names, nameSortKey: derived } : names;
}

interface AnswersBefore {
  readonly stored: StoredAnswers;
  readonly changedProviders: readonly ProviderName[];
}

/**
 * What a provider said of another game goes, also when a form sends it along unchanged; what was written by hand
 * comes, if the provider knows the rom.
 */
function planAnswers(
  row: ChangeableRom,
  { metadata = {} }: UpdateRomInput,
  { stored, changedProviders }: AnswersBefore,
): readonly AnswerChange[] {
  const answers = new Map<string, MetadataObject | null>(
    changedProviders.map((provider) => [provider, null]),
  );
  const sentByProvider = Object.entries(metadata) as [WritableMetadata, MetadataObject | null | undefined][];
  for (const [provider, sent] of sentByProvider) {
    if (sent === undefined) continue;
    const isKnown = provider === "manual" || row[ID_FIELDS[provider]] !== null;
    if (!isKnown || (answers.has(provider) && Bun.deepEquals(sent, stored[provider]))) continue;
    answers.set(provider, sent === null || Object.keys(sent).length === 0 ? null : sent);
  }
  return [...answers].filter(([provider, data]) => !Bun.deepEquals(data ?? undefined, stored[provider]));
}

/** Works out what is left of a rom when nobody knows it any more; what people wrote themselves stays. */
export function planUnmatch(row: ChangeableRom, stored: StoredAnswers): PlannedChange {
  const fields = [...Object.values(ID_FIELDS), "gamelistId"];
  const providers = Object.keys(stored).filter((provider) => provider !== "manual");
  return {
    patch: keepDiffering(row, {
      ...Object.fromEntries(fields.map((field) => [field, null])),
      ...NO_COVER,
      name: row.fsName,
      nameSortKey: deriveSortKey(row.fsName),
      slug: null,
      summary: null,
      urlScreenshots: [],
      pathScreenshots: [],
    }),
    answers: providers.map((provider) => [provider, null]),
    asked: [],
  };
}

/**
 * Checks the new name of a file or folder in the library.
 * @param isExcluded Whether a scan would pass over it.
 * @throws AppError `ROMS_NAME_INVALID`.
 */
export function requireFsName(fsName: string, isExcluded: (name: string) => boolean): void {
  if (!isEntryName(fsName)) throw nameInvalid(fsName, "The name is none that a file in the library can have");
  if (isExcluded(fsName)) throw nameInvalid(fsName, "Scans leave files of this name out");
}

function nameInvalid(fsName: string, message: string): AppError<"invalid"> {
  return new AppError("invalid", "ROMS_NAME_INVALID", { message, details: { fsName } });
}

/** What somebody is told who wants a name that something else has. */
export function fsNameTaken(fsName: string, cause?: unknown): AppError<"conflict"> {
  const message = `'${fsName}' already exists`;
  return new AppError("conflict", "ROMS_NAME_TAKEN", { message, details: { fsName }, cause });
}
