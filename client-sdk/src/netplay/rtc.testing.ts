/** Peer connections for tests, in memory: who may reach whom, how long it takes and what is lost is the test's to say. */
import type { Environment } from "../environment.ts";

/** One network that all connections of a test share. */
export interface FakeNetwork {
  /** Fits the `RTCPeerConnection` option. */
  readonly PeerConnection: new () => unknown;
  readonly made: readonly object[];
  /** Nothing gets through, and nobody is told. */
  isSilent: boolean;
  /** Every attempt fails at once. */
  isRefusing: boolean;
  /** Decides for each packet. */
  isLost: (from: number) => boolean;
  delayMs: number;
  /** What the chosen candidates are. */
  candidateType: "host" | "relay";
  /** Configurations of all that were made. */
  readonly configurations: unknown[];
  /** Packets that got through. */
  delivered: number;
}

interface Side {
  readonly index: number;
  partner: Side | null;
  isOpen: boolean;
  candidates: number;
  channel: FakeChannel;
  open(): void;
  close(): void;
}

interface FakeChannel {
  readyState: string;
  bufferedAmount: number;
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(bytes: Uint8Array): void;
}

/** Makes a network on which everything gets through at once. */
export function createFakeNetwork(environment: Environment): FakeNetwork {
  const made: (object & Side)[] = [];
  const network = {
    made,
    isSilent: false,
    isRefusing: false,
    isLost: (_from: number) => false,
    delayMs: 5,
    candidateType: "host" as "host" | "relay",
    configurations: [] as unknown[],
    delivered: 0,
  };
  const find = (sdp: string) => {
    const side = made[Number(/^side (\d+)$/.exec(sdp)?.[1])];
    if (side === undefined) throw new TypeError("no description of this network");
    return side;
  };
  return Object.assign(network, { PeerConnection: connectionClass({ environment, network, made, find }) });
}

interface Parts {
  readonly environment: Environment;
  readonly network: Omit<FakeNetwork, "PeerConnection">;
  readonly made: (object & Side)[];
  find(sdp: string): Side;
}

function connectionClass(parts: Parts): FakeNetwork["PeerConnection"] {
  return class extends Connection {
    constructor(configuration?: unknown) {
      super(parts, configuration);
    }
  };
}

class Connection implements Side {
  readonly index: number;
  partner: Side | null = null;
  isOpen = false;
  candidates = 0;
  connectionState = "new";
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  readonly channel: FakeChannel = {
    readyState: "connecting",
    bufferedAmount: 0,
    onopen: null,
    onclose: null,
    onmessage: null,
    send: (bytes) => this.deliver(Uint8Array.from(bytes)),
  };

  constructor(
    private readonly parts: Parts,
    configuration: unknown,
  ) {
    this.index = parts.made.push(this) - 1;
    parts.network.configurations.push(configuration);
  }

  createDataChannel(_label: string, options: object) {
    if (JSON.stringify(options) !== '{"negotiated":true,"id":0,"ordered":false,"maxRetransmits":0}')
      throw new TypeError("not the channel that both sides agreed on");
    return this.channel;
  }

  async createOffer() {
    if (this.parts.network.isRefusing) throw new TypeError("no offers here");
    return { type: "offer", sdp: `side ${this.index}` };
  }

  async createAnswer() {
    return { type: "answer", sdp: `side ${this.index}` };
  }

  async setLocalDescription() {
    this.onicecandidate?.({ candidate: { candidate: `of ${this.index}` } });
    this.onicecandidate?.({ candidate: null });
  }

  async setRemoteDescription({ sdp }: { sdp: string }) {
    this.partner = this.parts.find(sdp);
    this.tryOpen();
  }

  async addIceCandidate() {
    if (this.partner === null) throw new TypeError("a candidate before its description");
    this.candidates += 1;
    this.tryOpen();
  }

  async getStats() {
    const { candidateType } = this.parts.network;
    return new Map<string, object>([
      ["T", { id: "T", type: "transport", selectedCandidatePairId: "P" }],
      ["P", { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" }],
      ["L", { id: "L", type: "local-candidate", candidateType: "host" }],
      ["R", { id: "R", type: "remote-candidate", candidateType }],
    ]);
  }

  tryOpen() {
    const { partner } = this;
    const { environment, network } = this.parts;
    if (network.isSilent || partner?.partner !== this || this.candidates + partner.candidates < 2) return;
    environment.startTimer(() => {
      partner.open();
      this.open();
    }, network.delayMs);
  }

  open() {
    if (this.isOpen || this.channel.readyState === "closed") return;
    this.isOpen = true;
    this.channel.readyState = "open";
    this.channel.onopen?.();
  }

  deliver(bytes: Uint8Array<ArrayBuffer>) {
    const { partner } = this;
    const { environment, network } = this.parts;
    if (this.channel.readyState !== "open") throw new TypeError("the channel is not open");
    if (network.isSilent || network.isLost(this.index)) return;
    environment.startTimer(() => {
      if (partner?.channel.readyState !== "open") return;
      network.delivered += 1;
      partner.channel.onmessage?.({ data: bytes.buffer });
    }, network.delayMs);
  }

  close() {
    this.channel.readyState = "closed";
    this.connectionState = "closed";
  }
}
