import { MultitapError } from "../errors.ts";
import { SNAPSHOT_BYTES_MAX, SNAPSHOT_PART_BYTES, SNAPSHOT_PARTS_MAX } from "./limits.ts";
import { type Bytes, formatBegin, formatCancel, formatPart, type ServerMessage } from "./wire.ts";

type Begin = Extract<ServerMessage, { type: "begin" }>;
type Part = Extract<ServerMessage, { type: "part" }>;

/** A snapshot as it was received. */
export interface Snapshot {
  readonly frame: number;
  readonly fromSeat: number;
  readonly bytes: Uint8Array;
}

/** Puts snapshots together as their parts arrive. */
export interface Download {
  begin(message: Begin): void;
  /** The snapshot, when this part was its last. */
  take(part: Part): Snapshot | null;
  /** The connection was cut: what is incomplete comes anew. */
  drop(): void;
}

/** Begins with nothing under way. */
export function createDownload(): Download {
  let running: { readonly begin: Begin; readonly bytes: Bytes; filled: number } | null = null;
  return {
    begin(begin) {
      running = { begin, bytes: new Uint8Array(begin.totalBytes), filled: 0 };
    },
    take({ id, offset, bytes }) {
      if (running === null || running.begin.id !== id) return null;
      // Parts come in order, without holes: anything else is no snapshot.
      if (offset !== running.filled || offset + bytes.length > running.bytes.length) {
        running = null;
        return null;
      }
      running.bytes.set(bytes, offset);
      running.filled += bytes.length;
      if (running.filled < running.bytes.length) return null;
      const { begin, bytes: whole } = running;
      running = null;
      return { frame: begin.frame, fromSeat: begin.seat, bytes: whole };
    },
    drop() {
      running = null;
    },
  };
}

/** What an upload needs of the room. */
export interface UploadParts {
  /** False while the room is not connected. */
  send(bytes: Uint8Array): boolean;
}

/** One snapshot on its way to the server. */
export interface UploadWork {
  readonly frame: number;
  /** The upload's own. */
  readonly bytes: Uint8Array;
  readonly isForEveryone: boolean;
  onProgress(sentBytes: number): void;
  /** Null: the server has it. */
  onEnd(error: MultitapError | null): void;
}

/** Sends snapshots, one at a time. */
export interface Upload {
  /** Bytes without an answer, which inputs do not wait for. */
  readonly unansweredBytes: number;
  /** @throws MultitapError when one is under way, or this one cannot be sent. */
  start(work: UploadWork): void;
  /** Begins again what was under way when the connection was cut. */
  restart(): void;
  onAck(id: number, receivedBytes: number): void;
  onResult(id: number, result: number): void;
  /** Gives up what is under way; its promise ends with the error. */
  cancel(error: MultitapError): void;
}

/** Why the server refuses an upload, by its number. */
const REFUSALS: Readonly<Record<number, readonly [kind: MultitapError["kind"], code: string]>> = {
  1: ["conflict", "NETPLAY_SNAPSHOT_RUNNING"],
  2: ["too_large", "NETPLAY_SNAPSHOT_TOO_LARGE"],
  3: ["unavailable", "NETPLAY_SNAPSHOT_REFUSED"],
  5: ["forbidden", "NETPLAY_NOT_OWNER"],
};

/** The error for a snapshot that cannot be sent. */
export function refusedSnapshot(result: number): MultitapError {
  const [kind, code] = REFUSALS[result] ?? ["protocol", "NETPLAY_SNAPSHOT_REFUSED"];
  return new MultitapError(kind, code, { message: "The snapshot was not sent" });
}

/** Begins with nothing under way. */
export function createUpload({ send }: UploadParts): Upload {
  let running: { readonly work: UploadWork; id: number; sent: number; answered: number } | null = null;
  let lastId = 0;

  const fill = () => {
    if (running === null) return;
    const { bytes } = running.work;
    while (
      running.sent < bytes.length &&
      running.sent - running.answered < SNAPSHOT_PARTS_MAX * SNAPSHOT_PART_BYTES
    ) {
      const part = bytes.subarray(running.sent, running.sent + SNAPSHOT_PART_BYTES);
      if (!send(formatPart(running.id, running.sent, part))) return;
      running.sent += part.length;
    }
  };
  const restart = () => {
    if (running === null) return;
    lastId = (lastId + 1) & 0xffff;
    Object.assign(running, { id: lastId, sent: 0, answered: 0 });
    const { frame, bytes, isForEveryone } = running.work;
    if (send(formatBegin({ id: lastId, frame, totalBytes: bytes.length, isForEveryone }))) fill();
  };
  const end = (error: MultitapError | null) => {
    const ended = running;
    running = null;
    ended?.work.onEnd(error);
  };
  return {
    get unansweredBytes() {
      return running === null ? 0 : running.sent - running.answered;
    },
    start(work) {
      if (running !== null) throw refusedSnapshot(1);
      if (work.bytes.length === 0 || work.bytes.length > SNAPSHOT_BYTES_MAX) throw refusedSnapshot(2);
      running = { work, id: lastId, sent: 0, answered: 0 };
      restart();
    },
    restart,
    onAck(id, receivedBytes) {
      if (running?.id !== id || receivedBytes > running.sent) return;
      running.answered = Math.max(running.answered, receivedBytes);
      running.work.onProgress(running.answered);
      fill();
    },
    onResult(id, result) {
      if (running?.id === id) end(result === 0 ? null : refusedSnapshot(result));
    },
    cancel(error) {
      if (running !== null) send(formatCancel(running.id));
      end(error);
    },
  };
}
