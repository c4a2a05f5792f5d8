/** Where the process stands between start and stop; decides what the doors answer. */
export type Phase =
  | { readonly name: "starting" }
  | { readonly name: "saving" }
  | { readonly name: "migrating"; readonly done: number; readonly total: number }
  | { readonly name: "serving" }
  | { readonly name: "database_down" }
  | { readonly name: "stopping" };

export interface Lifecycle {
  readonly phase: Phase;
  enter(phase: Phase): void;
}

/** Keeps the phase of one process. */
export function createLifecycle(): Lifecycle {
  let phase: Phase = { name: "starting" };
  return {
    get phase() {
      return phase;
    },
    enter(next) {
      // Nothing comes after stopping.
      if (phase.name !== "stopping") phase = next;
    },
  };
}

/** Seconds after which a caller should ask again while we are not serving. */
const RETRY_AFTER_SECONDS = 2;

/** What everyone is answered while we are not serving; null when we are. */
export function answerPhase(phase: Phase): Response | null {
  if (phase.name === "serving") return null;
  const detail = describePhase(phase);
  const body = JSON.stringify({ detail });
  const headers = { "content-type": "application/json", "retry-after": String(RETRY_AFTER_SECONDS) };
  return new Response(body, { status: 503, headers });
}

function describePhase(phase: Exclude<Phase, { name: "serving" }>): string {
  switch (phase.name) {
    case "starting":
      return "starting";
    case "saving":
      return "saving everything before an upgrade";
    case "migrating":
      return `migrating ${Math.min(phase.done + 1, phase.total)} of ${phase.total}`;
    case "database_down":
      return "the database is restarting";
    case "stopping":
      return "stopping";
  }
}
