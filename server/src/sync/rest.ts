import type { RequestReader } from "../http/reader.ts";
import { get, post, type RestRoute } from "../http/route.ts";
import { negotiateEither } from "./documented/service.ts";
import { fromDocumentedWire, toDocumentedPlanWire } from "./documented/wire.ts";
import { fromNegotiateWire, toNegotiationWire } from "./negotiation/wire.ts";
import { completeSyncSession, getSyncSession, listSyncSessions } from "./sessions/service.ts";
import { fromCompleteWire, toCompletedWire, toSyncSessionWire } from "./sessions/wire.ts";
import { storeVersion } from "./versions/service.ts";
import { isFields } from "./wire.ts";

const BAD_REQUEST = { status: 400 };

/** A session goes by a number in one protocol and by a UUID in the other. */
function readSessionId(reader: RequestReader): unknown {
  const text = reader.pathText("session_id");
  return text.includes("-") ? text : reader.pathInt("session_id");
}

/** Two protocols share the address; a body that speaks both is none. */
async function readNegotiation(reader: RequestReader): Promise<unknown> {
  const body = await reader.json();
  if (!isFields(body) || !("roms" in body)) return fromNegotiateWire(body);
  if ("saves" in body) {
    const message = "Value error, Give either roms or saves";
    reader.refuse({ path: ["body"], type: "value_error", message, input: null });
  }
  return fromDocumentedWire(body);
}

/** Compatible routes by which devices sync, and one of our own that takes bytes. */
export const syncRoutes: readonly RestRoute[] = [
  post("/api/sync/negotiate", negotiateEither, {
    summary: "A device names its saves and is told what to do",
    read: readNegotiation,
    names: { sizeBytes: "file_size_bytes", modifiedAt: "mtime" },
    write: (plan) => ("documented" in plan ? toDocumentedPlanWire(plan) : toNegotiationWire(plan)),
    errors: { SYNC_DEVICE_REQUIRED: BAD_REQUEST, SYNC_DISABLED: BAD_REQUEST },
  }),
  post("/api/sync/sessions/{session_id}/complete", completeSyncSession, {
    summary: "A device ends its sync session",
    read: async (reader) => {
      const { request } = reader;
      // Some apps send no body at all.
      const isEmpty = request.body === null || request.headers.get("content-length") === "0";
      return fromCompleteWire(isEmpty ? {} : await reader.json(), readSessionId(reader));
    },
    write: toCompletedWire,
    errors: { SYNC_SESSION_ENDED: BAD_REQUEST },
  }),
  get("/api/sync/sessions", listSyncSessions, {
    summary: "The caller's sync sessions",
    read: (reader) => ({
      deviceId: reader.queryText("device_id") || undefined,
      limit: reader.queryInt("limit"),
    }),
    write: (sessions) => sessions.map(toSyncSessionWire),
  }),
  get("/api/sync/sessions/{session_id}", getSyncSession, {
    summary: "One of the caller's sync sessions",
    read: (reader) => ({ sessionId: readSessionId(reader) }),
    write: toSyncSessionWire,
  }),
  post("/api/sync/versions", storeVersion, {
    summary: "Store a version of a save or a state from the bytes of the body",
    read: (reader) => ({
      romId: reader.queryInt("rom_id"),
      kind: reader.queryText("kind"),
      slot: reader.queryText("slot"),
      name: reader.queryText("name"),
      emulator: reader.queryText("emulator"),
      deviceId: reader.queryText("device_id") === "none" ? null : reader.queryText("device_id"),
      isBundle: reader.queryBool("is_bundle"),
      basedOn: reader.queryText("based_on") === "none" ? null : reader.queryInt("based_on"),
      isForced: reader.queryBool("is_forced"),
      keptMax: reader.queryInt("kept_max"),
      sessionId: reader.queryInt("session_id"),
      body: reader.body(),
    }),
  }),
];
