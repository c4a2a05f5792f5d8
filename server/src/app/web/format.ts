const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** A size for people, such as `1.5 MB`. */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes === 1) return "1 byte";
  const power = sizeBytes < 1 ? 0 : Math.min(Math.floor(Math.log10(sizeBytes) / 3), UNITS.length - 1);
  const number = sizeBytes / 1000 ** power;
  return `${number.toLocaleString("en", { maximumSignificantDigits: 3 })} ${UNITS[power]}`;
}

/** A number with its noun, such as `1,200 games`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

const STEPS: readonly (readonly [seconds: number, one: string])[] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
];

/** How long ago something was, such as `3 hours ago`. */
export function formatAge(at: string, nowMs: number): string {
  const seconds = (nowMs - Date.parse(at)) / 1000;
  const step = STEPS.find(([length]) => seconds >= length);
  return step === undefined ? "just now" : `${formatCount(Math.floor(seconds / step[0]), step[1])} ago`;
}

/** A moment for people, in their own time zone and words. */
export function formatMoment(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
