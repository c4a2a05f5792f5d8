import type { Context } from "../../base/context.ts";
import { operation } from "../../base/operation.ts";
import { FoundRomSchema } from "../contract.ts";
import { listRomDetailsOf } from "../details/service.ts";
import { toVisibleFilter } from "../filters/service.ts";
import { findRomById } from "../queries.ts";
import { RandomRomDetailsSchema, RandomRomInput } from "./contract.ts";
import { findRandomRomId } from "./queries.ts";

/** A rom by chance, each with the same; null when there is none that meets the conditions. */
export const findRandomRom = operation(
  { type: "query", scope: "roms.read", input: RandomRomInput, output: FoundRomSchema },
  async (ctx, input) => {
    const romId = await pick(ctx, input);
    return romId === null ? null : await findRomById(ctx.db, romId);
  },
);

/** The same with everything that lists of the compatible API show of it. */
export const findRandomRomDetails = operation(
  { type: "query", scope: "roms.read", input: RandomRomInput, output: RandomRomDetailsSchema },
  async (ctx, input) => {
    const romId = await pick(ctx, input);
    const [rom] = romId === null ? [] : await listRomDetailsOf(ctx, [romId]);
    return rom ?? null;
  },
);

async function pick(ctx: Context, input: RandomRomInput): Promise<number | null> {
  return await findRandomRomId(ctx.db, await toVisibleFilter(ctx, input));
}
