/** Routes of the reference that are deliberately not served, with the reason. */
import type { LeftOutRoute } from "./judge.ts";

const leftOut = (reason: string, rows: readonly string[]): readonly LeftOutRoute[] =>
  rows.map((row) => {
    const [method = "", path = ""] = row.split(" ");
    return { method, path, reason };
  });

export const LEFT_OUT_ROUTES: readonly LeftOutRoute[] = leftOut(
  "Streaming drives containers with emulators on other hosts; this server has none, and says so at /api/streaming/config.",
  [
    "GET /api/streaming/sessions",
    "POST /api/streaming/sessions",
    "DELETE /api/streaming/sessions",
    "POST /api/streaming/sessions/{platform}/save-and-exit",
    "POST /api/streaming/sessions/{platform}/volume",
    "POST /api/streaming/sessions/{platform}/mute",
    "POST /api/streaming/sessions/{platform}/save-state",
    "POST /api/streaming/sessions/{platform}/load-state",
    "DELETE /api/streaming/sessions/{platform}",
  ],
);
