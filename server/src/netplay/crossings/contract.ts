import type { Player, Refusal, RoomAsk, Signal, Who } from "../rooms/contract.ts";
import type { Effect } from "../rooms/rules.ts";

/** What processes tell each other about a room that is open in one of them, its home. */
export type CrossingItem =
  | {
      readonly kind: "join";
      readonly ref: number;
      readonly socketId: string;
      readonly who: Who;
      readonly ask: RoomAsk;
      /** The hash that the password was right for; null for a room without one. */
      readonly passwordHash: string | null;
    }
  | {
      readonly kind: "answer";
      readonly ref: number;
      readonly refusal: Refusal | null;
      readonly players: readonly Player[];
    }
  | { readonly kind: "left" | "gone"; readonly socketId: string }
  | { readonly kind: "signal"; readonly socketId: string; readonly signal: Signal }
  /** This process ends: nobody is in its rooms any more, and none of its sockets in those of others. */
  | { readonly kind: "closing" }
  /** What the home decided for sockets of the other process. */
  | { readonly kind: "effect"; readonly effect: Effect }
  /** A passed event; attachments as base64. */
  | {
      readonly kind: "frames";
      readonly roomId: string;
      readonly socketId: string;
      readonly name: string;
      readonly text: string;
      readonly attachments: readonly string[];
    };

/** A passed event, as it goes over websockets. */
export interface CrossingPacket {
  readonly channel: string;
  readonly peerId: string;
  readonly name: string;
  readonly frames: readonly [text: string, ...attachments: Uint8Array[]];
}
