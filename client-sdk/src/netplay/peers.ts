import type { Environment } from "../environment.ts";
import type { InputWindow } from "./inputs.ts";
import { eachPacketInput, formatPacket, readPacket } from "./packets.ts";
import { createPeer, type Peer } from "./peer.ts";
import type { PeerConnection } from "./peer-connection.ts";
import { formatSignalJson, readSignal, type Signal } from "./signals.ts";
import type { Path, Player } from "./types.ts";
import { formatSignal } from "./wire.ts";

/** What the direct paths of a room are made of. */
export interface PeersParts {
  readonly environment: Environment;
  connect(): Promise<PeerConnection>;
  readonly me: { readonly playerId: string; readonly seat: number };
  readonly window: InputWindow;
  send(bytes: Uint8Array): boolean;
  onInput(seat: number, frame: number, bytes: Uint8Array): void;
  onPath(change: { readonly playerId: string; readonly from: Path; readonly to: Path }): void;
}

/** The direct paths of a room, one for each other player. */
export interface Peers {
  /** Players came or went. */
  update(players: readonly Player[]): void;
  find(playerId: string): Peer | null;
  /** Whether every other player that is there gets inputs without the relay. */
  areAllSole(): boolean;
  /** Sends the newest own inputs on all of them. */
  push(): void;
  onSignal(from: number, bytes: Uint8Array): void;
  close(): void;
}

/** Begins without any. */
export function createPeers(parts: PeersParts): Peers {
  const { connect, me, window } = parts;
  const peers = new Map<string, Peer>();
  let others: readonly Player[] = [];
  const signalTo = (playerId: string) => (signal: Signal) =>
    parts.send(formatSignal(Number(playerId), formatSignalJson(signal)));
  const open = ({ playerId, seat }: Player) =>
    createPeer({
      environment: parts.environment,
      isOfferer: Number(me.playerId) < Number(playerId),
      connect,
      signal: signalTo(playerId),
      pack: (head) => formatPacket({ ...head, seat: me.seat }, window),
      unpack(bytes) {
        const packet = readPacket(bytes, window.inputBytes);
        // Nobody plays for another.
        return packet?.seat === seat ? packet : null;
      },
      onPacket: (packet) =>
        eachPacketInput(packet, window.inputBytes, (frame, bytes) => parts.onInput(seat, frame, bytes)),
      onPath: (to, from) => parts.onPath({ playerId, from, to }),
    });
  return {
    update(players) {
      others = players.filter(({ isMe }) => !isMe);
      for (const [playerId, peer] of peers) {
        if (others.some((player) => player.playerId === playerId)) continue;
        peers.delete(playerId);
        peer.close();
      }
      for (const player of others) {
        if (player.isConnected && !peers.has(player.playerId)) peers.set(player.playerId, open(player));
      }
    },
    find: (playerId) => peers.get(playerId) ?? null,
    areAllSole() {
      const present = others.filter(({ isConnected }) => isConnected);
      return present.length > 0 && present.every(({ playerId }) => peers.get(playerId)?.isSole() === true);
    },
    push() {
      for (const peer of peers.values()) peer.push();
    },
    onSignal(from, bytes) {
      const signal = readSignal(bytes);
      if (signal !== null) peers.get(String(from))?.onSignal(signal);
    },
    close() {
      for (const peer of peers.values()) peer.close();
      peers.clear();
    },
  };
}
