/** One number, told apart from others of its name by labels. */
export interface Sample {
  readonly value: number;
  /** Values come from lists of ours, never from users. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Numbers of one name that are read when somebody asks. */
export interface MetricFamily {
  /** Such as `multitap_scans`. */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A part of the server that has numbers to tell. */
export interface MetricSource {
  /** Told with `multitap_source_up`, which is 0 when it could not be read. */
  readonly name: string;
  read(): Promise<readonly MetricFamily[]>;
}
