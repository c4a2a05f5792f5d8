import * as v from "valibot";
import type { ScanStats } from "../base/events.ts";
import { parseInput } from "../base/operation.ts";
import { Id } from "../base/schemas.ts";
import type { Platform } from "../platforms/contract.ts";
import type { RomDetails } from "../roms/details/contract.ts";
import { toSimpleRomWire } from "../roms/details/wire.ts";
import { StartScanInput } from "./contract.ts";

/** Told to a caller without the right to scan; clients show and compare this text. */
export const NOT_AUTHORIZED = "You are not authorized to run scans";
/** Told to a caller while a scan is queued or running; clients show and compare this text. */
export const ALREADY_RUNNING = "A scan is already in progress";

/** Names of scan types in the compatible API. */
const WIRE_TYPES = ["new_platforms", "quick", "update", "unmatched", "complete", "hashes"] as const;

/** Clients send ids as numbers, or as the text of one. */
const WireId = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,10}$/), v.transform(Number))]),
  Id,
);
const Ids = v.nullish(v.array(WireId), []);
const Texts = v.nullish(v.array(v.string()), []);
const Switch = v.nullish(v.boolean(), true);

const isPlain = (payload: unknown) =>
  typeof payload === "object" && !Array.isArray(payload) && !ArrayBuffer.isView(payload);

const ScanFields = v.object({
  type: v.nullish(v.pipe(v.string(), v.toLowerCase(), v.picklist(WIRE_TYPES)), "quick"),
  platforms: Ids,
  platform_fs_slugs: Texts,
  roms_ids: Ids,
  apis: Texts,
  launchbox_remote_enabled: Switch,
  playmatch_enabled: Switch,
});

// Lists and bytes are objects too, and would read as a request that asks for nothing special.
const ScanRequest = v.pipe(v.unknown(), v.check(isPlain, "Expected an object"), ScanFields);

/** What the operation knows of by now; a request may say more. */
const INPUT_FIELDS: ReadonlySet<string> = new Set(Object.keys(StartScanInput.entries));

/**
 * Reads the payload of `scan` as the input of the operation, which checks it once more.
 * @param payload Undefined and null ask for a quick scan of everything.
 * @throws AppError `INPUT_INVALID` with every issue.
 */
export function readScanRequest(payload: unknown): Readonly<Record<string, unknown>> {
  const request = parseInput(ScanRequest, payload ?? {});
  const { type, roms_ids: romIds } = request;
  const sources = request.apis.filter((source) => source !== "playmatch" || request.playmatch_enabled);
  return {
    type,
    // Named roms alone count. An operation that cannot scan single roms refuses them: scanning all is no answer.
    ...(romIds.length > 0
      ? { romIds }
      : { platformIds: request.platforms, platformFsSlugs: request.platform_fs_slugs }),
    ...(INPUT_FIELDS.has("sources") ? { sources } : {}),
  };
}

/** The counters of `scan:update_stats` and `scan:done`. */
export function toScanStatsWire(stats: ScanStats) {
  return {
    total_platforms: stats.platformsTotal,
    total_roms: stats.romsTotal,
    scanned_platforms: stats.platformsDone,
    new_platforms: stats.platformsNew,
    identified_platforms: stats.platformsIdentified,
    scanned_roms: stats.romsDone,
    new_roms: stats.romsNew,
    identified_roms: stats.romsIdentified,
    scanned_firmware: stats.firmwareDone,
    new_firmware: stats.firmwareNew,
  };
}

export type ScanStatsWire = ReturnType<typeof toScanStatsWire>;

/**
 * The payload of `scan:scanning_platform`.
 * @param newFirmwareCount Firmware files that this scan found new.
 */
export function toScannedPlatformWire(platform: Platform, newFirmwareCount: number) {
  return {
    id: platform.id,
    slug: platform.slug,
    fs_slug: platform.fsSlug,
    name: platform.name,
    is_identified: platform.isIdentified,
    display_name: platform.displayName,
    new_firmware_count: newFirmwareCount,
  };
}

/** The payload of `scan:scanning_rom`: the simple rom schema without what is nobody's or costs much to read. */
export function toScannedRomWire(rom: RomDetails) {
  const { created_at, updated_at, rom_user, files, sibling_roms, ...shown } = toSimpleRomWire(rom);
  return shown;
}

/** One line of a scan's log. */
export interface ScanLogLine {
  readonly level: "INFO" | "WARNING" | "ERROR";
  readonly message: string;
  readonly romId?: number | undefined;
  readonly platformId?: number | undefined;
}

/** The payload of `scan:log`; `ts` in epoch milliseconds. */
export function toScanLogWire({ level, message, romId, platformId }: ScanLogLine, atMs: number) {
  return {
    ts: atMs,
    level,
    message,
    ...(romId === undefined ? {} : { rom_id: romId }),
    ...(platformId === undefined ? {} : { platform_id: platformId }),
  };
}
