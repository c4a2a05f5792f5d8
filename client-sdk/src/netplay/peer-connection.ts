import type { IceServer, Path } from "./types.ts";

/** The parts of a data channel that are used; typings of browsers and of packages differ in the rest. */
export interface Channel {
  binaryType: string;
  readonly readyState: string;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  send(bytes: Uint8Array): void;
}

/** A description of one side. */
export interface Description {
  readonly type: "offer" | "answer";
  readonly sdp?: string;
}

/** One row of the statistics. */
export interface StatsRow {
  readonly id: string;
  readonly type: string;
  readonly selectedCandidatePairId?: string;
  readonly selected?: boolean;
  readonly nominated?: boolean;
  readonly state?: string;
  readonly localCandidateId?: string;
  readonly remoteCandidateId?: string;
  readonly candidateType?: string;
}

/** The parts of a peer connection that are used. */
export interface PeerConnection {
  readonly connectionState: string;
  onicecandidate: ((event: { readonly candidate: object | null }) => void) | null;
  onconnectionstatechange: (() => void) | null;
  createDataChannel(label: string, options: object): Channel;
  createOffer(): Promise<Description>;
  createAnswer(): Promise<Description>;
  setLocalDescription(description: Description): Promise<void>;
  setRemoteDescription(description: Description): Promise<void>;
  addIceCandidate(candidate: object): Promise<void>;
  getStats(): Promise<{ forEach(take: (row: StatsRow) => void): void }>;
  close(): void;
}

/** Makes peer connections. */
export type PeerConnectionClass = new (configuration: { iceServers: readonly IceServer[] }) => PeerConnection;

/** Opens the one channel of a path, the same on both sides: inputs that come late are of no use. */
export function openChannel(connection: PeerConnection): Channel {
  const options = { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 };
  const channel = connection.createDataChannel("inputs", options);
  channel.binaryType = "arraybuffer";
  return channel;
}

/** Whether the candidates that are in use lead through a TURN server. */
export async function readPath(connection: PeerConnection): Promise<Exclude<Path, "relay">> {
  const rows = new Map<string, StatsRow>();
  (await connection.getStats()).forEach((row) => {
    rows.set(row.id, row);
  });
  const all = [...rows.values()];
  // The specification's way, then that of browsers without it.
  const chosenId = all.find(({ type }) => type === "transport")?.selectedCandidatePairId;
  const pair =
    rows.get(chosenId ?? "") ??
    all.find(({ type, selected, nominated, state }) => {
      return type === "candidate-pair" && (selected ?? (nominated && state === "succeeded"));
    });
  const ends = [pair?.localCandidateId, pair?.remoteCandidateId];
  return ends.some((id) => rows.get(id ?? "")?.candidateType === "relay") ? "turn" : "direct";
}
