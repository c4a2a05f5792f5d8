import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { Id, list, NoInput } from "../../base/schemas.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import { readFilterValues } from "../filters/queries.ts";
import { indexFirstCharacters } from "../filters/rules.ts";
import { countRoms, findRomIdByHash, listRomIds } from "../queries.ts";
import { romNotFound } from "../rules.ts";
import {
  type FilterValues,
  FindRomByHashesInput,
  ListRomsByOffsetInput,
  type RomDetails,
  RomDetailsSchema,
  RomIdInput,
  type RomOffsetPage,
  RomOffsetPageSchema,
} from "./contract.ts";
import {
  listFirstCharacters,
  listRomDetails,
  listRomIdsByOffset,
  listRomOrder,
  type OffsetPage,
} from "./queries.ts";

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
    output: RomDetailsSchema,
  },
  async (ctx, { romId }) => await readDetails(ctx, romId),
);

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
  { type: "query", scope: "roms.read", input: FindRomByHashesInput, output: RomDetailsSchema },
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
    return await readDetails(ctx, romId);
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
    const hidden = await getHidden(ctx);
    const filter = { ...asked, hidden, viewerId: callerId(ctx) };
    const page: OffsetPage = { filter, orderBy, direction, limit, offset };
    const [order, firsts, filterValues] = await Promise.all([
      withIdIndex ? listRomOrder(ctx.db, page) : null,
      withCharIndex ? listFirstCharacters(ctx.db, page) : [],
      withFilterValues ? readFilterValues(ctx.db, filter) : NO_FILTER_VALUES,
    ]);
    // With the whole order at hand the page is a slice of it and the total its length.
    const ids = order?.slice(offset, offset + limit) ?? (await listRomIdsByOffset(ctx.db, page));
    const [items, total] = await Promise.all([
      listRomDetails(ctx.db, ids, { userId: callerId(ctx), withFiles, hidden }),
      order?.length ?? (withTotal ? countRoms(ctx.db, filter) : null),
    ]);
    return {
      items,
      total: withTotal || withIdIndex ? total : null,
      limit,
      offset,
      charIndex: indexFirstCharacters(firsts),
      idIndex: order ?? [],
      filterValues,
    };
  },
);
