import { createHash } from "node:crypto";
import type { DatabaseHandle } from "@multitap/db";
import type { PostBody } from "./measure-posts.ts";

/** The slot that all made saves are in. */
const SLOT = "autosave";
/** When made saves were stored. */
const STORED_AT = "2026-01-01T00:00:00Z";
/** When devices changed theirs, where they are not equal. */
const CHANGED_AT = "2026-06-01T00:00:00Z";

const hashOf = (algorithm: "md5" | "sha1", romId: number) =>
  createHash(algorithm).update(`save of ${romId}`).digest("hex");

/** Adds one save in a slot for each of some roms, of the first account; no file lies behind it. */
export async function addSaves({ sql }: DatabaseHandle, romIds: readonly number[]): Promise<void> {
  const rows = romIds.map((romId) => ({
    romId,
    md5: hashOf("md5", romId),
    sha1: hashOf("sha1", romId),
  }));
  await sql`insert into saves (rom_id, user_id, file_name, file_name_no_tags, file_name_no_ext, file_extension, file_path,
      file_size_bytes, stored_path, md5_hash, sha1_hash, content_hash, emulator, slot, canonical_name, content_updated_at)
    select x."romId", (select min(id) from users), 'Game ' || x."romId" || ' [2026-01-01_00-00-00].srm', 'Game ' || x."romId",
      'Game ' || x."romId" || ' [2026-01-01_00-00-00]', 'srm', 'users/1/saves/box/' || x."romId", 8192,
      'users/1/saves/box/' || x."romId" || '/a', x.md5, x.sha1, x.md5, 'mgba', ${SLOT}, 'Game ' || x."romId" || '.srm', ${STORED_AT}
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as x("romId" int, md5 text, sha1 text)`;
  await sql`vacuum (analyze) saves`;
}

/** Adds versions of one save, all of one rom. */
export async function addVersions(
  { sql }: DatabaseHandle,
  { romId, count }: { readonly romId: number; readonly count: number },
): Promise<void> {
  await sql`insert into saves (rom_id, user_id, file_name, file_name_no_tags, file_name_no_ext, file_extension, file_path,
      file_size_bytes, stored_path, md5_hash, sha1_hash, content_hash, slot, canonical_name, content_updated_at)
    select ${romId}, (select min(id) from users), 'Game [2026-01-01_00-00-' || i || '].srm', 'Game', 'Game [' || i || ']', 'srm',
      'users/1/saves/box/' || ${romId}::text, 8192, 'users/1/saves/box/' || i, md5(i::text), md5('s' || i), md5(i::text), ${SLOT},
      'Game.srm', ${STORED_AT}::timestamptz + i * interval '1 minute'
    from generate_series(1, ${count}) i`;
  await sql`vacuum (analyze) saves`;
}

/** Adds devices of the first account; gives their ids. */
export async function addDevices({ sql }: DatabaseHandle, count: number): Promise<readonly string[]> {
  const rows = await sql<{ id: string }[]>`insert into devices (id, user_id, name)
    select 'device-' || i, (select min(id) from users), 'Device ' || i from generate_series(1, ${count}) i returning id`;
  return rows.map(({ id }) => id);
}

/** What a device has of a rom: every second file is what the server has, the others are newer. */
function describeFile(romId: number, index: number) {
  const isEqual = index % 2 === 0;
  return {
    name: `Game ${romId}.srm`,
    md5: isEqual ? hashOf("md5", romId) : hashOf("md5", -romId),
    sha1: isEqual ? hashOf("sha1", romId) : hashOf("sha1", -romId),
    at: isEqual ? STORED_AT : CHANGED_AT,
  };
}

const JSON_TYPE = "application/json";

/** A device names one save of each rom in the compatible protocol. */
export function toNegotiation(deviceId: string, romIds: readonly number[]): PostBody {
  const saves = romIds.map((romId, index) => {
    const { name, md5, at } = describeFile(romId, index);
    return {
      rom_id: romId,
      file_name: name,
      slot: SLOT,
      emulator: "mgba",
      content_hash: md5,
      updated_at: at,
      file_size_bytes: 8192,
    };
  });
  const body = JSON.stringify({ device_id: deviceId, saves });
  return { path: "/api/sync/negotiate", contentType: JSON_TYPE, parts: [body] };
}

/** The same in the protocol that lists roms with their files. */
export function toDocumented(deviceId: string, romIds: readonly number[]): PostBody {
  const roms = romIds.map((romId, index) => {
    const { name, sha1, at } = describeFile(romId, index);
    return { rom_id: romId, saves: [{ file: name, mtime: at, sha1 }] };
  });
  const body = JSON.stringify({ device_id: deviceId, roms });
  return { path: "/api/sync/negotiate", contentType: JSON_TYPE, parts: [body] };
}

/** The same in the sync's own protocol. */
export function toPlan(deviceId: string, romIds: readonly number[]): PostBody {
  const entries = romIds.map((romId, index) => {
    const { name, sha1, at } = describeFile(romId, index);
    const rest = { slot: SLOT, name, hash: sha1, sizeBytes: 8192, modifiedAt: at };
    return { key: name, rom: romId, kind: "save", ...rest };
  });
  const body = JSON.stringify({ deviceId, entries });
  return { path: "/trpc/sync.plan", contentType: JSON_TYPE, parts: [body] };
}

/** Bytes of an uploaded save. */
export const SAVE_BYTES = 8 * 1024;

/** Text that is as long as a save when a number of eight digits stands in it. */
const FILLING = "0123456789abcdef".repeat(SAVE_BYTES / 16).slice(8);
const BOUNDARY = "----multitap-bench";

/** A save of new name outside of slots, as browsers send it. */
export function toUpload(romId: number): PostBody {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="saveFile"; filename="Save `;
  const middle = `.srm"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    path: `/api/saves?rom_id=${romId}&emulator=mgba`,
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    parts: [head, middle, `${FILLING}\r\n--${BOUNDARY}--\r\n`],
  };
}

/** A new version of one save in a slot, from a device. */
export function toSlotUpload(romId: number, deviceId: string): PostBody {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="saveFile"; filename="Game.srm"`;
  return {
    path: `/api/saves?rom_id=${romId}&slot=bench&device_id=${deviceId}`,
    contentType: `multipart/form-data; boundary=${BOUNDARY}`,
    parts: [`${head}\r\nContent-Type: application/octet-stream\r\n\r\n`, `${FILLING}\r\n--${BOUNDARY}--\r\n`],
  };
}

/** The same as the sync's own door takes it. */
export function toVersion(romId: number, deviceId: string): PostBody {
  return {
    path: `/api/sync/versions?rom_id=${romId}&slot=own&name=Game.srm&device_id=${deviceId}`,
    contentType: "application/octet-stream",
    parts: ["", FILLING],
  };
}
