/** A library whose feeds can be written down by hand: every id, name, size and moment is fixed. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestAppOptions } from "../app/testing.ts";
import { openLibrary, type TestLibrary } from "../roms/library.testing.ts";

/** When every row of the library last changed. */
export const UPDATED_AT = "2026-01-02T03:04:05.678Z";

/** A rom of a scene; what is not said is empty. */
export interface SceneRom {
  readonly id: number;
  readonly platform: string;
  readonly fsName: string;
  readonly noTags: string;
  readonly name?: string;
  readonly sortKey?: string;
  readonly sizeBytes?: number;
  readonly summary?: string;
  readonly regions?: readonly string[];
  readonly revision?: string;
  readonly cover?: boolean;
  readonly firstReleaseDate?: number;
}

/** A file of a scene's rom. */
export interface SceneFile {
  readonly id: number;
  readonly romId: number;
  readonly name: string;
  /** Library-relative folder. */
  readonly folder: string;
  readonly sizeBytes?: number;
  readonly sha1?: string;
  readonly category?: string;
  readonly isMissing?: boolean;
  readonly isPacked?: boolean;
}

/** Opens a library with these rows. */
export async function openFeedLibrary(
  rows: { readonly roms: readonly SceneRom[]; readonly files: readonly SceneFile[] },
  options: TestAppOptions = {},
): Promise<TestLibrary> {
  const library = await openLibrary(options);
  for (const rom of rows.roms) await addRom(library, rom);
  for (const file of rows.files) await addFile(library, file);
  return library;
}

async function addRom(library: TestLibrary, rom: SceneRom): Promise<void> {
  const platformId = await library.addPlatform(rom.platform);
  const { sql } = library.app.database.handle;
  const cover = (size: string) => (rom.cover ? `roms/${platformId}/${rom.id}/cover/${size}.png` : "");
  const values = {
    id: rom.id,
    platform_id: platformId,
    fs_name: rom.fsName,
    fs_name_no_tags: rom.noTags,
    fs_name_no_ext: rom.noTags,
    fs_extension: "",
    fs_path: `roms/${rom.platform}`,
    fs_size_bytes: rom.sizeBytes ?? 0,
    name: rom.name ?? null,
    name_sort_key: rom.sortKey ?? rom.noTags.toLowerCase(),
    summary: rom.summary ?? null,
    regions: [...(rom.regions ?? [])],
    revision: rom.revision ?? "",
    path_cover_s: cover("small"),
    path_cover_l: cover("big"),
    first_release_date: rom.firstReleaseDate ?? null,
    updated_at: UPDATED_AT,
  };
  await sql`insert into roms ${sql(values)}`;
}

async function addFile(library: TestLibrary, file: SceneFile): Promise<void> {
  const { sql } = library.app.database.handle;
  const values = {
    id: file.id,
    rom_id: file.romId,
    file_name: file.name,
    file_path: file.folder,
    file_size_bytes: file.sizeBytes ?? 0,
    sha1_hash: file.sha1 ?? "",
    category: file.category ?? null,
    missing_from_fs: file.isMissing ?? false,
    is_packed: file.isPacked ?? false,
    updated_at: UPDATED_AT,
  };
  await sql`insert into rom_files ${sql(values)}`;
}

/** Writes a file of the library to the disk. */
export async function putFile(library: TestLibrary, path: string, bytes: string | Uint8Array): Promise<void> {
  const at = join(library.app.basePath, "library", path);
  await mkdir(join(at, ".."), { recursive: true });
  await writeFile(at, bytes);
}
