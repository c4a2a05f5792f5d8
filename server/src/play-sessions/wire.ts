import type { IngestedPlaySessions, PlaySession } from "./contract.ts";

/** A span of play in the compatible shape. */
export function toPlaySessionWire(session: PlaySession) {
  return {
    id: session.id,
    user_id: session.userId,
    device_id: session.deviceId,
    rom_id: session.romId,
    sync_session_id: session.syncSessionId,
    save_slot: session.saveSlot,
    start_time: toWireMoment(session.startedAt),
    end_time: toWireMoment(session.endedAt),
    duration_ms: session.durationMs,
    created_at: toWireMoment(session.createdAt),
    updated_at: toWireMoment(session.updatedAt),
  };
}

/** These moments end in `Z`, and show parts of seconds only where there are some. */
function toWireMoment(instant: string): string {
  return instant.replace(/\.000Z$/, "Z");
}

/** What became of told spans, in the compatible shape. */
export function toIngestedWire({ results, createdCount, skippedCount }: IngestedPlaySessions) {
  return { results, created_count: createdCount, skipped_count: skippedCount };
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Largest number that may be the id of a row. */
const ID_MAX = 2_147_483_647;

/** A number that no rom can have is that of an unknown rom, which counts as none. */
function fromRomId(value: unknown): unknown {
  const isNoRom = typeof value === "number" && Number.isInteger(value) && (value < 1 || value > ID_MAX);
  return isNoRom ? null : value;
}

const BARE_MOMENT = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|z|[+-]\d\d(?::?\d\d)?)?$/;

/** A moment without a zone means UTC. */
function fromMoment(value: unknown): unknown {
  const [, day, time, zone = "Z"] = (typeof value === "string" ? BARE_MOMENT.exec(value) : null) ?? [];
  if (day === undefined || time === undefined) return value;
  const seconds = time.length === "00:00".length ? ":00" : "";
  // More than thousandths of a second are not kept.
  return `${day}T${time.replace(/(\.\d{3})\d+$/, "$1")}${seconds}${zone === "z" ? "Z" : zone}`;
}

function fromSeconds(value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1000) : value;
}

/**
 * Takes a span out of JSON, under its compatible names `rom_id`, `save_slot`, `start_time`, `end_time`,
 * `duration_ms`, or the documented `start`, `end`, `duration_seconds`. Apps may send more, which is ignored.
 * @returns Null for what is no object.
 */
export function fromPlaySessionEntryWire(entry: unknown): unknown {
  if (!isFields(entry)) return null;
  return {
    romId: fromRomId(entry.rom_id),
    saveSlot: entry.save_slot === "" ? null : entry.save_slot,
    startedAt: fromMoment(entry.start_time ?? entry.start),
    endedAt: fromMoment(entry.end_time ?? entry.end),
    durationMs: entry.duration_ms ?? fromSeconds(entry.duration_seconds) ?? undefined,
  };
}

/** Takes told spans out of a JSON body; null for what is no object. */
export function fromIngestWire(body: unknown): unknown {
  if (!isFields(body)) return null;
  const { device_id: deviceId, sessions } = body;
  return { deviceId, sessions: Array.isArray(sessions) ? sessions.map(fromPlaySessionEntryWire) : sessions };
}
