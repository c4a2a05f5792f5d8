/**
 * Routes of later work by area, and values that wait for them. A row whose route is served fails the run, and so
 * does a value that nothing waits for any more: whoever builds it removes the row.
 */
import type { Area, NotBuiltRoute, NotBuiltValue } from "./judge.ts";

export const NOT_BUILT_ROUTES: readonly NotBuiltRoute[] = [];

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
  ...waiting("Library on disk", "roms-write/*", [["value", "ra_hash", ""]]),
];

/** The recording's own changes to roms. */
const libraryApi: readonly NotBuiltValue[] = [
  // Genres and the like come from providers of metadata.
  ...waiting("Metadata", "GET /api/collections/virtual", [["empty", ""]]),
  ...waiting("Metadata", "GET /api/collections/virtual/identifiers", [["empty", ""]]),
  ...["stats/568", "stats/569"].flatMap((where) =>
    waiting("Library API", where, [["value", "TOTAL_FILESIZE_BYTES", "76643", "76624"]]),
  ),
  ...waiting("Library API", "stats/569", [
    ["value", "METADATA_COVERAGE.4.length", "[]"],
    ["value", "REGION_BREAKDOWN.4[].count", "4", "3"],
  ]),
];

/** Tasks of later work: each is listed once it runs. */
const tasks: readonly NotBuiltValue[] = [
  ...waiting("Metadata", "tasks/573", [
    ["field", "scheduled[]{update_*}", "absent"],
    ["field", "scheduled[]{convert_images_to_webp}", "absent"],
  ]),
  ...waiting("Ship", "tasks/578", [["value", "detail", "Task 'none' not found, available tasks are *"]]),
];

/** The first row that fits explains: those of single pairs come before those of whole groups. */
export const NOT_BUILT_VALUES: readonly NotBuiltValue[] = [...libraryApi, ...tasks, ...insides];

/** Transcripts that tests of the server hold its sockets against, event by event. */
const TRANSCRIPTS_IN_TESTS: ReadonlySet<string> = new Set([
  // server/src/scan/scan.socket.test.ts
  "socket/scan_quick_again",
  "socket/scan_unauthorised",
  // server/src/netplay/transcript.socket.test.ts
  "socket/netplay",
]);

/** The area of the work that replays a socket transcript; null when a test does so by now. */
export function areaOfTranscript(id: string): Area | null {
  return TRANSCRIPTS_IN_TESTS.has(id) ? null : "Netplay";
}
