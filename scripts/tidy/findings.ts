/** One remark about one line. `refused` fails the check; `note` is printed for a reader to judge. */
export interface Finding {
  readonly file: string;
  /** 1-based; 1 also when the remark is about the file as a whole. */
  readonly line: number;
  /** Short stable name, such as `imports` or `function-size`. */
  readonly rule: string;
  readonly message: string;
  readonly severity: "refused" | "note";
}

/** A finding that fails the check. */
export function refuse(at: { file: string; line: number }, rule: string, message: string): Finding {
  return { file: at.file, line: at.line, rule, message, severity: "refused" };
}

/** A finding that is only printed. */
export function note(at: { file: string; line: number }, rule: string, message: string): Finding {
  return { file: at.file, line: at.line, rule, message, severity: "note" };
}

/** The printed line of one finding: `file:line rule message`. */
export function formatFinding(finding: Finding): string {
  const mark = finding.severity === "note" ? "note: " : "";
  return `${finding.file}:${finding.line} ${finding.rule} ${mark}${finding.message}`;
}
