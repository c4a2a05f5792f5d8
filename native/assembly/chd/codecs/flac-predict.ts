// FLAC's predictors: each sample is what the samples before it foretell plus what was stored.

/** Adds the fixed polynomial predictors of order 0 to 4. */
export function restoreFixed(samples: usize, count: u32, order: u32): void {
  const end = samples + (count << 2);
  let at = samples + (order << 2);
  if (order == 0) return;
  let a = load<i32>(at - 4);
  if (order == 1) {
    for (; at < end; at += 4) {
      a += load<i32>(at);
      store<i32>(at, a);
    }
    return;
  }
  // Higher orders as sums of differences: each step adds up the next lower difference.
  let d1 = a - load<i32>(at - 8);
  if (order == 2) {
    for (; at < end; at += 4) {
      d1 += load<i32>(at);
      a += d1;
      store<i32>(at, a);
    }
    return;
  }
  let d2 = d1 - (load<i32>(at - 8) - load<i32>(at - 12));
  if (order == 3) {
    for (; at < end; at += 4) {
      d2 += load<i32>(at);
      d1 += d2;
      a += d1;
      store<i32>(at, a);
    }
    return;
  }
  let d3 = d2 - (load<i32>(at - 8) - 2 * load<i32>(at - 12) + load<i32>(at - 16));
  for (; at < end; at += 4) {
    d3 += load<i32>(at);
    d2 += d3;
    d1 += d2;
    a += d1;
    store<i32>(at, a);
  }
}

/**
 * Adds a linear predictor's sums.
 * @param coefficients 32 of them, the one for the latest sample first; zeros behind the order.
 * @param isNarrow Whether sums fit 32 bits.
 */
export function restoreLinear(
  samples: usize, count: u32, coefficients: usize, order: u32, shift: u32, isNarrow: bool,
): void {
  const end = samples + (count << 2);
  const start = samples + (order << 2);
  if (!isNarrow) restoreWide(start, end, coefficients, order, shift);
  else if (order <= 4) restore4(start, end, coefficients, order, shift);
  else if (order <= 8) restore8(start, end, coefficients, shift);
  else if (order <= 12) restore12(start, end, coefficients, shift);
  else restoreNarrow(start, end, coefficients, order, shift);
}

function restoreWide(start: usize, end: usize, coefficients: usize, order: u32, shift: u32): void {
  for (let at = start; at < end; at += 4) {
    let sum: i64 = 0;
    for (let n: u32 = 0; n < order; n++) {
      sum += <i64>load<i32>(coefficients + (n << 2)) * <i64>load<i32>(at - 4 - (n << 2));
    }
    store<i32>(at, load<i32>(at) + <i32>(sum >> <i64>shift));
  }
}

function restore4(start: usize, end: usize, coefficients: usize, order: u32, shift: u32): void {
  const c0 = load<i32>(coefficients);
  const c1 = load<i32>(coefficients, 4);
  const c2 = load<i32>(coefficients, 8);
  const c3 = load<i32>(coefficients, 12);
  let h0 = load<i32>(start - 4);
  let h1 = order > 1 ? load<i32>(start - 8) : 0;
  let h2 = order > 2 ? load<i32>(start - 12) : 0;
  let h3 = order > 3 ? load<i32>(start - 16) : 0;
  for (let at = start; at < end; at += 4) {
    const sum = c3 * h3 + c2 * h2 + c1 * h1 + c0 * h0;
    h3 = h2;
    h2 = h1;
    h1 = h0;
    h0 = load<i32>(at) + (sum >> shift);
    store<i32>(at, h0);
  }
}

/** Order up to 8; what stands before the first sample counts nothing, because its coefficients are zero. */
function restore8(start: usize, end: usize, coefficients: usize, shift: u32): void {
  const c0 = load<i32>(coefficients);
  const c1 = load<i32>(coefficients, 4);
  const c2 = load<i32>(coefficients, 8);
  const c3 = load<i32>(coefficients, 12);
  const c4 = load<i32>(coefficients, 16);
  const c5 = load<i32>(coefficients, 20);
  const c6 = load<i32>(coefficients, 24);
  const c7 = load<i32>(coefficients, 28);
  let latest = load<i32>(start - 4);
  for (let at = start; at < end; at += 4) {
    const from = at - 32;
    const older =
      c7 * load<i32>(from) + c6 * load<i32>(from, 4) + c5 * load<i32>(from, 8) + c4 * load<i32>(from, 12) +
      c3 * load<i32>(from, 16) + c2 * load<i32>(from, 20) + c1 * load<i32>(from, 24);
    // Only this product waits for the sample before.
    latest = load<i32>(at) + ((older + c0 * latest) >> shift);
    store<i32>(at, latest);
  }
}

/** Order up to 12; what stands before the first sample counts nothing, because its coefficients are zero. */
function restore12(start: usize, end: usize, coefficients: usize, shift: u32): void {
  const c0 = load<i32>(coefficients);
  const c1 = load<i32>(coefficients, 4);
  const c2 = load<i32>(coefficients, 8);
  const c3 = load<i32>(coefficients, 12);
  const c4 = load<i32>(coefficients, 16);
  const c5 = load<i32>(coefficients, 20);
  const c6 = load<i32>(coefficients, 24);
  const c7 = load<i32>(coefficients, 28);
  const c8 = load<i32>(coefficients, 32);
  const c9 = load<i32>(coefficients, 36);
  const c10 = load<i32>(coefficients, 40);
  const c11 = load<i32>(coefficients, 44);
  let latest = load<i32>(start - 4);
  for (let at = start; at < end; at += 4) {
    const from = at - 48;
    const older =
      c11 * load<i32>(from) + c10 * load<i32>(from, 4) + c9 * load<i32>(from, 8) + c8 * load<i32>(from, 12) +
      c7 * load<i32>(from, 16) + c6 * load<i32>(from, 20) + c5 * load<i32>(from, 24) + c4 * load<i32>(from, 28) +
      c3 * load<i32>(from, 32) + c2 * load<i32>(from, 36) + c1 * load<i32>(from, 40);
    // Only this product waits for the sample before.
    latest = load<i32>(at) + ((older + c0 * latest) >> shift);
    store<i32>(at, latest);
  }
}

function restoreNarrow(start: usize, end: usize, coefficients: usize, order: u32, shift: u32): void {
  for (let at = start; at < end; at += 4) {
    let sum: i32 = 0;
    for (let n: u32 = 0; n < order; n++) {
      sum += load<i32>(coefficients + (n << 2)) * load<i32>(at - 4 - (n << 2));
    }
    store<i32>(at, load<i32>(at) + (sum >> shift));
  }
}
