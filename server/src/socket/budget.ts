/** Counts what one client does within a span of time. */
export interface Budget {
  /** Takes from the budget; false when it does not hold that much any more. */
  take(amount: number, nowMs: number): boolean;
}

/** How much, and in which span. */
export interface BudgetOptions {
  readonly amount: number;
  readonly windowMs: number;
}

/** Makes a full budget that fills up evenly: after `windowMs` of rest it is full again. */
export function createBudget({ amount, windowMs }: BudgetOptions): Budget {
  let left = amount;
  let atMs: number | null = null;
  return {
    take(wanted, nowMs) {
      const passedMs = atMs === null ? 0 : Math.max(0, nowMs - atMs);
      atMs = nowMs;
      left = Math.min(amount, left + (passedMs * amount) / windowMs);
      if (wanted > left) return false;
      left -= wanted;
      return true;
    },
  };
}
