/**
 * Routes of later work by area, and values that wait for them. A row whose route is served fails the run, and so
 * does a value that nothing waits for any more: whoever builds it removes the row.
 */
import type { Area, NotBuiltRoute, NotBuiltValue } from "./judge.ts";

const area = (name: Area, rows: readonly string[]): readonly NotBuiltRoute[] =>
  rows.map((row) => {
    const [method = "", path = ""] = row.split(" ");
    return { method, path, area: name };
  });

export const NOT_BUILT_ROUTES: readonly NotBuiltRoute[] = [
  ...area("Library API", [
    "POST /api/platforms",
    "GET /api/platforms/filesystem",
    "PUT /api/platforms/{id}",
    "DELETE /api/platforms/{id}",
    "POST /api/roms/upload/start",
    "PUT /api/roms/upload/{upload_id}",
    "POST /api/roms/upload/{upload_id}/complete",
    "POST /api/roms/upload/{upload_id}/cancel",
    "DELETE /api/roms/{rom_id}/files/{file_id}",
    "POST /api/roms/{id}/manuals",
    "DELETE /api/roms/{id}/manuals",
    "POST /api/roms/{id}/manuals/redownload",
    "POST /api/roms/{id}/manuals/files",
    "DELETE /api/roms/{id}/manuals/files/{file_id}",
    "GET /api/roms/{id}/soundtracks/metadata",
    "POST /api/roms/{id}/soundtracks",
    "DELETE /api/roms/{id}/soundtracks/{file_id}",
    "POST /api/roms/{id}/screenshots",
    "DELETE /api/roms/{id}/screenshots/{file_id}",
    "POST /api/roms/{id}/convert-to-folder",
    "POST /api/roms/delete",
    "POST /api/firmware",
    "GET /api/firmware",
    "GET /api/firmware/identifiers",
    "GET /api/firmware/{id}",
    "HEAD /api/firmware/{id}/content/{file_name}",
    "GET /api/firmware/{id}/content/{file_name}",
    "POST /api/firmware/delete",
    "DELETE /api/roms/{id}",
    "POST /api/roms/upload/init",
    "POST /api/roms/upload/{id}/chunk",
    "GET /api/roms/upload/{id}/session",
    "DELETE /api/roms/upload/{id}",
  ]),
  ...area("Library API", [
    "GET /api/roms/{id}/files",
    "GET /api/roms/{id}/files/content/{file_name}",
    "GET /api/roms/{id}/notes",
    "POST /api/roms/{id}/notes",
    "GET /api/roms/{id}/notes/identifiers",
    "PUT /api/roms/{id}/notes/{note_id}",
    "DELETE /api/roms/{id}/notes/{note_id}",
    "POST /api/roms/{id}/patch",
    "GET /api/roms/random",
    "GET /api/roms/download",
    "GET /api/roms/by-metadata-provider",
    "GET /api/roms/filters",
    "PUT /api/roms/{id}",
    "PUT /api/roms/{id}/props",
    "GET /api/music/tracks",
    "GET /api/music/favorites",
    "POST /api/music/favorites",
    "DELETE /api/music/favorites",
    "GET /api/music/artists",
    "GET /api/music/albums",
    "GET /api/music/genres",
    "GET /api/music/years",
    "GET /api/music/playlists",
    "POST /api/music/playlists",
    "GET /api/music/playlists/{id}",
    "PUT /api/music/playlists/{id}",
    "DELETE /api/music/playlists/{id}",
    "GET /api/music/playlists/{id}/tracks",
    "POST /api/music/playlists/{id}/tracks",
    "DELETE /api/music/playlists/{id}/tracks",
    "PUT /api/music/playlists/{id}/tracks/order",
    "PUT /api/roms/{id}/user",
    "POST /api/roms/download/{id}/{file_name}",
    "POST /api/roms/unidentified",
  ]),
  ...area("Sync", [
    "GET /api/devices",
    "POST /api/devices",
    "GET /api/devices/{device_id}",
    "PUT /api/devices/{device_id}",
    "DELETE /api/devices/{device_id}",
    "GET /api/activity",
    "GET /api/activity/rom/{rom_id}",
    "POST /api/activity/heartbeat",
    "DELETE /api/activity/heartbeat",
    "POST /api/play-sessions",
    "GET /api/play-sessions",
    "DELETE /api/play-sessions/{session_id}",
    "POST /api/saves",
    "GET /api/saves",
    "GET /api/saves/identifiers",
    "GET /api/saves/summary",
    "GET /api/saves/{id}",
    "PUT /api/saves/{id}",
    "GET /api/saves/{id}/content",
    "POST /api/saves/{id}/downloaded",
    "PUT /api/saves/{id}/visibility",
    "POST /api/saves/delete",
    "POST /api/saves/{id}/track",
    "POST /api/saves/{id}/untrack",
    "POST /api/states",
    "GET /api/states",
    "GET /api/states/identifiers",
    "GET /api/states/{id}",
    "PUT /api/states/{id}",
    "GET /api/states/{id}/content",
    "PUT /api/states/{id}/visibility",
    "POST /api/states/delete",
    "POST /api/sync/negotiate",
    "POST /api/sync/sessions/{session_id}/complete",
    "GET /api/sync/sessions",
    "GET /api/sync/sessions/{session_id}",
    "POST /api/sync/devices/{device_id}/push-pull",
    "POST /api/screenshots",
    "GET /api/screenshots/{id}/content",
    "PUT /api/screenshots/{id}",
    "DELETE /api/screenshots/{id}",
    "GET /api/screenshots",
    "GET /api/screenshots/identifiers",
    "GET /api/screenshots/{id}",
    "POST /api/screenshots/delete",
    "GET /api/raw/assets/{path}",
    "HEAD /api/raw/assets/{path}",
  ]),
  ...area("Netplay", [
    "GET /api/netplay/list",
    "GET /api/streaming/config",
    "GET /api/streaming/sessions",
    "POST /api/streaming/sessions",
    "DELETE /api/streaming/sessions",
    "POST /api/streaming/sessions/{platform}/save-and-exit",
    "POST /api/streaming/sessions/{platform}/volume",
    "POST /api/streaming/sessions/{platform}/mute",
    "POST /api/streaming/sessions/{platform}/save-state",
    "POST /api/streaming/sessions/{platform}/load-state",
    "DELETE /api/streaming/sessions/{platform}",
    "WS /netplay/socket.io",
  ]),
  ...area("Ship", [
    "GET /api/feeds/webrcade",
    "GET /api/feeds/tinfoil",
    "GET /api/feeds/pkgi/ps3/{content_type}",
    "GET /api/feeds/pkgi/psvita/{content_type}",
    "GET /api/feeds/pkgi/psp/{content_type}",
    "GET /api/feeds/fpkgi/{platform_slug}",
    "GET /api/feeds/kekatsu/{platform_slug}",
    "GET /api/feeds/pkgj/psp/games",
    "GET /api/feeds/pkgj/psp/dlc",
    "GET /api/feeds/pkgj/psvita/games",
    "GET /api/feeds/pkgj/psvita/dlc",
    "GET /api/feeds/pkgj/psx/games",
    "POST /api/export/gamelist-xml",
    "POST /api/export/pegasus",
  ]),
  ...area("Metadata", ["GET /api/search/roms", "GET /api/search/cover", "GET /assets/romm/resources/{path}"]),
];

/** Rows of one cause; `ours` and `theirs` are any text unless they are given. */
function waiting(
  name: Area,
  where: string,
  rows: readonly (readonly [NotBuiltValue["what"], string, ours?: string, theirs?: string])[],
): readonly NotBuiltValue[] {
  return rows.map(([what, at, ours = "*", theirs = "*"]) => ({ area: name, where, what, at, ours, theirs }));
}

/** What a scan reads out of files beyond their three hashes. */
const insides: readonly NotBuiltValue[] = [
  ...waiting("Library on disk", "roms-list/*", [["value", "items[].ra_hash", ""]]),
  ...waiting("Library on disk", "roms-detail/*", [["value", "ra_hash", ""]]),
  ...waiting("Library on disk", "roms-lookup/277", [["value", "ra_hash", ""]]),
];

/** The recording renamed a platform. */
const customName: readonly NotBuiltValue[] = [
  ...waiting("Library on disk", "roms-list/*", [
    ["value", "items[].platform_custom_name", "", "Advance!"],
    ["value", "items[].platform_display_name", "*", "Advance!"],
  ]),
  ...waiting("Library on disk", "roms-detail/*", [
    ["value", "platform_custom_name", "", "Advance!"],
    ["value", "platform_display_name", "*", "Advance!"],
  ]),
];

/** Filters, and the recording's own changes to roms. */
const libraryApi: readonly NotBuiltValue[] = [
  ...waiting(
    "Library API",
    "GET /api/roms",
    [
      "virtual_collection_id",
      "smart_collection_id",
      "duplicate",
      "last_played",
      "playable",
      "has_*",
      "verified",
      "group_by_meta_id",
      "franchises",
      "collections",
      "companies",
      "age_ratings",
      "statuses",
      "player_counts",
      "metadata_providers",
      "*_logic",
    ].map((name) => ["parameter", name, "absent"] as const),
  ),
  // Genres and the like come from providers of metadata.
  ...waiting("Metadata", "GET /api/collections/virtual", [["empty", ""]]),
  ...waiting("Metadata", "GET /api/collections/virtual/identifiers", [["empty", ""]]),
  // It has changed the region of a rom by then.
  ...waiting("Library API", "collections/517", [
    ["value", "rom_ids[]"],
    ["value", "rom_count", "4", "3"],
  ]),
  ...waiting("Library API", "collections/519", [
    ["value", "[].rom_ids[]"],
    ["value", "[].rom_count", "4", "3"],
  ]),
  ...waiting("Library API", "roms-list/199", [
    ["value", "total", "38", "37"],
    ["value", "rom_id_index[]"],
  ]),
  ...waiting("Library API", "roms-list/523", [
    ["field", "items[]{Kart Kings*}", "absent"],
    ["field", "items[]{*}", "*", "absent"],
    ["value", "total", "38", "3"],
    ["value", "rom_id_index[]"],
    ["value", "char_index.*"],
    ["value", "filter_values.*"],
  ]),
  ...["stats/568", "stats/569"].flatMap((where) =>
    waiting("Library API", where, [["value", "TOTAL_FILESIZE_BYTES", "76643", "76624"]]),
  ),
  ...waiting("Library API", "roms-detail/251", [["value", "files[].track_meta", "null"]]),
  ...waiting("Library API", "stats/569", [
    ["value", "METADATA_COVERAGE.4.length", "[]"],
    ["value", "REGION_BREAKDOWN.4[].count", "4", "3"],
  ]),
];

const sync: readonly NotBuiltValue[] = ["stats/568", "stats/569"].flatMap((where) =>
  waiting("Sync", where, [
    ["value", "SAVES", "0", "7"],
    ["value", "SCREENSHOTS", "0", "1"],
  ]),
);

/** Tasks of later work: each is listed once it runs. */
const tasks: readonly NotBuiltValue[] = [
  ...waiting("Metadata", "tasks/573", [
    ["field", "scheduled[]{update_*}", "absent"],
    ["field", "scheduled[]{convert_images_to_webp}", "absent"],
  ]),
  ...waiting("Library API", "tasks/573", [["field", "scheduled[]{cleanup_zip_cache}", "absent"]]),
  ...waiting("Sync", "tasks/573", [
    ["field", "manual[]{sync_folder_scan}", "absent"],
    ["field", "manual[]{recompute_save_content_hashes}", "absent"],
  ]),
  ...waiting("Ship", "tasks/578", [["value", "detail", "Task 'none' not found, available tasks are *"]]),
];

/** The first row that fits explains: those of single pairs come before those of whole groups. */
export const NOT_BUILT_VALUES: readonly NotBuiltValue[] = [
  ...libraryApi,
  ...sync,
  ...tasks,
  ...insides,
  ...customName,
];

/** Transcripts that tests of the server hold its sockets against, event by event. */
const TRANSCRIPTS_IN_TESTS: ReadonlySet<string> = new Set([
  // server/src/scan/scan.socket.test.ts
  "socket/scan_quick_again",
  "socket/scan_unauthorised",
]);

/** The area of the work that replays a socket transcript; null when a test does so by now. */
export function areaOfTranscript(id: string): Area | null {
  return TRANSCRIPTS_IN_TESTS.has(id) ? null : "Netplay";
}
