/**
 * What two players send each other on a direct path, version 1; nobody else reads it. Little-endian:
 *
 * | 0 | u8 | version, `01` |
 * | 1 | u8 | seat of the sender |
 * | 2 | u16 | how long the sender held `echo`, in ms; `ffff`: there is none |
 * | 4 | u32 | the sender's clock in ms (any zero, wraps) |
 * | 8 | u32 | echo: the clock of the newest packet that the sender got |
 * | 12 | u32 | newest frame |
 * | 16 | n × (1 + inputBytes) | inputs, newest first: u8 frames below the newest, then the input |
 */
import type { InputWindow } from "./inputs.ts";
import { PACKET_INPUTS_MAX } from "./limits.ts";
import type { Bytes } from "./wire.ts";

const VERSION = 1;
const HEAD_BYTES = 16;
const NO_ECHO = 0xffff;

/** The head of a packet. */
export interface PacketHead {
  readonly seat: number;
  readonly clock: number;
  readonly echo: { readonly clock: number; readonly heldMs: number } | null;
}

/** A packet as it arrived; `inputs` is a view. */
export interface Packet extends PacketHead {
  readonly newest: number;
  readonly inputs: Uint8Array;
}

/** Packs the newest inputs of the own seat, so that lost packets are made good by the next. */
export function formatPacket({ seat, clock, echo }: PacketHead, window: InputWindow): Bytes {
  const { inputBytes } = window;
  const newest = window.newestOf(seat);
  const bytes = new Uint8Array(HEAD_BYTES + PACKET_INPUTS_MAX * (1 + inputBytes));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, seat);
  // Whoever held an echo for a minute tells nothing about the path.
  view.setUint16(2, echo === null || echo.heldMs >= NO_ECHO ? NO_ECHO : echo.heldMs, true);
  view.setUint32(4, clock, true);
  view.setUint32(8, echo?.clock ?? 0, true);
  view.setUint32(12, Math.max(newest, 0), true);
  let at = HEAD_BYTES;
  for (let below = 0; below <= Math.min(0xff, newest) && at < bytes.length; below++) {
    const input = window.at(newest - below, seat);
    if (input === null) continue;
    bytes[at] = below;
    bytes.set(input, at + 1);
    at += 1 + inputBytes;
  }
  return bytes.subarray(0, at);
}

/** Reads a packet; null when it is none of this version. */
export function readPacket(bytes: Uint8Array, inputBytes: number): Packet | null {
  if (bytes.length < HEAD_BYTES || (bytes.length - HEAD_BYTES) % (1 + inputBytes) !== 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint8(0) !== VERSION) return null;
  const heldMs = view.getUint16(2, true);
  return {
    seat: view.getUint8(1),
    clock: view.getUint32(4, true),
    echo: heldMs === NO_ECHO ? null : { clock: view.getUint32(8, true), heldMs },
    newest: view.getUint32(12, true),
    inputs: bytes.subarray(HEAD_BYTES),
  };
}

/** Calls `take` for each input of a packet, the oldest first. */
export function eachPacketInput(
  { inputs, newest }: Packet,
  inputBytes: number,
  take: (frame: number, bytes: Uint8Array) => void,
): void {
  const size = 1 + inputBytes;
  for (let at = inputs.length - size; at >= 0; at -= size) {
    const frame = newest - (inputs[at] ?? 0);
    if (frame >= 0) take(frame, inputs.subarray(at + 1, at + size));
  }
}
