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

export const NOT_BUILT_VALUES: readonly NotBuiltValue[] = [
  // Genres and the like come from providers of metadata, and so do the tasks that fetch their lists and pictures.
  ...waiting("Metadata", "GET /api/collections/virtual", [["empty", ""]]),
  ...waiting("Metadata", "GET /api/collections/virtual/identifiers", [["empty", ""]]),
  ...waiting("Metadata", "tasks/573", [
    ["field", "scheduled[]{update_*}", "absent"],
    ["field", "scheduled[]{convert_images_to_webp}", "absent"],
  ]),
];

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
