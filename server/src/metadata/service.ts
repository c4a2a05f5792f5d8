import type { Context, Ports } from "../base/context.ts";
import { isAppError } from "../base/errors.ts";
import type { EnrichWish, MetadataProvider } from "./contract.ts";
import { ENRICH_BATCH_ROMS } from "./limits.ts";
import { PROVIDERS } from "./providers/index.ts";
import { listWishedRomIds } from "./queries.ts";

/** Queue of what scans leave for the providers. */
export const METADATA_QUEUE = "metadata";

/** Providers that the operator enabled and a wish chose. */
function chooseProviders(
  ctx: Context,
  { sources }: Pick<EnrichWish, "sources">,
  providers: readonly MetadataProvider[],
): readonly MetadataProvider[] {
  const isChosen = (name: string) => sources.length === 0 || sources.includes(name);
  return providers.filter((provider) => isChosen(provider.name) && provider.isEnabled(ctx));
}

/** Leaves roms to the providers, which are asked later and never hold up a scan; nothing where there is none to ask. */
export async function queueEnrichment(
  ctx: Context,
  wish: EnrichWish,
  providers: readonly MetadataProvider[] = PROVIDERS,
): Promise<boolean> {
  if (wish.platformIds.length === 0 || chooseProviders(ctx, wish, providers).length === 0) return false;
  await ctx.ports.queue.enqueue<EnrichWish>(METADATA_QUEUE, wish);
  return true;
}

/** Asks the providers about everything that scans have left, one wish at a time. */
export async function startMetadataWorker(
  ports: Ports,
  {
    createContext,
    providers = PROVIDERS,
  }: {
    readonly createContext: () => Context;
    readonly providers?: readonly MetadataProvider[] | undefined;
  },
): Promise<void> {
  await ports.queue.work<EnrichWish>(METADATA_QUEUE, { concurrency: 1 }, async ({ data, signal }) => {
    await enrich(createContext(), data, { providers, signal });
  });
}

interface Enriching {
  readonly providers: readonly MetadataProvider[];
  readonly signal: AbortSignal;
}

/** One provider that cannot be asked does not keep the others from being asked. */
async function enrich(ctx: Context, wish: EnrichWish, { providers, signal }: Enriching): Promise<void> {
  for (const provider of chooseProviders(ctx, wish, providers)) {
    try {
      await askProvider(ctx, wish, { provider, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isAppError(error)) throw error;
      ctx.ports.log.warn("a metadata provider cannot be asked", { provider: provider.name, error });
    }
  }
}

async function askProvider(
  ctx: Context,
  wish: EnrichWish,
  { provider, signal }: { readonly provider: MetadataProvider; readonly signal: AbortSignal },
): Promise<void> {
  const idColumns = provider.idColumn === null ? [] : [provider.idColumn];
  let afterRomId = 0;
  for (;;) {
    signal.throwIfAborted();
    const page = { wish, idColumns, afterRomId, limit: ENRICH_BATCH_ROMS };
    const romIds = await listWishedRomIds(ctx.db, page);
    const last = romIds.at(-1);
    if (last === undefined) return;
    await provider.enrich(ctx, romIds, signal);
    afterRomId = last;
  }
}
