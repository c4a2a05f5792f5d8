import { baseUrlOf } from "../base/addresses.ts";
import type { Context, Ports } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { operation } from "../base/operation.ts";
import { ENRICHED_QUEUE, type EnrichedPlatforms } from "../metadata/service.ts";
import { getHidden } from "../permissions/hidden/service.ts";
import {
  type ExportFormat,
  ExportInput,
  type ExportPlatform,
  type WrittenList,
  WrittenListsSchema,
} from "./contract.ts";
import { listExportPlatforms } from "./queries.ts";
import { type Writing, writeList } from "./writing/service.ts";

/**
 * Writes `gamelist.xml` into the folders of platforms, for front ends of the EmulationStation family. A file of that
 * name that is there already is replaced; roms that are missing from disk are left out.
 * @throws AppError `EXPORT_PLATFORMS_REQUIRED`, `EXPORT_NOTHING_WRITTEN`, `LIBRARY_READ_ONLY`, `STORAGE_FULL`.
 */
export const exportGamelists = exportOperation("gamelist");

/**
 * Writes `metadata.pegasus.txt` into the folders of platforms, for the front end Pegasus; otherwise as
 * `exportGamelists`.
 * @throws AppError as `exportGamelists`.
 */
export const exportPegasus = exportOperation("pegasus");

function exportOperation(format: ExportFormat) {
  return operation(
    { type: "mutation", scope: "roms.read", input: ExportInput, output: WrittenListsSchema },
    async (ctx, { platformIds, isLocal }): Promise<readonly WrittenList[]> => {
      if (platformIds.length === 0) {
        const message = "No platform ids were provided";
        throw new AppError("invalid", "EXPORT_PLATFORMS_REQUIRED", { message });
      }
      const hidden = await getHidden(ctx);
      const found = await listExportPlatforms(ctx.db, platformIds);
      const visible = found.filter(({ id }) => !hidden.platforms.has(id));
      const baseUrl = baseUrlOf(ctx);
      const { written, failures } = await writeLists(ctx, visible, { format, isLocal, baseUrl });
      if (written.length > 0) return written;
      throw failures[0] ?? nothingWritten();
    },
  );
}

function nothingWritten(): AppError {
  return new AppError("not_found", "EXPORT_NOTHING_WRITTEN", { message: "No list could be written" });
}

interface Outcome {
  readonly written: readonly WrittenList[];
  readonly failures: readonly AppError[];
}

/** One platform that cannot be written does not keep the others from being written; a full disk and an absent database do. */
async function writeLists(
  ctx: Context,
  platforms: readonly ExportPlatform[],
  writing: Writing,
): Promise<Outcome> {
  const written: WrittenList[] = [];
  const failures: AppError[] = [];
  for (const platform of platforms) {
    try {
      const list = await writeList(ctx, platform, writing);
      if (list !== null) written.push(list);
    } catch (error) {
      if (!isAppError(error) || error.kind === "storage_full" || error.kind === "unavailable") throw error;
      failures.push(error);
      ctx.ports.log.warn("a list cannot be written", { platform: platform.fsSlug, ...writing, error });
    }
  }
  return { written, failures };
}

/**
 * Writes the lists that the operator wants after every scan, once the metadata of what was scanned is complete: a
 * list that an operator brought along is read before ours takes its place.
 */
export async function startExportWorker(
  ports: Ports,
  { createContext }: { readonly createContext: () => Context },
): Promise<void> {
  await ports.queue.work<EnrichedPlatforms>(ENRICHED_QUEUE, { concurrency: 1 }, async ({ data, signal }) => {
    await exportAfterScan({ ...createContext(), signal }, data);
  });
}

async function exportAfterScan(ctx: Context, { platformIds }: EnrichedPlatforms): Promise<void> {
  const { scan } = await ctx.ports.settings.read();
  const formats: readonly ExportFormat[] = [
    ...(scan.gamelist.isExported ? (["gamelist"] as const) : []),
    ...(scan.pegasus.isExported ? (["pegasus"] as const) : []),
  ];
  if (formats.length === 0) return;
  const platforms = await listExportPlatforms(ctx.db, platformIds);
  for (const format of formats) await writeLists(ctx, platforms, { format, isLocal: true, baseUrl: "" });
}
