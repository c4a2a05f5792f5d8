/** Numbers that look random and are the same for the same key. */
export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  /** One of the choices, each as likely as the others. */
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean;
  /** Fills the bytes with noise. */
  fill(bytes: Uint8Array): void;
}

/** Creates numbers that depend on the key alone, so that one file's content does not hang on another's. */
export function createRandom(key: string): Random {
  let state = hashKey(key);
  // Marsaglia's xorshift with 32 bits of state, shifts 13, 17, 5.
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  return {
    below,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
    chance: (percent) => below(100) < percent,
    fill(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const wordBytes = bytes.length - (bytes.length % 4);
      for (let at = 0; at < wordBytes; at += 4) view.setUint32(at, next(), true);
      for (let at = wordBytes; at < bytes.length; at += 1) bytes[at] = next();
    },
  };
}

/** FNV-1a over the key's UTF-16 units, mixed once more; never 0, where xorshift would stay. */
function hashKey(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) | 1;
}
