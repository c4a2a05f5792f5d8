import type { RequestReader } from "../http/reader.ts";
import { del, get, post, type RestRoute } from "../http/route.ts";
import { PLAY_SESSIONS_OFFSET_MAX, PLAY_SESSIONS_PAGE_MAX } from "./limits.ts";
import { ingestSessions, listPlaySessions, removePlaySession } from "./service.ts";
import { fromIngestWire, toIngestedWire, toPlaySessionWire } from "./wire.ts";

function readList(reader: RequestReader): unknown {
  const [startedFrom, startedUntil] = [reader.queryInstant("start_after"), reader.queryInstant("end_before")];
  const [limit, offset] = [reader.queryInt("limit"), reader.queryInt("offset")];
  // Apps that ask for a span of time expect all of it.
  const isTimed = startedFrom !== undefined || startedUntil !== undefined;
  return {
    romId: reader.queryInt("rom_id"),
    deviceId: reader.queryText("device_id"),
    userId: reader.queryInt("user_id"),
    startedFrom,
    startedUntil,
    limit: isTimed ? PLAY_SESSIONS_PAGE_MAX : limit && Math.min(limit, PLAY_SESSIONS_PAGE_MAX),
    offset: offset && Math.min(offset, PLAY_SESSIONS_OFFSET_MAX),
  };
}

/** Compatible routes about spans of play. */
export const playSessionRoutes: readonly RestRoute[] = [
  post("/api/play-sessions", ingestSessions, {
    summary: "Batch ingest, 1 to 100",
    status: 201,
    read: async (reader) => fromIngestWire(await reader.json()),
    names: {
      romId: "rom_id",
      saveSlot: "save_slot",
      startedAt: "start_time",
      endedAt: "end_time",
      durationMs: "duration_ms",
    },
    write: toIngestedWire,
    errors: { PLAY_SESSIONS_NONE_GIVEN: { status: 400 }, PLAY_SESSIONS_TOO_MANY: { status: 400 } },
  }),
  get("/api/play-sessions", listPlaySessions, {
    summary: "Caller's play sessions, those that began last first",
    read: readList,
    names: { startedFrom: "start_after", startedUntil: "end_before" },
    write: (sessions) => sessions.map(toPlaySessionWire),
  }),
  del("/api/play-sessions/{session_id}", removePlaySession, {
    summary: "Delete a play session",
    status: 204,
    read: (reader) => ({ sessionId: reader.pathInt("session_id") }),
  }),
];
