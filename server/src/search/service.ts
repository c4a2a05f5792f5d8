import { AppError } from "../base/errors.ts";
import { operation } from "../base/operation.ts";
import { isRomVisible } from "../roms/access/service.ts";
import {
  type CoverCandidate,
  CoverCandidatesSchema,
  type RomCandidate,
  RomCandidatesSchema,
  SearchCoversInput,
  SearchRomsInput,
} from "./contract.ts";

function noProvider(what: string): AppError<"invalid"> {
  return new AppError("invalid", "SEARCH_NO_PROVIDER", {
    message: `No metadata provider that can search ${what} is enabled`,
  });
}

/**
 * What metadata providers know that could be a rom; nothing for a rom that the caller does not see.
 * @throws AppError `SEARCH_NO_PROVIDER`: none of the providers that can be searched is there yet.
 */
export const searchRoms = operation(
  { type: "query", scope: "roms.read", input: SearchRomsInput, output: RomCandidatesSchema },
  async (ctx, { romId }): Promise<readonly RomCandidate[]> => {
    if (!(await isRomVisible(ctx, romId))) return [];
    throw noProvider("roms");
  },
);

/**
 * Covers that providers have under a name.
 * @throws AppError `SEARCH_NO_PROVIDER`, as above.
 */
export const searchCovers = operation(
  { type: "query", scope: "roms.read", input: SearchCoversInput, output: CoverCandidatesSchema },
  async (): Promise<readonly CoverCandidate[]> => {
    throw noProvider("covers");
  },
);
