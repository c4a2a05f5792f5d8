/**
 * When a row that changes now changed last, later than the change before even within the same millisecond: apps
 * take the moment for the row's version.
 */
export function nextChange(now: Date, before: Date): Date {
  return now > before ? now : new Date(before.getTime() + 1);
}
