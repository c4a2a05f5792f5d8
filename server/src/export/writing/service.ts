import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { readPlatformFolder, requireWritableLibrary } from "../../platforms/folders/service.ts";
import { findPegasusShortname } from "../../platforms/service.ts";
import type { ExportFormat, ExportPlatform, ExportRom, Naming, WrittenList } from "../contract.ts";
import * as gamelist from "../gamelist/rules.ts";
import { EXPORT_PAGE_ROMS } from "../limits.ts";
import { collectMedia, nameByPath, nameByUrl, type PathPrefixes, placeMedia } from "../media/service.ts";
import * as pegasus from "../pegasus/rules.ts";
import { listExportRoms } from "../queries.ts";

/** One format, ready to write one platform. */
interface Writer extends PathPrefixes {
  readonly fileName: string;
  readonly head: string;
  readonly tail: string;
  format(rom: ExportRom, naming: Naming): string;
}

/** How a list is to be written. */
export interface Writing {
  readonly format: ExportFormat;
  readonly isLocal: boolean;
  /** Address of this server as the reader of the list shall use it. */
  readonly baseUrl: string;
}

/**
 * Writes the list of one platform into its folder, in place of an older one.
 * @returns Null when the platform has no folder.
 * @throws AppError `LIBRARY_READ_ONLY`, `STORAGE_FULL`.
 */
export async function writeList(
  ctx: Context,
  platform: ExportPlatform,
  writing: Writing,
): Promise<WrittenList | null> {
  const { romsPath } = await readPlatformFolder(ctx, platform.fsSlug);
  const folder = join(ctx.facts.libraryPath, romsPath);
  if ((await ctx.ports.files.find(folder))?.kind !== "folder") return null;
  await requireWritableLibrary(ctx, folder);
  const writer = await WRITERS[writing.format](ctx, platform, writing);
  await ctx.ports.files.writeAtomic(
    join(folder, writer.fileName),
    write(ctx, { platform, folder, writing, writer }),
  );
  return { platformId: platform.id, path: `${romsPath}/${writer.fileName}` };
}

interface Task {
  readonly platform: ExportPlatform;
  readonly folder: string;
  readonly writing: Writing;
  readonly writer: Writer;
}

/** The file's bytes, read from the database as they are written. */
async function* write(ctx: Context, { platform, folder, writing, writer }: Task): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(writer.head);
  let after: ExportRom | null = null;
  for (;;) {
    ctx.signal.throwIfAborted();
    const page = { platformId: platform.id, after, limit: EXPORT_PAGE_ROMS };
    const roms: readonly ExportRom[] = await listExportRoms(ctx.db, page);
    const naming = await nameRoms(ctx, roms, { folder, writing, writer });
    yield encoder.encode(roms.map((rom) => writer.format(rom, naming)).join(""));
    after = roms.at(-1) ?? null;
    if (after === null || roms.length < EXPORT_PAGE_ROMS) break;
  }
  yield encoder.encode(writer.tail);
}

async function nameRoms(
  ctx: Context,
  roms: readonly ExportRom[],
  { folder, writing, writer }: Omit<Task, "platform">,
): Promise<Naming> {
  if (!writing.isLocal) return nameByUrl(writing.baseUrl);
  const media = collectMedia((naming) => {
    for (const rom of roms) writer.format(rom, naming);
  });
  return nameByPath(await placeMedia(ctx, folder, media), writer);
}

type CreateWriter = (ctx: Context, platform: ExportPlatform, writing: Writing) => Promise<Writer>;

const WRITERS: Readonly<Record<ExportFormat, CreateWriter>> = {
  async gamelist(ctx) {
    const { scan } = await ctx.ports.settings.read();
    const { youtubeBaseUrl } = ctx.facts.flags;
    const writtenAt = formatLocalMoment(new Date(ctx.ports.clock.now()));
    return {
      fileName: gamelist.GAMELIST_FILE,
      head: gamelist.GAMELIST_HEAD,
      tail: gamelist.GAMELIST_TAIL,
      romPrefix: "./",
      assetPrefix: "./",
      format: (rom, naming) =>
        gamelist.formatGame(rom, { naming, media: scan.gamelist, youtubeBaseUrl, writtenAt }),
    };
  },
  pegasus: async (_ctx, platform, { isLocal }) => ({
    fileName: pegasus.PEGASUS_FILE,
    head: pegasus.formatCollection(platform, findPegasusShortname(platform.slug)),
    tail: "",
    romPrefix: "",
    assetPrefix: "",
    format: (rom, naming) => pegasus.formatGame(rom, { naming, hasMedia: isLocal }),
  }),
};

/** `YYYYMMDDTHHMMSS` where the server stands. */
function formatLocalMoment(at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}
