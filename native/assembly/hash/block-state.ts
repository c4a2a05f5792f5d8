// What MD5 and SHA-1 share: a state of 32-bit words, a count of bytes, and the bytes of an unfinished block.
// The layout is known to the host, which keeps a copy of the state between calls.

/** Byte offsets within a state. */
export const WORDS: usize = 0;
export const COUNT: usize = 24;
export const BLOCK: usize = 32;
export const STATE_BYTES: usize = 96;
export const BLOCK_BYTES: u32 = 64;
/** Where the length in bits stands in the last block. */
export const LENGTH_AT: u32 = 56;

/** How many bytes of an unfinished block a state holds. */
@inline
export function pendingBytes(state: usize): u32 {
  return load<u32>(state, COUNT) & 63;
}

/** Adds bytes to the unfinished block; gives how many it took. */
export function fillBlock(state: usize, input: usize, bytes: u32): u32 {
  const pending = pendingBytes(state);
  const taken = min(bytes, BLOCK_BYTES - pending);
  memory.copy(state + BLOCK + pending, input, taken);
  store<u64>(state, load<u64>(state, COUNT) + taken, COUNT);
  return taken;
}

/** Ends the message with a one and zeros; gives whether the length needs a further block. */
export function padBlock(state: usize): bool {
  const pending = pendingBytes(state);
  store<u8>(state + BLOCK + pending, 0x80);
  memory.fill(state + BLOCK + pending + 1, 0, BLOCK_BYTES - 1 - pending);
  return pending + 1 > LENGTH_AT;
}
