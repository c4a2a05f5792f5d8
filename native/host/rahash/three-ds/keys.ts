import { u8 } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { sha256 } from "../crypto.ts";
import { refuse } from "../refusal.ts";
import type { ThreeDsKeys } from "../types.ts";

/** The two keys of an executable. */
export interface NcchKeys {
  /** Header, icon and banner. */
  readonly primary: Uint8Array;
  /** Code and everything else. */
  readonly secondary: Uint8Array;
}

const KEY_BYTES = 16;
const FIXED_KEY_FLAG = 0x01;
const SEED_FLAG = 0x20;
const PRIMARY_SLOT = 0x2c;
const COMMON_SLOT = 0x3d;
/** Slots of the secondary key by the header's crypto method. */
const SECONDARY_SLOTS: ReadonlyMap<number, number> = new Map([
  [0, PRIMARY_SLOT],
  [1, 0x25],
  [0x0a, 0x18],
  [0x0b, 0x1b],
]);
const SCRAMBLER = 0x1ff9e9aac5fe0408024591dc5d52768an;
const MASK_128 = (1n << 128n) - 1n;

/** Gives 128 bits as a number, big endian. */
export const toBigInt = (bytes: Uint8Array): bigint =>
  bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** Gives the low 128 bits as 16 bytes, big endian. */
export const from128 = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: KEY_BYTES }, (_, at) => Number((value >> BigInt(8 * (15 - at))) & 255n));

const rotateLeft = (value: bigint, bits: bigint): bigint =>
  ((value << bits) | (value >> (128n - bits))) & MASK_128;

/** Gives the key that the console makes of a slot's two halves. */
export function scramble(keyX: Uint8Array, keyY: Uint8Array): Uint8Array {
  const mixed = (rotateLeft(toBigInt(keyX), 2n) ^ toBigInt(keyY)) + SCRAMBLER;
  return from128(rotateLeft(mixed & MASK_128, 87n));
}

/** Gives the keys of an executable by its header; refuses the input where the user brought none. */
export async function getNcchKeys(context: RaContext, header: Uint8Array): Promise<NcchKeys> {
  const flags = u8(header, 0x18f);
  if ((flags & FIXED_KEY_FLAG) !== 0)
    return { primary: new Uint8Array(KEY_BYTES), secondary: new Uint8Array(KEY_BYTES) };
  const method = u8(header, 0x18b);
  const slot =
    SECONDARY_SLOTS.get(method) ?? refuse("unsupported", `an executable of crypto method ${method}`);
  const keys = getKeys(context);
  const keyY = header.subarray(0, KEY_BYTES);
  const secondaryKeyY = (flags & SEED_FLAG) === 0 ? keyY : await addSeed(keys, keyY, titleIdOf(header));
  return {
    primary: scramble(getKeyX(keys, PRIMARY_SLOT), keyY),
    secondary: scramble(getKeyX(keys, slot), secondaryKeyY),
  };
}

/** Gives the key that title keys of a ticket are wrapped in. */
export function getCommonKey(context: RaContext, index: number): Uint8Array {
  const keys = getKeys(context);
  const keyY = keys.findCommonKeyY(index) ?? refuse("keys_missing", `no common key ${index} was given`);
  return scramble(getKeyX(keys, COMMON_SLOT), keyY);
}

const getKeys = (context: RaContext): ThreeDsKeys =>
  context.options.threeDsKeys ?? refuse("keys_missing", "the content is encrypted, and no keys were given");

const getKeyX = (keys: ThreeDsKeys, slot: number): Uint8Array =>
  keys.findKeyX(slot) ?? refuse("keys_missing", `no key X of slot 0x${slot.toString(16)} was given`);

async function addSeed(keys: ThreeDsKeys, keyY: Uint8Array, titleId: string): Promise<Uint8Array> {
  const seed = keys.findSeed(titleId) ?? refuse("keys_missing", `no seed of title ${titleId} was given`);
  const both = new Uint8Array(2 * KEY_BYTES);
  both.set(keyY);
  both.set(seed.subarray(0, KEY_BYTES), KEY_BYTES);
  return (await sha256(both)).subarray(0, KEY_BYTES);
}

/** The program's id, 64 bits little endian, in 16 hex digits. */
const titleIdOf = (header: Uint8Array): string =>
  toBigInt(header.slice(0x118, 0x120).reverse()).toString(16).padStart(16, "0");
