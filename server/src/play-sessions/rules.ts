import { cutToSeconds, type IngestedEntry, type PlaySessionEntry } from "./contract.ts";
import { CLOCK_AHEAD_MS } from "./limits.ts";

/** Part of an answer that clients match. */
export const END_TOO_LATE = "end_time is too far in the future";

/** A span that may become a row. */
export interface NewSpan {
  /** Counts the input. */
  readonly index: number;
  readonly romId: number | null;
  readonly saveSlot: string | null;
  /** In whole seconds. */
  readonly startTime: Date;
  readonly endTime: Date;
  readonly durationMs: number;
}

/** What is known of spans before the database is asked. */
export interface JudgedEntries {
  readonly errors: readonly IngestedEntry[];
  /** Told twice within the same call. */
  readonly repeats: readonly IngestedEntry[];
  readonly spans: readonly NewSpan[];
}

/** What makes spans of one user and device the same. */
export function spanKey({ romId, startTime }: Pick<NewSpan, "romId" | "startTime">): string {
  return `${romId ?? ""} ${startTime.getTime()}`;
}

/** An answer for one span. */
export function answerEntry(index: number, answer: Partial<IngestedEntry> & Pick<IngestedEntry, "status">) {
  return { index, id: null, detail: null, ...answer };
}

/** Sorts out what cannot be stored; roms outside of `romIds` count as none. */
export function judgeEntries(
  entries: readonly PlaySessionEntry[],
  { now, romIds }: { readonly now: Date; readonly romIds: ReadonlySet<number> },
): JudgedEntries {
  const endMaxMs = now.getTime() + CLOCK_AHEAD_MS;
  const [errors, repeats]: [IngestedEntry[], IngestedEntry[]] = [[], []];
  const spans = new Map<string, NewSpan>();
  entries.forEach((entry, index) => {
    const span = toSpan(entry, index, romIds);
    const key = spanKey(span);
    if (Date.parse(entry.endedAt) > endMaxMs) {
      errors.push(answerEntry(index, { status: "error", detail: END_TOO_LATE }));
    } else if (spans.has(key)) repeats.push(answerEntry(index, { status: "duplicate" }));
    else spans.set(key, span);
  });
  return { errors, repeats, spans: [...spans.values()] };
}

function toSpan(entry: PlaySessionEntry, index: number, romIds: ReadonlySet<number>): NewSpan {
  const { romId, saveSlot, startedAt, endedAt, durationMs } = entry;
  return {
    index,
    romId: romId !== null && romIds.has(romId) ? romId : null,
    saveSlot,
    startTime: new Date(cutToSeconds(startedAt)),
    endTime: new Date(cutToSeconds(endedAt)),
    durationMs: durationMs ?? Date.parse(endedAt) - Date.parse(startedAt),
  };
}

/** The latest end of each rom that was played. */
export function latestEnds(spans: readonly NewSpan[]): readonly { romId: number; playedAt: Date }[] {
  const ends = new Map<number, Date>();
  for (const { romId, endTime } of spans) {
    if (romId === null) continue;
    const known = ends.get(romId);
    if (known === undefined || known < endTime) ends.set(romId, endTime);
  }
  return [...ends].map(([romId, playedAt]) => ({ romId, playedAt }));
}
