import type { Cleanup } from "../lib/cleanup.ts";
import type { Row } from "../lib/report.ts";

/** What the command line says. */
export interface RelayOptions {
  readonly rooms: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** One way of meeting to play, measured on its own. */
export interface RelayScenario {
  readonly name: string;
  run(cleanup: Cleanup, options: RelayOptions): Promise<ScenarioOutcome>;
}

export interface ScenarioOutcome {
  readonly heads: Row;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  /** The same figures as numbers. */
  readonly figures: unknown;
}
