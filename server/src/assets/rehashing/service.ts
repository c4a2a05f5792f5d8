import type { Context } from "../../base/context.ts";
import { belowAssets } from "../rules.ts";
import type { VersionKind } from "../versions/contract.ts";
import { listVersionBytes, storeDigests } from "./queries.ts";

/** Versions that one statement reads. */
const PAGE_ROWS = 200;

/** How many bytes of users were read again. */
export interface RehashedCount {
  readonly processed: number;
  /** Files that could not be read. */
  readonly errors: number;
}

/**
 * Reads saves and states again for what identifies them; when their bytes were stored does not change.
 * @param options.isUnhashedOnly Only those that have no content hash.
 */
export async function* rehashVersions(
  ctx: Context,
  { isUnhashedOnly }: { readonly isUnhashedOnly: boolean },
): AsyncGenerator<RehashedCount> {
  let count: RehashedCount = { processed: 0, errors: 0 };
  for (const kind of ["saves", "states"] as const satisfies readonly VersionKind[]) {
    let afterId = 0;
    while (true) {
      ctx.signal.throwIfAborted();
      const page = await listVersionBytes(ctx.db, kind, { afterId, limit: PAGE_ROWS, isUnhashedOnly });
      for (const version of page) {
        ctx.signal.throwIfAborted();
        const path = belowAssets(ctx.facts.assetsPath, version.storedPath);
        const isThere = (await ctx.ports.files.find(path))?.kind === "file";
        if (isThere) {
          const digests = await ctx.ports.compute.run("hash-asset", { path }, { signal: ctx.signal });
          if (digests.contentHash !== version.contentHash || !isUnhashedOnly) {
            await storeDigests(ctx.db, kind, { ...version, digests });
          }
        }
        count = { processed: count.processed + 1, errors: count.errors + (isThere ? 0 : 1) };
      }
      const last = page.at(-1);
      yield count;
      if (last === undefined) break;
      afterId = last.id;
    }
  }
}
