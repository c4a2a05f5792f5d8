import type { Context, Ports } from "../base/context.ts";
import { isAppError } from "../base/errors.ts";
import type { AnyProvider, EnrichWish, StoreAnswers } from "./contract.ts";
import { ENRICH_BATCH_ROMS } from "./limits.ts";
import { PROVIDERS } from "./providers/index.ts";
import { listAskedRoms, listWishedRomIds } from "./queries.ts";

/** Queue of what scans leave for the providers. */
export const METADATA_QUEUE = "metadata";

/** Queue of what is complete as far as providers can tell: whoever goes on with it works on this queue. */
export const ENRICHED_QUEUE = "enriched";

/** Platforms whose roms were scanned, and asked about where there was anybody to ask. */
export interface EnrichedPlatforms {
  readonly platformIds: readonly number[];
}

/** Providers that the operator enabled and a wish chose. */
function chooseProviders(
  ctx: Context,
  { sources }: Pick<EnrichWish, "sources">,
  providers: readonly AnyProvider[],
): readonly AnyProvider[] {
  const isChosen = (name: string) => sources.length === 0 || sources.includes(name);
  return providers.filter((provider) => isChosen(provider.name) && provider.isEnabled(ctx));
}

/**
 * Leaves roms to the providers, which are asked later and never hold up a scan; nothing where there is none to ask.
 * Inside a transaction they are asked when and only when it commits.
 */
export async function queueEnrichment(
  ctx: Context,
  wish: EnrichWish,
  providers: readonly AnyProvider[] = PROVIDERS,
): Promise<boolean> {
  const { platformIds } = wish;
  if (platformIds.length === 0) return false;
  const within = ctx.db === ctx.ports.database ? undefined : ctx.db;
  if (chooseProviders(ctx, wish, providers).length === 0) {
    await ctx.ports.queue.enqueue<EnrichedPlatforms>(ENRICHED_QUEUE, { platformIds }, { within });
    return false;
  }
  await ctx.ports.queue.enqueue<EnrichWish>(METADATA_QUEUE, wish, { within });
  return true;
}

/** Asks the providers about everything that scans have left, one wish at a time. */
export async function startMetadataWorker(
  ports: Ports,
  {
    createContext,
    storeAnswers,
    providers = PROVIDERS,
  }: {
    readonly createContext: () => Context;
    /** Stores what answering providers say; roms stand above this domain, so the application hands it in. */
    readonly storeAnswers: StoreAnswers;
    readonly providers?: readonly AnyProvider[] | undefined;
  },
): Promise<void> {
  await ports.queue.work<EnrichWish>(METADATA_QUEUE, { concurrency: 1 }, async ({ data, signal }) => {
    await enrich(createContext(), data, { providers, storeAnswers, signal });
    const { platformIds } = data;
    await ports.queue.enqueue<EnrichedPlatforms>(ENRICHED_QUEUE, { platformIds });
  });
}

interface Enriching {
  readonly providers: readonly AnyProvider[];
  readonly storeAnswers: StoreAnswers;
  readonly signal: AbortSignal;
}

/** One provider that cannot be asked does not keep the others from being asked. */
async function enrich(
  ctx: Context,
  wish: EnrichWish,
  { providers, storeAnswers, signal }: Enriching,
): Promise<void> {
  for (const provider of chooseProviders(ctx, wish, providers)) {
    try {
      await askProvider(ctx, wish, { provider, storeAnswers, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isAppError(error)) throw error;
      ctx.ports.log.warn("a metadata provider cannot be asked", { provider: provider.name, error });
    }
  }
}

interface Asking {
  readonly provider: AnyProvider;
  readonly storeAnswers: StoreAnswers;
  readonly signal: AbortSignal;
}

async function askProvider(ctx: Context, wish: EnrichWish, asking: Asking): Promise<void> {
  const { provider, storeAnswers, signal } = asking;
  const { idColumn, name } = provider;
  const idColumns = idColumn === null ? [] : [idColumn];
  let afterRomId = 0;
  for (;;) {
    signal.throwIfAborted();
    const page = { wish, idColumns, afterRomId, limit: ENRICH_BATCH_ROMS };
    const romIds = await listWishedRomIds(ctx.db, page);
    const last = romIds.at(-1);
    if (last === undefined) return;
    if ("ask" in provider) {
      const answers = await provider.ask(ctx, await listAskedRoms(ctx.db, romIds, idColumn), signal);
      if (answers.length > 0) await storeAnswers(ctx, { provider: name, idColumn, mode: wish.mode, answers });
    } else {
      await provider.enrich(ctx, romIds, signal);
    }
    afterRomId = last;
  }
}
