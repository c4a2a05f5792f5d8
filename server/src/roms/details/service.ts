import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { findAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { Id, list, NoInput } from "../../base/schemas.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import type { FilterValues } from "../filter-values/contract.ts";
import { getValuesOf } from "../filter-values/service.ts";
import { toVisibleFilter } from "../filters/service.ts";
import { listMemberships } from "../memberships/queries.ts";
import { listNotesOfRom } from "../notes/queries.ts";
import { listRomIdsByOffset, type OffsetPage, toListedFilter } from "../offset-lists/queries.ts";
import { getListIndex, getTotal, type ListIndex } from "../offset-lists/service.ts";
import { findRomIdByHash, findRomIdByProviders, listRomIds } from "../queries.ts";
import { romNotFound } from "../rules.ts";
import { readUserFiles } from "../user-files/queries.ts";
import {
  type DetailedRom,
  DetailedRomSchema,
  FindRomByHashesInput,
  FindRomByProvidersInput,
  ListRomsByOffsetInput,
  type RomDetails,
  RomDetailsSchema,
  RomIdInput,
  type RomOffsetPage,
  RomOffsetPageSchema,
} from "./contract.ts";
import { listRomDetails } from "./queries.ts";

function callerId(ctx: Context): number | null {
  return ctx.identity.kind === "user" ? ctx.identity.userId : null;
}

/**
 * One rom with everything the compatible API shows of it.
 * @throws AppError `ROMS_NOT_FOUND`.
 */
export const getRomDetails = operation(
  {
    type: "query",
    scope: "roms.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: RomIdInput,
    output: DetailedRomSchema,
  },
  async (ctx, { romId }) => await readDetailed(ctx, romId),
);

/**
 * One rom as lists show it.
 * @throws AppError `ROMS_NOT_FOUND`.
 */
export const getSimpleRom = operation(
  {
    type: "query",
    scope: "roms.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: RomIdInput,
    output: RomDetailsSchema,
  },
  async (ctx, { romId }) => await readDetails(ctx, romId),
);

async function readDetailed(ctx: Context, romId: number): Promise<DetailedRom> {
  const viewerId = findAccountId(ctx.identity);
  const [details, notes, collections, userFiles] = await Promise.all([
    readDetails(ctx, romId),
    listNotesOfRom(ctx.db, romId, viewerId),
    listMemberships(ctx.db, romId, viewerId),
    readUserFiles(ctx.db, { romId, viewerId }),
  ]);
  return { ...details, notes, collections, viewerId, userFiles };
}

async function readDetails(ctx: Context, romId: number): Promise<RomDetails> {
  const hidden = await getHidden(ctx);
  const options = { userId: callerId(ctx), withFiles: true, hidden };
  const [details] = await listRomDetails(ctx.db, [romId], options);
  if (details === undefined || hidesRom(hidden, details)) throw romNotFound(romId);
  return details;
}

/** Those of some roms that the caller may see, without their files, in the order of `romIds`. */
export async function listRomDetailsOf(
  ctx: Context,
  romIds: readonly number[],
): Promise<readonly RomDetails[]> {
  const hidden = await getHidden(ctx);
  const roms = await listRomDetails(ctx.db, romIds, { userId: callerId(ctx), withFiles: false, hidden });
  return roms.filter((rom) => !hidesRom(hidden, rom));
}

/**
 * The first rom that carries one of the given hashes.
 * @throws AppError `ROMS_HASH_REQUIRED` without a hash, `ROMS_HASH_NOT_FOUND` without a match.
 */
export const findRomDetailsByHash = operation(
  { type: "query", scope: "roms.read", input: FindRomByHashesInput, output: DetailedRomSchema },
  async (ctx, hashes) => {
    if (Object.values(hashes).every((hash) => hash === undefined || hash === "")) {
      throw new AppError("invalid", "ROMS_HASH_REQUIRED", {
        message: "At least one metadata hash value must be provided",
      });
    }
    const romId = await findRomIdByHash(ctx.db, hashes, await getHidden(ctx));
    if (romId === null) {
      throw new AppError("not_found", "ROMS_HASH_NOT_FOUND", {
        message: "No ROM or file found with given hash values",
      });
    }
    return await readDetailed(ctx, romId);
  },
);

/**
 * The first rom that a provider knows by one of the given ids.
 * @throws AppError `ROMS_PROVIDER_REQUIRED` without an id, `ROMS_PROVIDER_NOT_FOUND` without a match.
 */
export const findRomDetailsByProviders = operation(
  { type: "query", scope: "roms.read", input: FindRomByProvidersInput, output: DetailedRomSchema },
  async (ctx, ids) => {
    if (Object.values(ids).every((id) => id === undefined || id === "")) {
      throw new AppError("invalid", "ROMS_PROVIDER_REQUIRED", {
        message: "At least one metadata ID must be provided",
      });
    }
    const romId = await findRomIdByProviders(ctx.db, ids, await getHidden(ctx));
    if (romId === null) {
      throw new AppError("not_found", "ROMS_PROVIDER_NOT_FOUND", {
        message: "No ROM found with given metadata IDs",
      });
    }
    return await readDetailed(ctx, romId);
  },
);

/** Ids of all roms, in name order. */
export const listRomIdentifiers = operation(
  { type: "query", scope: "roms.read", input: NoInput, output: list(Id) },
  async (ctx) => await listRomIds(ctx.db, { hidden: await getHidden(ctx) }),
);

const NO_FILTER_VALUES: FilterValues = {
  genres: [],
  franchises: [],
  collections: [],
  companies: [],
  gameModes: [],
  ageRatings: [],
  playerCounts: [],
  regions: [],
  languages: [],
  tags: [],
  platforms: [],
};

const NO_INDEX: ListIndex = { ids: [], idsJson: "[]", firsts: {} };

/** One page of the compatible list; the side indexes are made only when asked for. */
export const listRomsByOffset = operation(
  { type: "query", scope: "roms.read", input: ListRomsByOffsetInput, output: RomOffsetPageSchema },
  async (ctx, input): Promise<RomOffsetPage> => {
    const {
      orderBy,
      direction,
      limit,
      offset,
      withTotal,
      withCharIndex,
      withFilterValues,
      withIdIndex,
      withFiles,
      ...asked
    } = input;
    const filter = await toVisibleFilter(ctx, asked);
    const { hidden } = filter;
    const page: OffsetPage = { filter, orderBy, direction, limit, offset };
    const isIndexed = withIdIndex || withCharIndex;
    const [index, filterValues] = await Promise.all([
      isIndexed ? getListIndex(ctx, page, { withIds: withIdIndex, withFirsts: withCharIndex }) : NO_INDEX,
      withFilterValues ? getValuesOf(ctx, filter) : NO_FILTER_VALUES,
    ]);
    // With the whole order at hand the page is a slice of it and the total its length.
    const ids = withIdIndex
      ? index.ids.slice(offset, offset + limit)
      : await listRomIdsByOffset(ctx.db, page);
    const ofList = withIdIndex ? index.ids.length : null;
    const [items, total] = await Promise.all([
      listRomDetails(ctx.db, ids, { userId: callerId(ctx), withFiles, hidden }),
      withTotal ? (ofList ?? getTotal(ctx, toListedFilter(page))) : ofList,
    ]);
    return {
      items,
      total,
      limit,
      offset,
      charIndex: index.firsts,
      idIndexJson: index.idsJson,
      filterValues,
    };
  },
);
